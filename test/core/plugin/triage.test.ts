import { describe, expect, it } from "vitest";
import { T0 } from "../../builders/heartbeat.ts";
import { aProbe, aShopThatIsDown } from "../../builders/site-probe.ts";
import { PluginStory } from "./story.ts";

const STORM = { storm: true, explanation: "900 of 1000 plugins are silent" };

/** A shop that beat, and then missed its deadline. */
function aSilentShop(siteUrl: string | null = "https://shop.molam.shop/"): PluginStory {
  const story = new PluginStory();
  story.state.siteUrl = siteUrl;
  story.beat(1).beat(120);
  return story.pass(story.state.askedS + 46);
}

function kinds(story: PluginStory): string[] {
  return story.rows("event").map((row) => row.kind);
}

describe("a missed heartbeat", () => {
  it("opens its incident first, detected at its deadline however late the alarm is, and is triaged afterwards", () => {
    const story = new PluginStory().beat(1).beat(120);
    const lastBeat = story.now;
    const deadline = lastBeat + (story.state.askedS + 45) * 1000;
    story.wait(600).apply({ type: "tick" });
    expect(story.incident).toMatchObject({
      type: "heartbeat_missed",
      status: "open",
      onset_at: new Date(lastBeat).toISOString(),
      detected_at: new Date(deadline).toISOString(),
    });
    expect(story.state.work).toEqual([
      { id: "w1", kind: "triage", incidentId: story.incident.id, tries: 0, notBefore: story.now + 45_000 },
    ]);
    expect(story.notified()).toEqual([]);
  });

  it("is one row, however many beats are missed", () => {
    const story = aSilentShop().triage(aProbe()).decide({ action: "escalate" }, null);
    const rows = story.outbox.length;
    for (let i = 0; i < 3 * 24 * 60; i++) story.pass(60).apply({ type: "tick" });
    expect(story.incidents).toHaveLength(1);
    const later = story.outbox
      .slice(rows)
      .flatMap((message) => (message.to === "ledger" ? [message.record.kind] : []));
    expect(new Set(later)).toEqual(new Set(["plugin"]));
  });

  it.each(["resolve", "dismiss"] as const)(
    "is not opened again when a person %ss it, until it beats",
    (action) => {
      const story = aSilentShop().triage(aShopThatIsDown()).triage(aShopThatIsDown());
      story.act("ada", { action, reason: "the merchant closed for good" });
      const rows = story.rows("incident").length;
      story.pass(7 * 86_400).apply({ type: "tick" });
      expect(story.incidents).toEqual([]);
      expect(story.rows("incident")).toHaveLength(rows);
      expect(story.rows("plugin").at(-1)).toMatchObject({ status: "silent", open_incidents: 0 });
      story.beat(10).pass(3600);
      expect(story.incident).toMatchObject({ type: "heartbeat_missed", status: "open" });
    },
  );

  it("opens nothing after a goodbye", () => {
    const story = new PluginStory().beat(1).beat(120, {}, { state: "goodbye" }).pass(86_400);
    expect(story.incidents).toEqual([]);
  });
});

describe("the triage of a silence", () => {
  it("sends a silent plugin in a shop that answers to the decision", () => {
    const story = aSilentShop().triage(aProbe());
    expect(story.incident).toMatchObject({ status: "open", cause: "plugin_silent" });
    expect(story.state.work.map(({ kind }) => kind)).toContain("decide");
    expect(story.notified()).toEqual(["incident_detected"]);
    expect(story.rows("event").at(-1)).toMatchObject({
      kind: "triaged",
      data: { cause: "plugin_silent", storm: false, looks: 1, probe: aProbe() },
    });
  });

  it("looks twice before it calls a shop down, then tells a person without waking them", () => {
    const story = aSilentShop().triage(aShopThatIsDown());
    expect([story.incident.status, story.incident.cause ?? null]).toEqual(["open", null]);
    expect(story.notified()).toEqual([]);
    story.triage(aShopThatIsDown());
    expect(story.incident).toMatchObject({ status: "escalated", cause: "shop_down" });
    expect(story.rows("notification")).toMatchObject([{ kind: "escalated", urgency: "notice" }]);
    expect(story.rows("notification")[0]?.text).toContain("The shop itself is down");
    expect(kinds(story)).toEqual(["detected", "probed", "triaged", "escalated"]);
    expect(story.state.work).toMatchObject([{ kind: "triage", notBefore: story.now + 300_000 }]);
    expect(story.rows("attempt")).toEqual([]);
  });

  describe("a shop that is down", () => {
    const down = () => aSilentShop().triage(aShopThatIsDown()).triage(aShopThatIsDown());
    const waitS = (story: PluginStory) => ((story.state.work[0]?.notBefore ?? 0) - story.now) / 1000;

    it("is looked at again by itself, ever more rarely, and told of once", () => {
      const story = down();
      const waits = [];
      for (let i = 0; i < 6; i++) {
        waits.push(waitS(story));
        story.triage(aShopThatIsDown());
      }
      expect(waits).toEqual([300, 600, 1200, 2400, 3600, 3600]);
      expect(story.rows("notification")).toHaveLength(1);
      expect(story.incident).toMatchObject({ status: "escalated", cause: "shop_down" });
    });

    it("is left alone after three days", () => {
      const story = down();
      for (let i = 0; i < 200 && story.state.work.length > 0; i++) story.triage(aShopThatIsDown());
      expect(story.state.work).toEqual([]);
      expect(story.now - T0).toBeGreaterThan(2.5 * 86_400_000);
      expect(story.now - T0).toBeLessThan(4 * 86_400_000);
    });

    it("and answers again while its plugin stays dead is decided on, without anybody's asking", () => {
      const story = down()
        .triage(aShopThatIsDown())
        .triage(aProbe({ http_status: 200 }));
      expect(story.incident).toMatchObject({ status: "open", cause: "plugin_silent" });
      expect(story.work("decide")).not.toBe("");
    });

    it("is not called unknown because nobody could look this time", () => {
      const story = down().triage(aProbe({ status: "unknown", reason: "budget" }));
      expect(story.incident).toMatchObject({ status: "escalated", cause: "shop_down" });
      for (let i = 0; i < 6; i++) {
        const work = story.work("triage");
        story.now = Math.max(story.now, story.state.work[0]?.notBefore ?? 0);
        story.apply({ type: "work_failed", workId: work, why: "away", final: false });
      }
      expect(story.incident).toMatchObject({ status: "escalated", cause: "shop_down" });
      expect(story.rows("notification")).toHaveLength(1);
      expect(story.work("triage")).not.toBe("");
    });
  });

  it("believes a second look that finds the shop up", () => {
    const story = aSilentShop()
      .triage(aShopThatIsDown())
      .triage(aProbe({ http_status: 403 }));
    expect(story.incident.cause).toBe("plugin_silent");
    expect(story.state.work.map(({ kind }) => kind)).toContain("decide");
  });

  it.each([
    ["a shop without an address", null, [null]],
    ["a fleet that may not look any more", "https://shop.molam.shop/", ["budget", "budget"]],
    ["an address that may not be called", "http://10.0.0.1/", ["refused_address"]],
  ] as const)("gives %s to a person as unknown, and heals nothing", (_, siteUrl, looks) => {
    const story = aSilentShop(siteUrl);
    for (const reason of looks)
      story.triage(reason === null ? null : aProbe({ status: "unknown", reason, http_status: null }));
    expect(story.incident).toMatchObject({ status: "escalated", cause: "unknown" });
    expect(story.rows("notification")).toMatchObject([{ kind: "escalated", urgency: "page" }]);
    expect(story.state.work).toEqual([]);
  });

  it("gives up after its tries, and calls a person", () => {
    const story = aSilentShop();
    for (let i = 0; i < 6; i++)
      story.apply({
        type: "work_failed",
        workId: story.work("triage"),
        why: "the fleet is away",
        final: false,
      });
    expect(story.incident).toMatchObject({ status: "escalated", cause: "unknown" });
    expect(story.state.work).toEqual([]);
  });

  it("is asked anew when a person retries", () => {
    const story = aSilentShop().triage(aShopThatIsDown()).triage(aShopThatIsDown());
    story.act("ada", { action: "retry", reason: "the host says it is back" });
    expect(story.state.work).toMatchObject([{ kind: "triage" }]);
    story.triage(aShopThatIsDown());
    expect(story.state.work.map(({ kind }) => kind)).toContain("triage");
    story.triage(aProbe());
    expect(story.incident.cause).toBe("plugin_silent");
  });

  it("changes nothing when the plugin beat before the answer came", () => {
    const story = aSilentShop();
    const workId = story.work("triage");
    story.beat(5);
    expect(story.lastIncident).toMatchObject({ status: "resolved" });
    const sent = story.outbox.length;
    story.apply({ type: "triaged", workId, facts: { guard: story.facts().guard, probe: aProbe() } });
    expect(story.outbox).toHaveLength(sent);
  });
});

describe("a silence in a storm", () => {
  it("is unknown: no decision, no notification, one line for the whole storm, looked at again about every minute", () => {
    const story = aSilentShop().triage(null, STORM);
    expect(story.incident).toMatchObject({ status: "unknown", cause: "ingest" });
    for (let i = 0; i < 30; i++) {
      const before = story.now;
      story.triage(null, STORM);
      expect(story.now - before).toBeGreaterThanOrEqual(60_000);
      expect(story.now - before).toBeLessThanOrEqual(72_000);
    }
    expect(kinds(story)).toEqual(["detected", "triaged"]);
    expect(story.notified()).toEqual([]);
    expect(story.rows("incident")).toHaveLength(2);
  });

  it("resolves by itself when the plugin beats", () => {
    const story = aSilentShop().triage(null, STORM).beat(200);
    expect(story.incidents).toEqual([]);
    expect(story.lastIncident).toMatchObject({ status: "resolved", cause: "ingest" });
    expect(story.notified()).toEqual([]);
  });

  it("is triaged as any other once the storm is over and it is still silent", () => {
    const story = aSilentShop().triage(null, STORM).triage(aShopThatIsDown());
    expect(story.incident).toMatchObject({ status: "open", cause: null });
    story.triage(aProbe());
    expect(story.incident).toMatchObject({ status: "open", cause: "plugin_silent" });
    expect(story.state.work.map(({ kind }) => kind)).toContain("decide");
  });

  it("stays with the person who took it", () => {
    const story = aSilentShop().triage(null, STORM);
    story.act("ada", { action: "escalate", reason: "I know this one" });
    expect(story.incident.status).toBe("escalated");
    expect(story.state.work).toEqual([]);
  });

  it("asks for slower beats while it lasts, and for the ordinary ones afterwards", () => {
    const story = aSilentShop().triage(null, STORM).beat(10);
    expect(story.state.askedS).toBeGreaterThanOrEqual(216);
    expect(story.state.askedS).toBeLessThanOrEqual(264);
    story.beat(200).beat(200);
    expect(story.state.askedS).toBeGreaterThanOrEqual(108);
    expect(story.state.askedS).toBeLessThanOrEqual(132);
  });
});
