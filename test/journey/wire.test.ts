/** The plugin's side of the wire, spoken by clients that know only the published standard. */
import { createHash, createPublicKey, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildDemoReleases, DEMO_PRODUCT, type DemoRelease } from "../../local/demo/releases.ts";
import { Command } from "../../src/contract/command.ts";
import { ErrorBody } from "../../src/contract/error.ts";
import { HeartbeatReply } from "../../src/contract/heartbeat.ts";
import { counters, failWebhooks, orderConfig, PATIENT_INTERVALS } from "./scripted-incident.ts";
import { enrolPlugin, type ScriptedPlugin } from "./scripted-plugin.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ policy: { intervals: PATIENT_INTERVALS } });
});
afterAll(() => world?.stop());

/** SPKI of a raw Ed25519 key: the fixed prefix of RFC 8410, then the key. */
function ed25519PublicKey(rawBase64: string) {
  const spki = Buffer.concat([
    Buffer.from("302a300506032b6570032100", "hex"),
    Buffer.from(rawBase64, "base64"),
  ]);
  return createPublicKey({ key: spki, format: "der", type: "spki" });
}

async function webhooksSeen(plugin: ScriptedPlugin): Promise<{ sent: number; failed: number }> {
  const { recent } = (await world.live(plugin.id)).live;
  return {
    sent: recent.reduce((sum, bucket) => sum + bucket.webhooks_sent, 0),
    failed: recent.reduce((sum, bucket) => sum + bucket.webhooks_failed, 0),
  };
}

/** Brings the plugin to the point where a settings command waits for it. */
async function orderFor(plugin: ScriptedPlugin): Promise<void> {
  await orderConfig(world, (await failWebhooks(world, plugin)).id);
  await world.attemptReaches(plugin.id, "applying");
}

describe("a client made of the standardwebhooks package", () => {
  it("enrols, beats, and verifies and acknowledges a command", async () => {
    const plugin = await enrolPlugin(world.stack, { merchant: "library" });
    expect(plugin.enrolment).toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
      next_heartbeat_s: expect.any(Number),
      publisher_keys: world.stack.publisher.publisherKeys,
    });
    expect((await plugin.beat({ counters: counters(0, 0) })).commands).toEqual([]);

    await orderFor(plugin);
    const [signed] = (await plugin.beat()).commands;
    if (!signed) throw new Error("no command came");
    const key = ed25519PublicKey(plugin.enrolment.control_public_key);
    expect(verify(null, Buffer.from(signed.signed), key, Buffer.from(signed.signature, "base64"))).toBe(true);
    const command = Command.parse(JSON.parse(signed.signed));
    expect(command).toMatchObject({
      id: signed.id,
      plugin_id: plugin.id,
      number: 1,
      type: "config",
      payload: { set: { retries: 5 } },
    });

    const ack = () => plugin.report(command.id, "ack", { result: { version: "1.0.0" } });
    for (const answer of [await ack(), await ack()]) {
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { status: "acknowledged", command_id: command.id },
      ]);
    }
    expect((await plugin.beat()).commands).toEqual([]);
    await world.attemptReaches(plugin.id, "verifying");
  });

  it("may report a failure instead, and the same answer comes again for a repeat", async () => {
    const plugin = await enrolPlugin(world.stack, { merchant: "library-fails" });
    await orderFor(plugin);
    const [command] = (await plugin.beat()).commands;
    if (!command) throw new Error("no command came");
    const fail = () =>
      plugin.report(command.id, "fail", { error: { code: "config_failed", message: "unknown setting" } });
    for (const answer of [await fail(), await fail()]) {
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { status: "failed", command_id: command.id },
      ]);
    }
    const [attempt] = await world.until("the attempt in Postgres", async () => {
      const rows = await world.rows(
        "SELECT status, reason FROM plugin_autopatch_attempts WHERE plugin_id = $1 AND finished_at IS NOT NULL",
        [plugin.id],
      );
      return rows.length > 0 ? rows : null;
    });
    expect(attempt).toEqual({ status: "failed", reason: expect.stringContaining("unknown setting") });
  });

  it("signs with an Ed25519 key of its own, and no secret exists to be stored", async () => {
    const plugin = await enrolPlugin(world.stack, { merchant: "own-key", credential: "ed25519" });
    expect(plugin.enrolment.secret).toBeUndefined();
    await plugin.beat({ counters: counters(10, 0) });
    const rows = await world.until("its row", async () => {
      const found = await world.rows(
        "SELECT credential_kind, sealed_secret, public_key IS NOT NULL AS has_key FROM merchant_plugins WHERE id = $1",
        [plugin.id],
      );
      return found.length > 0 ? found : null;
    });
    expect(rows).toEqual([{ credential_kind: "ed25519", sealed_secret: null, has_key: true }]);
  });
});

describe("beats that are repeated, lost or late", () => {
  it("a repeat of the last one gets the same answer and counts nothing twice", async () => {
    const plugin = await enrolPlugin(world.stack, { merchant: "repeats" });
    await orderFor(plugin);
    const data = plugin.beatData({ counters: counters(30, 12) });
    const answers: HeartbeatReply[] = [];
    for (let i = 0; i < 3; i++) {
      const answer = await plugin.send(data);
      expect(answer.status).toBe(200);
      answers.push(HeartbeatReply.parse(await answer.json()));
    }
    const said = answers.map(({ next_heartbeat_s, commands }) => ({
      next_heartbeat_s,
      commands: commands.map(({ id }) => id),
    }));
    expect(said[0]?.commands).toHaveLength(1);
    expect(said[1]).toEqual(said[0]);
    expect(said[2]).toEqual(said[0]);
    expect(await webhooksSeen(plugin)).toEqual({ sent: 30, failed: 12 });
  });

  it("a lower sequence number is refused with the last one, and counts nothing", async () => {
    const plugin = await enrolPlugin(world.stack, { merchant: "late" });
    await plugin.beat({ seq: 7, counters: counters(10, 0) });
    const answer = await plugin.send(plugin.beatData({ seq: 6, counters: counters(99, 99) }));
    expect(answer.status).toBe(409);
    expect(ErrorBody.parse(await answer.json()).error).toMatchObject({ code: "stale_seq", last_seq: 7 });
    expect(await webhooksSeen(plugin)).toEqual({ sent: 10, failed: 0 });
    expect((await world.live(plugin.id)).live.seq).toBe(7);
  });

  it("lost beats lose nothing, because counters are cumulative", async () => {
    const plugin = await enrolPlugin(world.stack, { merchant: "loses" });
    await plugin.beat({ seq: 1, counters: counters(10, 0) });
    // Beats 2 to 8 never arrived.
    await plugin.beat({ seq: 9, counters: counters(55, 1) });
    expect(await webhooksSeen(plugin)).toEqual({ sent: 55, failed: 1 });
    // A restart begins again from zero; what it counts comes on top.
    await plugin.beat({ seq: 10, boot_id: "second-boot", counters: counters(5, 0) });
    expect(await webhooksSeen(plugin)).toEqual({ sent: 60, failed: 1 });
  });
});

it("a client that sends only gauges is served, and its incident says that it is trusted less", async () => {
  const plugin = await enrolPlugin(world.stack, { merchant: "gauges" });
  for (let i = 0; i < 2; i++)
    await plugin.beat({ telemetry: { webhook_fail_rate: 0.6, errors_last_24h: 3 } });
  const incident = await world.openIncident(plugin.id);
  expect(incident).toMatchObject({
    type: "webhook_fail_rate",
    severity: "medium",
    signal: { method: "gauge-limit", value: 0.6, explanation: expect.stringContaining("trusted less") },
  });
});

describe("release files", () => {
  let release: DemoRelease;
  const get = (headers: Record<string, string> = {}, method = "GET") =>
    fetch(`${world.stack.url}/artifacts/${release.sha256}`, { method, headers });

  beforeAll(async () => {
    const [first] = await buildDemoReleases();
    if (!first) throw new Error("no demo release");
    release = first;
  });

  it("are served whole, for ever, under the digest that the publishers signed", async () => {
    const answer = await get();
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(answer.status).toBe(200);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(release.sha256);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/zip",
      "content-length": String(release.size),
      "cache-control": "public, max-age=31536000, immutable",
      "accept-ranges": "bytes",
    });
  });

  it("are resumed by range, and what cannot be satisfied is said so", async () => {
    const whole = Buffer.from(release.file);
    const middle = Math.floor(release.size / 2);
    const first = await get({ range: `bytes=0-${middle - 1}` });
    const second = await get({ range: `bytes=${middle}-`, "if-range": `"${release.sha256}"` });
    expect([first.status, second.status]).toEqual([206, 206]);
    expect(second.headers.get("content-range")).toBe(`bytes ${middle}-${release.size - 1}/${release.size}`);
    const joined = Buffer.concat([
      Buffer.from(await first.arrayBuffer()),
      Buffer.from(await second.arrayBuffer()),
    ]);
    expect(joined.equals(whole)).toBe(true);

    const beyond = await get({ range: `bytes=${release.size}-` });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${release.size}`]);
    const head = await get({}, "HEAD");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
      200,
      String(release.size),
      "",
    ]);
  });

  it("are listed with their product, and an unknown digest is 404", async () => {
    const list = await world.api(`/api/ops/releases?product=${DEMO_PRODUCT}`);
    expect(await list.text()).toContain(release.sha256);
    const unknown = await fetch(`${world.stack.url}/artifacts/${"0".repeat(64)}`);
    expect([unknown.status, ErrorBody.parse(await unknown.json()).error.code]).toEqual([404, "not_found"]);
  });
});

it("the API describes itself", async () => {
  const answer = await fetch(`${world.stack.url}/openapi.json`);
  expect(answer.status).toBe(200);
  const document = (await answer.json()) as { openapi: string; paths: Record<string, object> };
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      "/api/plugins/enroll",
      "/api/plugins/heartbeat",
      "/api/plugins/commands/{id}/ack",
      "/artifacts/{sha256}",
      "/api/ops/policy/kill",
    ]),
  );
});
