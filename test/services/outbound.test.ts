import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { NotificationRecord } from "../../src/contract/notification.ts";
import type { SmokeReply, SmokeRequest } from "../../src/contract/staging.ts";
import { newSecret } from "../../src/crypto/webhook-signature.ts";
import { notify } from "../../src/services/notify-service.ts";
import { smoke } from "../../src/services/staging-service.ts";
import { sweep } from "../../src/services/sweep.ts";
import { aServer, json } from "./loopback-server.ts";

const KEY = "A".repeat(27);
const aNotification: NotificationRecord = {
  id: `ntf_${KEY}_1`,
  kind: "rollback_failed",
  urgency: "page",
  incident_id: `inc_${KEY}_1`,
  plugin_id: `plg_${KEY}`,
  title: "Rollback failed",
  text: "A person must look.",
  at: "2026-11-22T12:00:00.000Z",
};

describe("a notification", () => {
  it("is a Standard Webhook that the standard's own library verifies", async () => {
    const secret = newSecret().text;
    const { url, received } = await aServer((_, response) => response.writeHead(204).end());
    expect(await notify(aNotification, { NOTIFY_URL: url, NOTIFY_SECRET: secret })).toEqual({
      status: "sent",
    });
    const request = received[0];
    expect(new Webhook(secret).verify(request?.body ?? "", request?.headers ?? {})).toEqual({
      type: "vigie.rollback_failed",
      timestamp: aNotification.at,
      data: aNotification,
    });
    expect(request?.headers["webhook-id"]).toBe(aNotification.id);
  });

  it("is taken by any 2xx, whatever it says", async () => {
    const { url } = await aServer((_, response) => response.end("thanks"));
    const env = { NOTIFY_URL: url, NOTIFY_SECRET: newSecret().text };
    expect(await notify(aNotification, env)).toEqual({ status: "sent" });
  });

  it("goes nowhere when no address is set, and fails loudly without a secret", async () => {
    expect(await notify(aNotification, {})).toEqual({ status: "skipped" });
    expect(await notify(aNotification, { NOTIFY_URL: "" })).toEqual({ status: "skipped" });
    expect(await notify(aNotification, { NOTIFY_URL: "http://127.0.0.1:1" })).toMatchObject({
      status: "failed",
      retryable: false,
    });
  });

  it("is to be sent again when the receiver is down", async () => {
    const { url } = await aServer((_, response) => json(response, 503, {}));
    const env = { NOTIFY_URL: url, NOTIFY_SECRET: newSecret().text };
    expect(await notify(aNotification, env)).toMatchObject({ status: "failed", retryable: true });
  });
});

describe("a smoke test", () => {
  const request: SmokeRequest = {
    attempt_id: `att_${KEY}_1`,
    release: { manifest: "{}", signatures: [{ key_id: "a", signature: "AAAA" }] },
    publisher_keys: { threshold: 1, keys: [{ key_id: "a", public_key: "AAAA" }] },
    artifact_url: "http://127.0.0.1:1/artifacts/x",
  };
  const reply: SmokeReply = {
    ok: false,
    attempt_id: request.attempt_id,
    checks: [],
    total_ms: 3,
    runner: "test",
  };

  it("answers what the runner found", async () => {
    const { url, received } = await aServer((_, response) => json(response, 200, reply));
    const env = { STAGING_RUNNER_URL: `${url}/`, STAGING_RUNNER_TOKEN: "token" };
    expect(await smoke(request, env, 1000)).toEqual({ ok: true, status: 200, value: reply });
    expect(received[0]).toMatchObject({
      url: "/api/staging/smoke",
      headers: { authorization: "Bearer token" },
      body: JSON.stringify(request),
    });
  });

  it("says nothing about the release when the runner is down or answers for another attempt", async () => {
    const other = await aServer((_, response) =>
      json(response, 200, { ...reply, attempt_id: `att_${KEY}_2` }),
    );
    const env = { STAGING_RUNNER_URL: other.url, STAGING_RUNNER_TOKEN: "token" };
    expect(await smoke(request, env, 1000)).toMatchObject({ ok: false, reason: "invalid" });
    const down = { STAGING_RUNNER_URL: "http://127.0.0.1:1", STAGING_RUNNER_TOKEN: "token" };
    expect(await smoke(request, down, 1000)).toMatchObject({ ok: false, reason: "network", retryable: true });
  });
});

describe("the sweep", () => {
  it("wakes every plugin of the batch, a few at a time, and survives one that fails", async () => {
    const ids = Array.from({ length: 35 }, (_, i) => `plg_${i}`);
    const swept = new Set<string>();
    let [running, most] = [0, 0];
    const report = await sweep({
      fleet: { sweepBatch: async () => ids },
      plugin: (id) => ({
        sweep: async () => {
          most = Math.max(most, ++running);
          await new Promise(setImmediate);
          running--;
          if (id === "plg_7") throw new Error("overloaded");
          swept.add(id);
          return null;
        },
      }),
    });
    expect(report).toEqual({ swept: 34, failed: 1 });
    expect(swept.size).toBe(34);
    expect(most).toBe(10);
  });
});
