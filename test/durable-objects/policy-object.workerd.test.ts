import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { PolicyObject } from "../../durable-objects/policy/policy-object.ts";
import { policyOf } from "../../durable-objects/stubs.ts";
import { Policy } from "../../src/contract/policy.ts";
import type { PolicyRpc } from "../../src/contract/rpc/policy.ts";
import { LEASE_MARGIN_MS, LEASE_MS } from "../../src/core/policy/leases.ts";
import { PATIENCE } from "../builders/patience.ts";
import { bindings } from "./bindings.ts";

const ada = { id: "ada", name: "Ada", roles: ["admin" as const] };
const request = { plugin_id: "plg", command_id: "cmd" };

/** A policy authority of its own, and the raw stub behind it. */
let authorities = 0;
async function anAuthority(mode: "auto" | "off" = "auto") {
  authorities += 1;
  const stub = bindings.POLICY.getByName(
    `policy-${authorities}`,
  ) as unknown as DurableObjectStub<PolicyObject>;
  const policy = stub as unknown as PolicyRpc;
  await policy.patch({ revision: 0, reason: "test", patch: { mode } }, ada);
  return { stub, policy };
}

/** From here on no lease is over by itself, and whoever waits for a timer never answers, however slow the machine is. */
function standStill(): void {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}

describe("policy object", () => {
  it("begins with the defaults and publishes them to the cache", async () => {
    const policy = policyOf(bindings);
    expect(await policy.read()).toMatchObject({ revision: 0, updated_by: "vigie" });
    const cached = async () => Policy.parse(await bindings.POLICY_CACHE.get("policy", "json"));
    await expect.poll(cached, PATIENCE).toEqual(await policy.read());
  });

  it("keeps a change across an eviction and refuses the revision before it", async () => {
    const { stub, policy } = await anAuthority();
    const before = await policy.read();
    await evictDurableObject(stub);
    expect(await policy.read()).toEqual(before);
    expect(before).toMatchObject({ revision: 1, updated_by: "ada", document: { mode: "auto" } });
    expect(await policy.put({ revision: 0, reason: "late", document: before.document }, ada)).toEqual({
      ok: false,
      refusal: { reason: "stale_revision", revision: 1 },
    });
    expect(await policy.patch({ revision: 1, reason: "typo", patch: { mode: "aut" } }, ada)).toMatchObject({
      ok: false,
      refusal: { reason: "invalid", field: "document.mode" },
    });
    expect((await policy.read()).revision).toBe(1);
  });

  it("reads a policy stored before a field existed, and gives that field its default", async () => {
    const { stub, policy } = await anAuthority();
    const whole = await policy.read();
    await runInDurableObject(stub, (_, state) => {
      const { limits: _limits, intervals: _intervals, ...older } = whole.document;
      state.storage.kv.put("policy", { ...whole, document: older });
    });
    await evictDurableObject(stub);
    expect(await policy.read()).toEqual(whole);
  });

  it("commits the change, its outbox rows and the alarm together, and keeps the rows while Postgres is away", async () => {
    const { stub, policy } = await anAuthority();
    await policy.patch({ revision: 1, reason: "second", patch: { min_confidence: 0.8 } }, ada);
    await runInDurableObject(stub, async (_, state) => {
      const rows = state.storage.sql
        .exec<{ kind: string; body: string }>(
          "SELECT kind, body FROM outbox WHERE kind = 'ledger' ORDER BY id",
        )
        .toArray()
        .map((row) => JSON.parse(row.body));
      expect(
        rows.map((row) => [row.kind, row.row.revision ?? row.row.id.slice(0, "policy:1".length)]),
      ).toEqual([
        ["policy", 1],
        ["audit", "policy:1"],
        ["policy", 2],
        ["audit", "policy:2"],
      ]);
      expect(await state.storage.getAlarm()).not.toBeNull();
    });
  });

  it("grants leases under the current policy and none when it stops commands", async () => {
    const { policy } = await anAuthority();
    expect(await policy.grant(request)).toMatchObject({
      granted: true,
      lease_ms: LEASE_MS,
      policy: { revision: 1 },
    });
    const off = await anAuthority("off");
    expect(await off.policy.grant(request)).toMatchObject({ granted: false, why: "the mode is off" });
  });

  it("answers a kill at once when nothing is out, and takes it back", async () => {
    const { policy } = await anAuthority();
    standStill();
    expect(await policy.kill({ engaged: true, reason: "drill" }, ada)).toMatchObject({ ok: true });
    expect(await policy.grant(request)).toMatchObject({ granted: false, why: "the kill switch is engaged" });
    await policy.kill({ engaged: false, reason: "drill over" }, ada);
    expect(await policy.grant(request)).toMatchObject({ granted: true });
  });

  it("answers a kill as soon as the last lease is released", async () => {
    const { policy } = await anAuthority();
    standStill();
    const grants = await Promise.all([policy.grant(request), policy.grant(request)]);
    let answered = false;
    const killed = policy.kill({ engaged: true, reason: "drill" }, ada).then(() => {
      answered = true;
    });
    expect(await policy.grant(request)).toMatchObject({ granted: false });
    const [first, second] = grants.map((grant) => (grant.granted ? grant.lease_id : ""));
    await policy.release(first ?? "");
    await policy.release("a guess");
    await policy.read();
    expect(answered).toBe(false);
    await policy.release(second ?? "");
    await killed;
  });

  it("waits for a lease that is never released until it is over, also when the mode is turned off", async () => {
    const { policy } = await anAuthority();
    const asked = Date.now();
    await policy.grant(request);
    // Measured against a timer of the same machine, which is as late as the object's own when the machine is busy.
    const over = new Promise((resolve) => setTimeout(resolve, LEASE_MS + LEASE_MARGIN_MS)).then(Date.now);
    await policy.patch({ revision: 1, reason: "stop", patch: { mode: "off" } }, ada);
    const answered = Date.now();
    expect(answered - asked).toBeGreaterThanOrEqual(LEASE_MS);
    expect(answered - (await over)).toBeLessThan(1_500);
  });

  it("keeps the promise when the object forgets its leases in between", async () => {
    const { stub, policy } = await anAuthority();
    const asked = Date.now();
    const grant = await policy.grant(request);
    await evictDurableObject(stub);
    // The lease is not known any more, so its release proves nothing.
    if (grant.granted) await policy.release(grant.lease_id);
    await policy.kill({ engaged: true, reason: "drill" }, ada);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(LEASE_MS);
  });

  it("does not delay a change that stops nothing", async () => {
    const { policy } = await anAuthority();
    standStill();
    await policy.grant(request);
    expect(
      await policy.patch({ revision: 1, reason: "tune", patch: { min_confidence: 0.7 } }, ada),
    ).toMatchObject({ ok: true });
  });

  it("Invariant 2: lets no command out after a kill has answered, with 200 holders racing it", async () => {
    const { policy } = await anAuthority();
    let answeredAt = Number.POSITIVE_INFINITY;
    const sent: number[] = [];
    let refused = 0;
    const holder = async (index: number) => {
      const asked = Date.now();
      const grant = await policy.grant(request);
      if (!grant.granted) {
        refused += 1;
        return;
      }
      // A command leaves some time later, as long as the lease, counted from the asking, has not run out.
      await new Promise((resolve) => setTimeout(resolve, (index * 37) % 400));
      if (Date.now() - asked < grant.lease_ms) sent.push(performance.now());
      // Some holders die before they release.
      if (index % 10 !== 0) await policy.release(grant.lease_id);
    };
    const holders = Array.from({ length: 200 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index * 13) % 300));
      await holder(index);
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await policy.kill({ engaged: true, reason: "race" }, ada);
    answeredAt = performance.now();
    expect(await policy.grant(request)).toMatchObject({ granted: false });
    await Promise.all(holders);
    expect(sent.length).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    expect(Math.max(...sent)).toBeLessThanOrEqual(answeredAt);
  });
});
