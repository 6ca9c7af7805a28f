import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigPayload } from "../../src/contract/command.ts";
import { aClient, type ClientUnderTest } from "./support/a-client.ts";
import { attemptId, ControlPlane, commandId } from "./support/control-plane.ts";
import { MemoryHost } from "./support/memory-host.ts";
import { aRelease } from "./support/publishers.ts";
import { TestPlatform } from "./support/test-platform.ts";

let plane: ControlPlane;
let clients: ClientUnderTest[] = [];

beforeEach(async () => {
  plane = await new ControlPlane().start();
});
afterEach(async () => {
  for (const { client } of clients) await client.stop({ goodbye: false });
  clients = [];
  await plane.stop();
  expect(plane.problems).toEqual([]);
});

const FORMER = { timeout_ms: 3000 };
const SET = { timeout_ms: 9000, pool: false };

function aShop(host = new MemoryHost(), platform = new TestPlatform()) {
  if (host.disk.mark === null && Object.keys(host.disk.settings).length === 0)
    host.disk.settings = { ...FORMER };
  const shop = aClient(plane, { host, platform });
  clients.push(shop);
  return { ...shop, host };
}

/** A shop with settings on probation for a minute. */
async function onProbation() {
  const shop = aShop();
  const id = plane.offer("config", { attempt_id: attemptId(1), set: SET, commit_within_s: 60 });
  await shop.client.start();
  await shop.event("probation");
  await untilReports(1);
  return { ...shop, id };
}

const restoreOf = (id: string) => ({ attempt_id: attemptId(1), set: {}, restore: id });
const reported = () => plane.reports.map(({ kind, command_id, says }) => [kind, command_id, says]);
const untilReports = (n: number) => plane.until(`${n} reports`, () => plane.reports.length >= n);

describe("settings on probation", () => {
  it("are acknowledged as provisional, and beaten with probes like an update", async () => {
    const { id, host } = await onProbation();
    expect(JSON.parse(plane.reports[0]?.raw ?? "").data.result).toEqual({
      version: "1.2.2",
      details: { provisional: true, before_webhook: true },
    });
    expect(host.disk.settings).toEqual(SET);
    await plane.until("a beat on probation", () => plane.beats.at(-1)?.state === "probation");
    expect(plane.beats.at(-1)).toMatchObject({
      version: "1.2.2",
      probes: [{ name: "webhook", ok: true }],
      last_command: { id, outcome: "applied" },
    });
  });

  it("are final once they are committed", async () => {
    const { client, event, host, id, platform } = await onProbation();
    plane.commit = plane.signedCommit(id, "1.2.2");
    await client.beatNow();
    await event("committed");
    await platform.advance(600_000);
    expect(host.disk.settings).toEqual(SET);
    expect(host.log).not.toContain("prune 1.2.2");
  });

  it("are taken back without any network when no commit comes by the deadline", async () => {
    const { event, host, id, platform } = await onProbation();
    platform.online = false;
    await platform.advance(60_000);
    await event("restored");
    expect(host.disk.settings).toEqual(FORMER);
    expect(host.running).toBe("1.2.2");
    platform.online = true;
    await platform.passUntil("the report", () => plane.reports.length === 2);
    expect(reported()[1]).toEqual(["fail", id, "restored"]);
  });

  it("are taken back by a client that was away at the deadline", async () => {
    const first = await onProbation();
    await first.client.stop({ goodbye: false });
    plane.commands = [];
    first.platform.setClock(first.platform.now() + 61_000);
    const second = aShop(new MemoryHost(first.host.disk), first.platform);
    await second.client.start();
    await untilReports(2);
    expect(reported()[1]).toEqual(["fail", first.id, "restored"]);
    expect(second.host.disk.settings).toEqual(FORMER);
  });

  it("go on being watched by a client that was restarted in time", async () => {
    const first = await onProbation();
    await first.client.stop({ goodbye: false });
    plane.commands = [];
    const second = aShop(new MemoryHost(first.host.disk), first.platform);
    await second.client.start();
    await second.event("probation");
    await second.platform.advance(60_000);
    await second.event("restored");
    expect(second.host.disk.settings).toEqual(FORMER);
  });

  it("that keep the plugin from booting are taken back at once", async () => {
    const { client, host, event } = aShop();
    await client.start();
    host.settingsBreakBoot = true;
    const id = plane.offer("config", { attempt_id: attemptId(1), set: SET, commit_within_s: 60 });
    await client.beatNow();
    await event("restored");
    await untilReports(1);
    expect(reported()).toEqual([["fail", id, "config_failed"]]);
    expect(host.disk.settings).toEqual(FORMER);
    expect(host.running).toBe("1.2.2");
  });

  it("that were never written leave those of the command before alone", async () => {
    const { client, host, event } = aShop();
    host.disk.settings = { a: 2 };
    host.disk.previous = { a: 1 };
    host.disk.mark = commandId(1);
    host.faults.set("settings", new Error("ENOSPC"));
    plane.offer(
      "config",
      { attempt_id: attemptId(1), set: SET, commit_within_s: 60 },
      { number: 5, id: commandId(5) },
    );
    await client.start();
    await event("restored");
    await untilReports(1);
    expect(reported()).toEqual([["fail", commandId(5), "config_failed"]]);
    expect(host.disk).toMatchObject({ settings: { a: 2 }, mark: commandId(1) });
  });

  it("let no other change begin", async () => {
    const { client } = await onProbation();
    const update = plane.offerUpdate(aRelease("1.2.3"));
    const config = plane.offer("config", { attempt_id: attemptId(1), set: { a: 1 } });
    const rollback = plane.offer("rollback", { attempt_id: attemptId(1), to_version: "1.2.1", reason: "x" });
    await client.beatNow();
    await untilReports(4);
    expect(reported().slice(1)).toEqual([
      ["fail", update, "busy"],
      ["fail", config, "busy"],
      ["fail", rollback, "busy"],
    ]);
  });
});

describe("the order to take settings back", () => {
  it("puts the former ones back while they are on probation", async () => {
    const { client, host, id, platform } = await onProbation();
    const back = plane.offer("config", restoreOf(id));
    await client.beatNow();
    await untilReports(2);
    expect(reported()[1]).toEqual(["ack", back, "1.2.2"]);
    expect(host.disk.settings).toEqual(FORMER);
    await plane.until("a beat out of probation", () => plane.beats.at(-1)?.state === "running");
    expect(plane.beats.at(-1)?.last_command).toEqual({ id: back, outcome: "rolled_back" });
    await platform.advance(120_000);
    expect(plane.reports).toHaveLength(2);
  });

  it("puts the former ones back after they were committed, once", async () => {
    const { client, event, host, id } = await onProbation();
    plane.commit = plane.signedCommit(id, "1.2.2");
    await client.beatNow();
    await event("committed");
    plane.offer("config", restoreOf(id));
    await client.beatNow();
    await untilReports(2);
    plane.offer("config", restoreOf(id));
    await client.beatNow();
    await untilReports(3);
    expect(reported().map(([kind]) => kind)).toEqual(["ack", "ack", "ack"]);
    expect(host.disk.settings).toEqual(FORMER);
  });

  it("is refused when the settings were changed again since", async () => {
    const { client, event, host, id } = await onProbation();
    plane.commit = plane.signedCommit(id, "1.2.2");
    await client.beatNow();
    await event("committed");
    host.disk.mark = commandId(99);
    const back = plane.offer("config", restoreOf(id));
    await client.beatNow();
    await untilReports(2);
    expect(reported()[1]).toEqual(["fail", back, "config_failed"]);
    expect(host.disk.settings).toEqual(SET);
  });

  it("is finished by the next process when the client died in the middle of it", async () => {
    const { client, host, id, platform } = await onProbation();
    await client.stop({ goodbye: false });
    plane.commands = [];
    const journal = JSON.parse(host.disk.journal ?? "");
    host.disk.journal = JSON.stringify({
      ...journal,
      probation: null,
      last_number: 2,
      in_hand: { id: commandId(2), type: "config" },
      rollback: { command_id: commandId(2), from: "1.2.2", to: "1.2.2", restores: true, settings: id },
    });
    const next = aShop(new MemoryHost(host.disk), platform);
    await next.client.start();
    await untilReports(2);
    expect(reported()[1]).toEqual(["ack", commandId(2), "1.2.2"]);
    expect(next.host.disk.settings).toEqual(FORMER);
  });
});

describe("the payload of a config command", () => {
  it.each([
    ["settings", { set: SET }, true],
    ["settings until a commit", { set: SET, commit_within_s: 60 }, true],
    ["nothing", { set: {} }, false],
    ["a command to take back", { set: {}, restore: commandId(1) }, true],
    ["settings and a command to take back", { set: SET, restore: commandId(1) }, false],
  ])("with %s", (_, payload, fits) => {
    expect(ConfigPayload.safeParse({ attempt_id: attemptId(1), ...payload }).success).toBe(fits);
  });
});
