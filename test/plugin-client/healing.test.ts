import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AckEnvelope } from "../../src/contract/envelope.ts";
import { aClient, type ClientUnderTest } from "./support/a-client.ts";
import { attemptId, ControlPlane, commandId, OTHER_PLUGIN_ID } from "./support/control-plane.ts";
import { aDisk, MemoryHost } from "./support/memory-host.ts";
import { aRelease, signRelease } from "./support/publishers.ts";
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

function aShop(host = new MemoryHost(), platform = new TestPlatform()) {
  const shop = aClient(plane, { host, platform });
  clients.push(shop);
  return { ...shop, host };
}

const reported = () => plane.reports.map(({ kind, command_id, says }) => [kind, command_id, says]);
const untilReports = (n: number) => plane.until(`${n} reports`, () => plane.reports.length >= n);

describe("update", () => {
  it("tells with its acknowledgement what the probes said just before the switch", async () => {
    const shop = new MemoryHost();
    shop.probes = [
      { name: "checkout", ok: false, ms: 9 },
      { name: "w".repeat(64), ok: true, ms: 4 },
    ];
    const { client } = aShop(shop);
    plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    await untilReports(1);
    const { data } = AckEnvelope.parse(JSON.parse(plane.reports[0]?.raw ?? ""));
    expect(data.result).toEqual({
      version: "1.2.3",
      details: { provisional: true, before_checkout: false, [`before_${"w".repeat(57)}`]: true },
    });
  });

  it("is applied into probation, acknowledged, beaten every 15 s and made final by the commit", async () => {
    const { client, host, platform, event } = aShop();
    const id = plane.offerUpdate(aRelease("1.2.3"));
    plane.nextHeartbeatS = 15;
    await client.start();
    await untilReports(1);
    expect(reported()).toEqual([["ack", id, "1.2.3"]]);
    await plane.until("a beat on probation", () => plane.beats.at(-1)?.state === "probation");
    expect(plane.beats.at(-1)).toMatchObject({
      version: "1.2.3",
      probes: [{ name: "webhook", ok: true, ms: 4 }],
      last_command: { id, outcome: "applied" },
    });
    expect(host.log.filter((call) => call !== "probe")).toEqual([
      "start 1.2.2",
      "stage 1.2.3",
      "snapshot 1.2.2",
      "switch 1.2.3",
      "start 1.2.3",
    ]);
    const beats = plane.beats.length;
    await platform.passUntil("a beat after 15 s", () => plane.beats.length > beats, 16_000);

    plane.commit = plane.signedCommit(id, "1.2.3");
    await client.beatNow();
    await event("committed");
    await plane.until("a beat out of probation", () => plane.beats.at(-1)?.state === "running");
    expect(plane.beats.at(-1)).toMatchObject({
      version: "1.2.3",
      last_command: { id, outcome: "committed" },
    });

    await platform.advance(600_000);
    expect(host.disk.current).toBe("1.2.3");
    expect(plane.reports).toHaveLength(1);
  });

  it("restores the snapshot when no commit comes by the deadline, without any network", async () => {
    const { client, host, platform, event } = aShop();
    const id = plane.offerUpdate(aRelease("1.2.3"), { commit_within_s: 60 });
    await client.start();
    await event("probation");
    await untilReports(1);
    platform.online = false;
    await platform.advance(60_000);
    await event("restored");
    expect(host.disk.current).toBe("1.2.2");
    expect(host.running).toBe("1.2.2");
    platform.online = true;
    await platform.passUntil(
      "the news in a beat",
      () => plane.beats.at(-1)?.last_command?.outcome === "restored",
    );
    await platform.passUntil("the report", () => plane.reports.length === 2);
    expect(reported()[1]).toEqual(["fail", id, "restored"]);
    expect(plane.beats.at(-1)).toMatchObject({ version: "1.2.2", state: "running" });
  });

  it("restores the snapshot at start when the deadline passed while the client was down", async () => {
    const host = new MemoryHost();
    const first = aShop(host);
    const id = plane.offerUpdate(aRelease("1.2.3"));
    await first.client.start();
    await first.event("probation");
    await untilReports(1);
    await first.client.stop({ goodbye: false });

    const platform = new TestPlatform();
    platform.setClock(first.platform.now() + 61_000);
    platform.online = false;
    const second = aShop(new MemoryHost(host.disk), platform);
    await second.client.start();
    await second.event("restored");
    expect(second.host.disk.current).toBe("1.2.2");
    expect(second.host.running).toBe("1.2.2");
    platform.online = true;
    await platform.passUntil("the report", () => plane.reports.length === 2);
    expect(reported()[1]).toEqual(["fail", id, "restored"]);
  });

  it("goes on with probation after a restart in time, counting from the switch", async () => {
    const host = new MemoryHost();
    const first = aShop(host);
    const id = plane.offerUpdate(aRelease("1.2.3"), { commit_within_s: 60 });
    await first.client.start();
    await first.event("probation");
    await untilReports(1);
    await first.client.stop({ goodbye: false });

    const platform = new TestPlatform();
    const switchedAt = first.platform.now();
    platform.setClock(switchedAt + 40_000);
    const second = aShop(new MemoryHost(host.disk), platform);
    await second.client.start();
    expect(plane.beats.at(-1)).toMatchObject({ state: "probation", version: "1.2.3" });
    await platform.passUntil("59 s", () => platform.now() >= switchedAt + 59_000, 19_000);
    expect(second.host.disk.current).toBe("1.2.3");
    await platform.passUntil("60 s", () => platform.now() >= switchedAt + 60_000, 2_000);
    await second.event("restored");
    await untilReports(2);
    expect(reported()[1]).toEqual(["fail", id, "restored"]);
  });

  it("restores the snapshot when the clock was set back before the switch", async () => {
    const host = new MemoryHost();
    const first = aShop(host);
    plane.offerUpdate(aRelease("1.2.3"));
    await first.client.start();
    await first.event("probation");
    await first.client.stop({ goodbye: false });
    const platform = new TestPlatform();
    platform.setClock(first.platform.now() - 86_400_000);
    platform.online = false;
    const second = aShop(new MemoryHost(host.disk), platform);
    await second.client.start();
    expect(second.host.disk.current).toBe("1.2.2");
  });

  it("restores the snapshot at once when the new version does not boot", async () => {
    const { client, host, event } = aShop();
    host.broken.add("1.2.5");
    const id = plane.offerUpdate(aRelease("1.2.5"));
    await client.start();
    await event("restored");
    await untilReports(1);
    expect(reported()).toEqual([["fail", id, "boot_failed"]]);
    expect(host.running).toBe("1.2.2");
    await plane.until("the news in a beat", () => plane.beats.at(-1)?.last_command?.outcome === "restored");
    expect(plane.beats.every((beat) => beat.version === "1.2.2" && beat.state === "running")).toBe(true);
  });

  it("restores the snapshot when the switch itself fails", async () => {
    const { client, host, event } = aShop();
    host.faults.set("switch", new Error("ENOSPC"));
    const id = plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    await event("restored");
    await untilReports(1);
    expect(reported()).toEqual([["fail", id, "internal"]]);
    expect(host.running).toBe("1.2.2");
  });

  it("tries the restoration again when it fails", async () => {
    const { client, host, platform, event } = aShop();
    plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    await event("probation");
    host.faults.set("restore", new Error("EIO"));
    await platform.advance(60_000);
    await event("problem");
    expect(host.disk.current).toBe("1.2.3");
    await platform.advance(5_000);
    await event("restored");
    expect(host.disk.current).toBe("1.2.2");
  });

  it("tries again soon when a version does not boot and the restoration fails too", async () => {
    const { client, host, platform, event } = aShop();
    host.broken.add("1.2.5");
    host.faults.set("restore", new Error("EIO"));
    const id = plane.offerUpdate(aRelease("1.2.5"), { commit_within_s: 3600 });
    await client.start();
    await event("problem");
    expect(plane.reports).toEqual([]);
    await platform.passUntil("the restoration", () => host.running === "1.2.2", 5_000);
    await untilReports(1);
    expect(reported()).toEqual([["fail", id, "boot_failed"]]);
  });

  it("says rollback_failed when the snapshot does not boot either", async () => {
    const { client, host, platform, event } = aShop();
    const id = plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    await event("probation");
    await event("report");
    host.broken.add("1.2.2");
    await platform.advance(60_000);
    await event("restored");
    await untilReports(2);
    expect(reported()[1]).toEqual(["fail", id, "rollback_failed"]);
    expect(host.disk.current).toBe("1.2.2");
  });

  it("is not begun when the journal cannot be written", async () => {
    const { client, host, event } = aShop();
    await client.start();
    plane.offerUpdate(aRelease("1.2.3"));
    host.writeJournal = async () => {
      throw new Error("ENOSPC");
    };
    await client.beatNow();
    await event("problem");
    expect(host.disk.current).toBe("1.2.2");
    expect(host.log).not.toContain("switch 1.2.3");
  });

  it("of the version that runs already is acknowledged without touching anything", async () => {
    const { client, host } = aShop();
    const id = plane.offerUpdate(aRelease("1.2.2"));
    await client.start();
    await untilReports(1);
    expect(reported()).toEqual([["ack", id, "1.2.2"]]);
    expect(host.log).toEqual(["start 1.2.2"]);
  });

  it("tries a download again after 503 and after a broken connection", async () => {
    const { client, platform, event } = aShop();
    plane.artifactMishaps.push({ status: 503, headers: { "retry-after": "3" } }, "lose");
    plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    for (let i = 0; i < 3; i++) {
      await plane.until(
        "a download",
        () => plane.requests.filter((r) => r.path.startsWith("/artifacts")).length > i,
      );
      if (i < 2) await platform.advance(5_000);
    }
    await event("probation");
  });

  const refusals: [string, string, () => object][] = [
    [
      "bad_release",
      "too few publishers signed",
      () => plane.updatePayload(aRelease("1.2.3", { signers: ["anna"] })),
    ],
    [
      "bad_release",
      "one publisher signed twice",
      () => plane.updatePayload(aRelease("1.2.3", { signers: ["anna", "anna"] })),
    ],
    [
      "bad_release",
      "the manifest was changed after signing",
      () => {
        const release = aRelease("1.2.3");
        release.signed.manifest = release.signed.manifest.replace("1.2.3", "1.2.4");
        return plane.updatePayload(release);
      },
    ],
    [
      "bad_release",
      "the product is another",
      () => plane.updatePayload(aRelease("1.2.3", { manifest: { product: "other-shop" } })),
    ],
    [
      "bad_release",
      "the manifest has expired",
      () => plane.updatePayload(aRelease("1.2.3", { manifest: { expires: "2020-01-01T00:00:00Z" } })),
    ],
    [
      "bad_release",
      "the signed manifest is malformed",
      () => {
        const release = aRelease("1.2.3");
        return plane.updatePayload({ ...release, signed: signRelease('{"spec":"vigie.release/1"}') });
      },
    ],
    [
      "min_from",
      "the shop is too old",
      () => plane.updatePayload(aRelease("1.2.3", { manifest: { min_from: "1.2.3" } })),
    ],
    ["downgrade", "the release is older", () => plane.updatePayload(aRelease("1.2.1"))],
    [
      "digest_mismatch",
      "the file was changed",
      () => {
        const release = aRelease("1.2.3");
        const tampered = release.file.slice();
        tampered[40] = (tampered[40] ?? 0) ^ 1;
        plane.artifacts.set(release.manifest.sha256, tampered);
        return plane.updatePayload(release);
      },
    ],
    [
      "digest_mismatch",
      "the file is larger than signed",
      () => {
        const release = aRelease("1.2.3");
        plane.artifacts.set(release.manifest.sha256, new Uint8Array(release.file.byteLength + 1));
        return plane.updatePayload(release);
      },
    ],
    [
      "download_failed",
      "the file is not there",
      () => plane.updatePayload(aRelease("1.2.3"), { artifact_url: `/artifacts/${"0".repeat(64)}` }),
    ],
  ];
  it.each(refusals)("is refused with %s when %s", async (code, _why, payload) => {
    const { client, host } = aShop();
    const id = plane.offer("update", payload());
    await client.start();
    await untilReports(1);
    expect(reported()).toEqual([["fail", id, code]]);
    expect(host.disk.current).toBe("1.2.2");
    expect(host.log).toEqual(["start 1.2.2"]);
  });

  it("that is being downloaded does not hold up a stop", async () => {
    const { client, host, platform } = aShop();
    const fetched = Promise.withResolvers<void>();
    const real = platform.fetch.bind(platform);
    platform.fetch = (url, init) => {
      if (!url.includes("/artifacts/")) return real(url, init);
      fetched.resolve();
      return new Promise((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
      );
    };
    plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    await fetched.promise;
    await client.stop({ goodbye: false });
    expect(JSON.parse(host.disk.journal ?? "")).toMatchObject({
      in_hand: null,
      outbox: [{ kind: "fail", body: expect.stringContaining("download_failed") }],
    });
  });

  it("fails when a server drips the file for ever", async () => {
    const { client, platform } = aShop();
    const real = platform.fetch.bind(platform);
    platform.fetch = async (url, init) => {
      if (!url.includes("/artifacts/")) return real(url, init);
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const drip = () => {
            if (init?.signal?.aborted) return controller.error(new DOMException("aborted", "AbortError"));
            controller.enqueue(new Uint8Array(1));
            platform.setTimer(drip, 10_000);
          };
          drip();
        },
      });
      return new Response(body);
    };
    plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    await platform.passUntil("the report", () => plane.reports.length === 1, 900_000, 5_000);
    expect(plane.reports[0]?.says).toBe("download_failed");
  });

  it("may go back to an older version when the command says so", async () => {
    const { client, host, event } = aShop();
    plane.offerUpdate(aRelease("1.2.1"), { allow_downgrade: true });
    await client.start();
    await event("probation");
    expect(host.disk.current).toBe("1.2.1");
  });
});

describe("commit", () => {
  async function onProbation() {
    const shop = aShop();
    const id = plane.offerUpdate(aRelease("1.2.3"));
    await shop.client.start();
    await shop.event("probation");
    await untilReports(1);
    return { ...shop, id };
  }

  const wrong: [string, (id: string) => ReturnType<ControlPlane["signedCommit"]>][] = [
    ["for another command", () => plane.signedCommit(commandId(99), "1.2.3")],
    ["for another attempt", (id) => plane.signedCommit(id, "1.2.3", { attempt_id: attemptId(9) })],
    ["for another version", (id) => plane.signedCommit(id, "1.2.4")],
    ["made out to another plugin", (id) => plane.signedCommit(id, "1.2.3", { plugin_id: OTHER_PLUGIN_ID })],
    ["expired", (id) => plane.signedCommit(id, "1.2.3", { expires_at: "2020-01-01T00:00:00Z" })],
    [
      "not signed by the control key",
      (id) => ({ ...plane.signedCommit(id, "1.2.3"), signature: `${"A".repeat(86)}==` }),
    ],
    [
      "with a signature over other bytes",
      (id) => {
        const commit = plane.signedCommit(id, "1.2.3");
        return { ...commit, signed: `${commit.signed} ` };
      },
    ],
  ];
  it.each(wrong)("%s is refused, and the dead-man acts", async (_why, commit) => {
    const { client, host, platform, event, id } = await onProbation();
    plane.commit = commit(id);
    await client.beatNow();
    await event("commit_refused");
    await platform.advance(60_000);
    await event("restored");
    expect(host.disk.current).toBe("1.2.2");
  });

  it("that is repeated changes nothing", async () => {
    const { client, host, event, events, id } = await onProbation();
    plane.commit = plane.signedCommit(id, "1.2.3");
    await client.beatNow();
    await event("committed");
    await client.beatNow();
    await client.beatNow();
    expect(events.filter((e) => e.type === "committed" || e.type === "commit_refused")).toHaveLength(1);
    expect(host.disk.current).toBe("1.2.3");
  });

  it("after the deadline comes too late", async () => {
    const { client, host, platform, event, id } = await onProbation();
    plane.commit = plane.signedCommit(id, "1.2.3");
    platform.setClock(platform.now() + 60_000);
    await client.beatNow();
    await event("restored");
    expect(host.disk.current).toBe("1.2.2");
  });

  it("that could not be written is not final", async () => {
    const { client, host, platform, event, id } = await onProbation();
    const write = host.writeJournal.bind(host);
    host.writeJournal = async () => {
      throw new Error("ENOSPC");
    };
    plane.commit = plane.signedCommit(id, "1.2.3");
    await client.beatNow();
    await event("commit_refused");
    host.writeJournal = write;
    await client.beatNow();
    await event("committed");
    await platform.advance(600_000);
    expect(host.disk.current).toBe("1.2.3");
    expect(JSON.parse(host.disk.journal ?? "")).toMatchObject({ probation: null });
  });
});

describe("rollback", () => {
  it("during probation restores the snapshot", async () => {
    const { client, host, event } = aShop();
    plane.offerUpdate(aRelease("1.2.4"));
    await client.start();
    await event("probation");
    await untilReports(1);
    const id = plane.offer("rollback", {
      attempt_id: attemptId(1),
      to_version: "1.2.2",
      reason: "unhealthy",
    });
    await client.beatNow();
    await event("rolled_back");
    await untilReports(2);
    expect(reported()[1]).toEqual(["ack", id, "1.2.2"]);
    expect(host.log).toContain("restore 1.2.2");
    expect(host.running).toBe("1.2.2");
    await plane.until("the news", () => plane.beats.at(-1)?.last_command?.outcome === "rolled_back");
    expect(plane.beats.at(-1)?.state).toBe("running");
  });

  it("after commit switches to the version kept on disk", async () => {
    const { client, host, event } = aShop();
    const update = plane.offerUpdate(aRelease("1.2.4"));
    await client.start();
    await event("probation");
    plane.commit = plane.signedCommit(update, "1.2.4");
    await client.beatNow();
    await event("committed");
    const id = plane.offer("rollback", {
      attempt_id: attemptId(2),
      to_version: "1.2.2",
      reason: "regression",
    });
    await client.beatNow();
    await event("rolled_back");
    await untilReports(2);
    expect(reported()[1]).toEqual(["ack", id, "1.2.2"]);
    expect(host.log).toContain("switch 1.2.2");
  });

  it("to a version that is gone downloads the release that came with it", async () => {
    const { client, host, event } = aShop(new MemoryHost(aDisk("1.2.4")));
    const { release, artifact_url } = plane.updatePayload(aRelease("1.2.2")) as Record<string, unknown>;
    const payload = {
      attempt_id: attemptId(1),
      to_version: "1.2.2",
      reason: "regression",
      release,
      artifact_url,
    };
    const id = plane.offer("rollback", payload);
    await client.start();
    await event("rolled_back");
    await untilReports(1);
    expect(reported()).toEqual([["ack", id, "1.2.2"]]);
    expect(host.running).toBe("1.2.2");
  });

  it("fails when the version is neither on disk nor in the command", async () => {
    const { client, host } = aShop();
    const id = plane.offer("rollback", { attempt_id: attemptId(1), to_version: "1.0.0", reason: "?" });
    await client.start();
    await untilReports(1);
    expect(reported()).toEqual([["fail", id, "rollback_failed"]]);
    expect(host.running).toBe("1.2.2");
  });

  it("goes back to where it came from when the older version does not boot", async () => {
    const disk = aDisk("1.2.4");
    disk.versions.set("1.2.2", "installed");
    const { client, host } = aShop(new MemoryHost(disk));
    host.broken.add("1.2.2");
    const id = plane.offer("rollback", { attempt_id: attemptId(1), to_version: "1.2.2", reason: "?" });
    await client.start();
    await untilReports(1);
    expect(reported()).toEqual([["fail", id, "rollback_failed"]]);
    expect(host.running).toBe("1.2.4");
  });

  it("that needs a download waits until probation is over", async () => {
    const { client, host, event } = aShop();
    plane.offerUpdate(aRelease("1.2.4"));
    await client.start();
    await event("probation");
    await untilReports(1);
    const { release, artifact_url } = plane.updatePayload(aRelease("1.2.1")) as Record<string, unknown>;
    const payload = { attempt_id: attemptId(1), to_version: "1.2.1", reason: "?", release, artifact_url };
    const id = plane.offer("rollback", payload);
    await client.beatNow();
    await untilReports(2);
    expect(reported()[1]).toEqual(["fail", id, "busy"]);
    expect(host.disk.current).toBe("1.2.4");
  });

  it("cannot make the version on probation final", async () => {
    const { client, host, platform, event } = aShop();
    plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    await event("probation");
    await untilReports(1);
    const id = plane.offer("rollback", { attempt_id: attemptId(1), to_version: "1.2.3", reason: "?" });
    await client.beatNow();
    await untilReports(2);
    expect(reported()[1]).toEqual(["fail", id, "rollback_failed"]);
    await platform.advance(60_000);
    await event("restored");
    expect(host.disk.current).toBe("1.2.2");
  });
});

describe("config and probe", () => {
  it("config changes settings, restarts the plugin and is final", async () => {
    const { client, host, platform } = aShop();
    const id = plane.offer("config", { attempt_id: attemptId(1), set: { timeout_ms: 9000, pool: false } });
    await client.start();
    await untilReports(1);
    expect(reported()).toEqual([["ack", id, "1.2.2"]]);
    expect(host.disk.settings).toEqual({ timeout_ms: 9000, pool: false });
    await platform.advance(3_600_000);
    expect(host.disk.settings).toEqual({ timeout_ms: 9000, pool: false });
  });

  it("config that keeps the plugin from booting is taken back", async () => {
    const { client, host } = aShop();
    await client.start();
    host.settingsBreakBoot = true;
    const id = plane.offer("config", { attempt_id: attemptId(1), set: { pool: true } });
    await client.beatNow();
    await untilReports(1);
    expect(reported()).toEqual([["fail", id, "config_failed"]]);
    expect(host.disk.settings).toEqual({});
    expect(host.running).toBe("1.2.2");
  });

  it("config is acknowledged after a crash that came after the change", async () => {
    const disk = aDisk();
    disk.mark = commandId(4);
    disk.journal = JSON.stringify({
      v: 1,
      seq: 7,
      last_number: 4,
      in_hand: { id: commandId(4), type: "config" },
      outbox: [],
      settled: [],
    });
    const { client } = aShop(new MemoryHost(disk));
    await client.start();
    await untilReports(1);
    expect(reported()).toEqual([["ack", commandId(4), "1.2.2"]]);
    expect(plane.beats[0]?.seq).toBe(8);
  });

  it("probe answers with what the plugin found", async () => {
    const { client } = aShop();
    const id = plane.offer("probe", { probes: ["webhook"] });
    await client.start();
    await untilReports(1);
    expect(JSON.parse(plane.reports[0]?.raw ?? "").data).toMatchObject({
      command_id: id,
      result: { version: "1.2.2", details: { webhook: true, webhook_ms: 4 } },
    });
  });

  it("nothing but rollback and probe is begun while an update is on probation", async () => {
    const { client, event } = aShop();
    plane.offerUpdate(aRelease("1.2.3"));
    await client.start();
    await event("probation");
    await untilReports(1);
    const update = plane.offerUpdate(aRelease("1.2.4"));
    const config = plane.offer("config", { attempt_id: attemptId(1), set: { a: 1 } });
    const probe = plane.offer("probe", { probes: [] });
    await client.beatNow();
    await untilReports(4);
    expect(reported().slice(1)).toEqual([
      ["fail", update, "busy"],
      ["fail", config, "busy"],
      ["ack", probe, "1.2.3"],
    ]);
  });
});

describe("a command is refused and reported", () => {
  const payload = { probes: [] };
  const cases: [string, () => ReturnType<ControlPlane["command"]>, string][] = [
    [
      "tampered with",
      () => {
        const command = plane.command("probe", payload);
        return { ...command, signed: command.signed.replace('"number":1', '"number":2') };
      },
      "bad_signature",
    ],
    [
      "signed by nobody we know",
      () => ({ ...plane.command("probe", payload), signature: `${"A".repeat(86)}==` }),
      "bad_signature",
    ],
    [
      "made out to another plugin",
      () => plane.command("probe", payload, { plugin_id: OTHER_PLUGIN_ID }),
      "foreign",
    ],
    [
      "offered under another id",
      () => ({ ...plane.command("probe", payload), id: commandId(77) }),
      "foreign",
    ],
    ["expired", () => plane.command("probe", payload, { expires_at: "2020-01-01T00:00:00Z" }), "expired"],
    ["of an unknown type", () => plane.command("dance", payload, { policy_revision: 2 }), "unsupported"],
    ["malformed", () => plane.command("probe", { probes: "all" }, { policy_revision: 2 }), "unsupported"],
  ];
  it.each(cases)("when it is %s", async (_why, command, code) => {
    const { client, host } = aShop();
    const offered = command();
    plane.commands = [offered];
    await client.start();
    await untilReports(1);
    expect(reported()).toEqual([["fail", offered.id, code]]);
    expect(host.log).toEqual(["start 1.2.2"]);
  });

  it("when its number does not rise", async () => {
    const { client } = aShop();
    const first = plane.offer("probe", payload, { number: 5 });
    await client.start();
    await untilReports(1);
    const again = plane.offer("probe", payload, { number: 5, id: commandId(6) });
    const lower = plane.offer("probe", payload, { number: 4 });
    await client.beatNow();
    await untilReports(3);
    expect(reported()).toEqual([
      ["ack", first, "1.2.2"],
      ["fail", again, "out_of_order"],
      ["fail", lower, "out_of_order"],
    ]);
  });

  it("and a damaged copy of one that was accepted is only ignored", async () => {
    const { client, event } = aShop();
    const command = plane.command("update", plane.updatePayload(aRelease("1.2.3")));
    plane.commands = [command];
    await client.start();
    await event("probation");
    await untilReports(1);
    plane.commands = [{ ...command, signature: `${"A".repeat(86)}==` }];
    await client.beatNow();
    await event("command_ignored");
    expect(plane.reports).toHaveLength(1);
  });
});

describe("at most once, reported at least once", () => {
  it("a command that is offered again is not carried out again, but its report is told again", async () => {
    const { client, host, platform, event } = aShop();
    const command = plane.command("config", { attempt_id: attemptId(1), set: { a: 1 } });
    plane.commands = [command];
    await client.start();
    await untilReports(1);
    await event("report");
    plane.commands = [command];
    await client.beatNow();
    platform.setClock(platform.now() + 10_000);
    await client.beatNow();
    await untilReports(2);
    expect(plane.reports[1]).toEqual(plane.reports[0]);
    expect(host.log.filter((call) => call === "settings")).toHaveLength(1);
  });

  it("a lost ack is sent again, the same bytes, also by the next process", async () => {
    const host = new MemoryHost();
    const first = aShop(host);
    plane.reportMishaps.push("lose");
    const id = plane.offer("config", { attempt_id: attemptId(1), set: { a: 1 } });
    await first.client.start();
    await untilReports(1);
    await first.event("report");
    await first.client.stop({ goodbye: false });
    plane.commands = [];
    const second = aShop(new MemoryHost(host.disk), first.platform);
    await second.client.start();
    await untilReports(2);
    expect(reported()).toEqual([
      ["ack", id, "1.2.2"],
      ["ack", id, "1.2.2"],
    ]);
    expect(plane.reports[1]?.raw).toBe(plane.reports[0]?.raw);
    await second.event("report");
    expect(JSON.parse(host.disk.journal ?? "").outbox).toEqual([]);
  });

  it.each([404, 409, 410])("a report answered %i is dropped", async (status) => {
    const { client, platform, events, event } = aShop();
    plane.reportMishaps.push({ status });
    plane.offer("probe", { probes: [] });
    await client.start();
    await event("report");
    plane.commands = [];
    await platform.advance(60_000);
    expect(events.filter((e) => e.type === "report").map((e) => e.outcome)).toEqual(["dropped"]);
    expect(plane.reports).toEqual([]);
  });

  it("a report waits as long as retry-after says", async () => {
    const { client, platform, event } = aShop();
    const startedAt = platform.now();
    plane.reportMishaps.push({ status: 503, headers: { "retry-after": "30" } });
    plane.offer("probe", { probes: [] });
    await client.start();
    await event("report");
    await platform.passUntil("29 s", () => platform.now() >= startedAt + 29_000);
    expect(plane.reports).toEqual([]);
    await platform.advance(5_000);
    await untilReports(1);
  });

  it("a command accepted just before a crash is reported as not carried out, and never carried out", async () => {
    const disk = aDisk();
    const command = plane.command("update", plane.updatePayload(aRelease("1.2.3")));
    disk.journal = JSON.stringify({
      v: 1,
      seq: 3,
      last_number: 1,
      in_hand: { id: command.id, type: "update" },
      outbox: [],
      settled: [],
    });
    plane.commands = [command];
    const { client, host } = aShop(new MemoryHost(disk));
    await client.start();
    await untilReports(1);
    expect(reported()[0]).toEqual(["fail", command.id, "internal"]);
    expect(host.disk.current).toBe("1.2.2");
  });

  it("a damaged journal is given up aloud", async () => {
    const disk = aDisk();
    disk.journal = "{half";
    const { client, event } = aShop(new MemoryHost(disk));
    await client.start();
    expect(await event("problem")).toMatchObject({ where: "journal" });
  });
});
