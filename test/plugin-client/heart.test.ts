import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { enroll } from "../../plugin-client/core/enroll.ts";
import { defaultPlatform } from "../../plugin-client/core/platform.ts";
import { generateSigningKey } from "../../plugin-client/core/signing.ts";
import { aClient, type ClientUnderTest } from "./support/a-client.ts";
import { ControlPlane, PLUGIN_ID, SECRET } from "./support/control-plane.ts";
import { MemoryHost } from "./support/memory-host.ts";
import { PRODUCT, PUBLISHER_KEYS } from "./support/publishers.ts";

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

function watcher(options: Parameters<typeof aClient>[1] = {}) {
  const made = aClient(plane, options);
  clients.push(made);
  return made;
}

describe("heartbeat", () => {
  it("beats at start, then within two minutes, then as often as the server asks", async () => {
    const { client, platform } = watcher();
    await client.start();
    expect(plane.beats).toHaveLength(1);
    expect(platform.due()).toEqual([114_000]);
    plane.nextHeartbeatS = 30;
    await platform.passUntil("the second beat", () => plane.beats.length === 2, 120_000, 5_000);
    await platform.passUntil("the third beat", () => plane.beats.length === 3, 31_000);
  });

  it("carries cumulative counters, environment and errors, with rising seq", async () => {
    const { client } = watcher({ environment: { region: "sn", "Bad Name": "x", platform: "y".repeat(100) } });
    await client.start();
    client.trackRequest();
    client.trackWebhook(true);
    client.trackWebhook(false);
    client.trackError(new TypeError("boom whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    await client.beatNow();
    const [first, second] = plane.beats;
    expect(second).toMatchObject({
      plugin_id: PLUGIN_ID,
      boot_id: first?.boot_id,
      seq: (first?.seq ?? 0) + 1,
      state: "running",
      cadence: "resident",
      version: "1.2.2",
      env: { region: "sn", platform: "y".repeat(64) },
      counters: { errors: 1, requests: 1, webhooks_sent: 2, webhooks_failed: 1 },
      errors: [{ message: "boom [secret]", count: 1 }],
    });
  });

  it("sends a beat whose answer was lost again with the same seq, bytes and message id", async () => {
    const { client, platform, event } = watcher();
    await client.start();
    client.trackError({ message: "x", fingerprint: "f" });
    plane.beatMishaps.push("lose");
    expect(await client.beatNow()).toBe(false);
    await event("beat_failed");
    client.trackError({ message: "x", fingerprint: "f" });
    await platform.passUntil("the repeat", () => plane.beats.length === 3, 10_000);
    expect(plane.beats[2]).toEqual(plane.beats[1]);
    await client.beatNow();
    await client.beatNow();
    expect(plane.beats[3]?.seq).toBe((plane.beats[2]?.seq ?? 0) + 1);
    expect(plane.beats[3]?.errors).toEqual([{ fingerprint: "f", message: "x", count: 1 }]);
    expect(plane.beats[3]?.counters?.errors).toBe(2);
  });

  it("sends a fresh beat at once after a stale one got through", async () => {
    const { client, platform } = watcher();
    await client.start();
    platform.online = false;
    await client.beatNow();
    client.trackRequest();
    await platform.passUntil("an hour", () => platform.due()[0] !== undefined && platform.waits.length > 12);
    platform.online = true;
    await platform.passUntil("the stale one and a fresh one", () => plane.beats.length === 3, 130_000);
    expect(plane.beats[1]?.counters?.requests).toBe(0);
    expect(plane.beats[2]?.counters?.requests).toBe(1);
    expect(
      Date.parse(JSON.parse(plane.beats[2]?.raw ?? "").timestamp) -
        Date.parse(JSON.parse(plane.beats[1]?.raw ?? "").timestamp),
    ).toBeGreaterThan(20_000);
  });

  it("adopts last_seq on 409 and beats again at once", async () => {
    const { client } = watcher();
    plane.beatMishaps.push({
      status: 409,
      body: { error: { code: "stale_seq", message: "old", request_id: "r", last_seq: 9_000_000_000_000 } },
    });
    client.trackError({ message: "x", fingerprint: "f" });
    await client.start();
    expect(plane.beats.map((beat) => beat.seq)).toEqual([9_000_000_000_001]);
    expect(plane.beats[0]?.errors).toHaveLength(1);
  });

  it.each([429, 503])("waits as long as retry-after says on %i", async (status) => {
    const { client, platform, event } = watcher();
    plane.beatMishaps.push({ status, headers: { "retry-after": "40" } });
    await client.start();
    expect((await event("beat_failed")).retry_in_ms).toBe(42_000);
    expect(platform.due()).toEqual([42_000]);
  });

  it("backs off with full jitter while nobody answers", async () => {
    const { client, platform, events } = watcher();
    platform.online = false;
    await client.start();
    for (let i = 0; i < 9; i++) await platform.passUntil("a try", () => events.length > i + 1, 200_000);
    expect(events.map((e) => e.type === "beat_failed" && e.retry_in_ms)).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000,
    ]);
  });

  it("drops what a 400 refused and goes on", async () => {
    const { client, platform, event } = watcher();
    plane.beatMishaps.push({
      status: 400,
      body: { error: { code: "invalid", message: "errors", request_id: "r" } },
    });
    client.trackError("bad");
    await client.start();
    await event("beat_failed");
    await platform.passUntil("the next", () => plane.beats.length === 1);
    expect(plane.beats[0]?.errors).toBeUndefined();
    expect(plane.beats[0]?.counters?.errors).toBe(1);
  });

  it("beats urgently on three webhook failures in a row, at most every 15 s", async () => {
    const { client, platform } = watcher();
    await client.start();
    for (let i = 0; i < 3; i++) client.trackWebhook(false);
    await plane.until("an urgent beat", () => plane.beats.length === 2);
    expect(plane.beats[1]?.counters?.webhooks_failed).toBe(3);
    for (let i = 0; i < 50; i++) client.trackWebhook(false);
    await platform.advance(14_000);
    expect(plane.beats).toHaveLength(2);
    await platform.passUntil("one more", () => plane.beats.length === 3, 16_000);
    expect(plane.beats[2]?.counters?.webhooks_failed).toBe(53);
  });

  it("beats urgently on the third error of a kind that the last beat had none of", async () => {
    const { client } = watcher();
    await client.start();
    for (let i = 0; i < 3; i++) client.trackError({ message: "x", fingerprint: "f" });
    await plane.until("an urgent beat", () => plane.beats.length === 2);
    expect(plane.beats[1]?.errors).toEqual([{ fingerprint: "f", message: "x", count: 3 }]);
  });

  it("does not hammer a control plane that asked to wait, however urgent things are", async () => {
    const { client, platform, event } = watcher();
    plane.beatMishaps.push({ status: 503, headers: { "retry-after": "40" } });
    await client.start();
    await event("beat_failed");
    for (let i = 0; i < 50; i++) client.trackWebhook(false);
    client.setWebhookSubscription("disabled");
    expect(platform.due()).toEqual([42_000]);
    await platform.passUntil("the stale beat and the urgent one", () => plane.beats.length === 2, 45_000);
    expect(plane.beats[1]?.counters?.webhooks_failed).toBe(50);
  });

  it("says goodbye when it stops, unless told not to, and is silent then", async () => {
    const { client, platform } = watcher();
    await client.start();
    await client.stop();
    expect(plane.beats.at(-1)?.state).toBe("goodbye");
    expect(platform.armed).toBe(0);
    expect(await client.beatNow()).toBe(false);
    const quiet = watcher();
    await quiet.client.start();
    await quiet.client.stop({ goodbye: false });
    expect(plane.beats.at(-1)?.state).toBe("running");
  });

  it("says soon that the platform switched webhooks off", async () => {
    const { client } = watcher();
    await client.start();
    client.setWebhookSubscription("disabled");
    await plane.until("the news", () => plane.beats.at(-1)?.webhook_subscription === "disabled");
  });

  it("stays below 64 KiB whatever the plugin throws", async () => {
    const host = new MemoryHost();
    host.probes = Array.from({ length: 40 }, (_, i) => ({ name: `${i}`.repeat(200), ok: true, ms: i }));
    const environment = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`k${i}`, "\u{1F600}".repeat(100)]),
    );
    const { client } = watcher({ environment });
    for (let i = 0; i < 20; i++) client.trackError({ message: `${i}${'"\\\u{1F600}'.repeat(5000)}` });
    await client.start();
    expect(plane.beats).toHaveLength(1);
    expect(Buffer.byteLength(plane.beats[0]?.raw ?? "")).toBeLessThan(64 * 1024);
  });

  it("keeps the secret out of requests and events", async () => {
    const { client, events, platform } = watcher();
    plane.beatMishaps.push({ status: 500 }, { status: 401 });
    await client.start();
    await platform.passUntil("an answered beat", () => plane.beats.length === 1);
    const key = SECRET.slice("whsec_".length);
    expect(JSON.stringify([plane.requests, events])).not.toContain(key);
  });

  it("survives a listener that throws", async () => {
    const { client } = watcher();
    client.on(() => {
      throw new Error("logger is broken");
    });
    await client.start();
    expect(await client.beatNow()).toBe(true);
  });

  it("corrects a clock that is too wrong to sign with, by the refusal's date", async () => {
    plane.clockOffsetMs = 3_600_000;
    const { client } = watcher();
    await client.start();
    expect(plane.beats).toHaveLength(1);
    expect(plane.requests.map((request) => Number(request.headers["webhook-timestamp"]))).toHaveLength(2);
  });

  it("answers every command with unsupported when there is no host", async () => {
    const { client, event } = watcher();
    const id = plane.offer("probe", { probes: [] });
    await client.start();
    await event("report");
    expect(plane.reports).toMatchObject([{ kind: "fail", command_id: id, says: "unsupported" }]);
  });

  it("cannot be made with a host but without keys", () => {
    expect(() => aClient(plane, { host: new MemoryHost(), controlPublicKey: "" })).toThrow(
      "controlPublicKey",
    );
  });

  it("counts uncaught errors until it is stopped, when asked", async () => {
    const { platform, client } = watcher({ captureUncaught: true });
    let report: ((error: unknown) => void) | null = null;
    Object.assign(platform, {
      onUncaught: (listener: (error: unknown) => void) => {
        report = listener;
        return () => {
          report = null;
        };
      },
    });
    await client.start();
    (report as unknown as (error: unknown) => void)(new Error("nobody caught me"));
    await client.beatNow();
    expect(plane.beats.at(-1)?.errors?.[0]?.message).toBe("nobody caught me");
    await client.stop({ goodbye: false });
    expect(report).toBeNull();
  });

  it("signs with an own Ed25519 key", async () => {
    const key = await generateSigningKey(defaultPlatform());
    plane.publicKey = key.public_key;
    const { client } = watcher({ credential: key.credential });
    await client.start();
    expect(plane.beats).toHaveLength(1);
    expect(plane.requests[0]?.headers["webhook-signature"]).toMatch(/^v1a,/);
  });

  it.each(["", "whsec_", "whsec_!!!", "secret", "whsk_AAAA"])(
    "with the credential %j never beats",
    async (credential) => {
      const { client, event } = watcher({ credential });
      await client.start();
      await event("beat_failed");
      expect(plane.requests).toEqual([]);
    },
  );
});

describe("enrolment", () => {
  const options = () => ({
    apiUrl: plane.url,
    claimCode: `clm_${"a".repeat(30)}.${"b".repeat(43)}`,
    product: PRODUCT,
    version: "1.2.2",
    environment: { platform: "test" },
  });
  it("gives an identity with a secret, or without one for an own key", async () => {
    expect(await enroll(options())).toEqual({
      plugin_id: PLUGIN_ID,
      secret: SECRET,
      control_public_key: expect.any(String),
      publisher_keys: PUBLISHER_KEYS,
      next_heartbeat_s: 120,
    });
    const key = await generateSigningKey(defaultPlatform());
    expect(await enroll({ ...options(), publicKey: key.public_key })).not.toHaveProperty("secret");
  });
  it("tries again while the control plane is busy, and not after a refusal", async () => {
    plane.beatMishaps.push({ status: 503, headers: { "retry-after": "0" } });
    expect((await enroll(options())).plugin_id).toBe(PLUGIN_ID);
    plane.beatMishaps.push({ status: 401 }, { status: 401 });
    await expect(enroll(options())).rejects.toMatchObject({ name: "EnrollError", status: 401 });
    expect(plane.beatMishaps).toHaveLength(1);
  });
  it("refuses a malformed answer", async () => {
    plane.beatMishaps.push({ status: 201, body: { plugin_id: "plg_x" } });
    await expect(enroll(options())).rejects.toThrow("malformed");
  });
});
