import { describe, expect, it } from "vitest";
import type { SmokeReply, SmokeRequest } from "../../src/contract/staging.ts";
import { smoke } from "../../src/services/staging-service.ts";
import { sweep } from "../../src/services/sweep.ts";
import { aServer, json } from "./loopback-server.ts";

const KEY = "A".repeat(27);
/** Never reached: everybody here answers at once. */
const LIMIT_MS = 10_000;
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
    expect(await smoke(request, env, LIMIT_MS)).toEqual({ ok: true, status: 200, value: reply });
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
    expect(await smoke(request, env, LIMIT_MS)).toMatchObject({ ok: false, reason: "invalid" });
    const down = { STAGING_RUNNER_URL: "http://127.0.0.1:1", STAGING_RUNNER_TOKEN: "token" };
    expect(await smoke(request, down, LIMIT_MS)).toMatchObject({
      ok: false,
      reason: "network",
      retryable: true,
    });
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
