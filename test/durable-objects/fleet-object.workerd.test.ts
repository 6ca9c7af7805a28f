import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { FleetRpc } from "../../src/contract/rpc.ts";
import { bindings } from "./bindings.ts";

let fleets = 0;
function aFleet() {
  fleets += 1;
  const stub = bindings.FLEET.getByName(`fleet-${fleets}`);
  return { stub, fleet: stub as unknown as FleetRpc };
}
const anEnrolment = (number: number, overrides: { nonce?: string; nonce_expires_at?: string } = {}) => ({
  plugin_id: `plg_${String(number).padStart(3, "0")}`,
  product: "demo-pay",
  merchant_id: "m1",
  nonce: `nonce-${number}`,
  nonce_expires_at: new Date(Date.now() + 60_000).toISOString(),
  ...overrides,
});
async function aFleetOf(size: number) {
  const made = aFleet();
  for (let i = 0; i < size; i++) await made.fleet.enroll(anEnrolment(i));
  return made;
}
const id = (number: number) => anEnrolment(number).plugin_id;

describe("enrolment", () => {
  it("consumes a claim once, also after an eviction; the same plugin may repeat itself", async () => {
    const { fleet, stub } = aFleet();
    expect(await fleet.enroll(anEnrolment(1))).toEqual({ ok: true, value: { enrolled: true } });
    await evictDurableObject(stub);
    expect(await fleet.enroll(anEnrolment(1))).toEqual({ ok: true, value: { enrolled: true } });
    expect(await fleet.enroll(anEnrolment(2, { nonce: "nonce-1" }))).toMatchObject({
      ok: false,
      refusal: { reason: "conflict" },
    });
    expect(await fleet.sweepBatch(10)).toEqual([id(1)]);
  });

  it("gives one claim to one of many that race for it", async () => {
    const { fleet } = aFleet();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => fleet.enroll(anEnrolment(i, { nonce: "shared" }))),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
  });

  it.each([["in the past"], ["2020-01-01T00:00:00Z"]])("refuses a claim whose date is %s", async (date) => {
    const { fleet } = aFleet();
    expect(await fleet.enroll(anEnrolment(1, { nonce_expires_at: date }))).toEqual({
      ok: false,
      refusal: { reason: "unauthorized" },
    });
  });

  it("keeps a nonce until its claim has expired, then forgets it by alarm", async () => {
    const { fleet, stub } = aFleet();
    await fleet.enroll(anEnrolment(1));
    const nonces = () =>
      runInDurableObject(stub, (_, state) => state.storage.sql.exec("SELECT * FROM nonces").toArray().length);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await nonces()).toBe(1);
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE nonces SET expires_at = 1");
    });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await nonces()).toBe(0);
  });
});

describe("guard", () => {
  it("is calm at first", async () => {
    const { fleet } = await aFleetOf(3);
    expect(await fleet.guard()).toMatchObject({ storm: false, autonomy: "normal", actions_last_hour: 0 });
  });

  it("enters a storm when a fifth of the fleet falls silent, holds it over an eviction, and leaves it later", async () => {
    const { fleet, stub } = await aFleetOf(20);
    for (let i = 0; i < 4; i++) await fleet.presence({ plugin_id: id(i), silent: true });
    expect((await fleet.guard()).storm).toBe(false);
    await fleet.presence({ plugin_id: id(4), silent: true });
    await fleet.presence({ plugin_id: "plg_stranger", silent: true });
    expect((await fleet.guard()).storm).toBe(true);
    await evictDurableObject(stub);
    expect((await fleet.guard()).storm).toBe(true);
    for (let i = 0; i < 3; i++) await fleet.presence({ plugin_id: id(i), silent: false });
    expect((await fleet.guard()).storm).toBe(true);
    await fleet.presence({ plugin_id: id(3), silent: false });
    expect((await fleet.guard()).storm).toBe(false);
  });

  it("counts an action once per attempt", async () => {
    const { fleet } = aFleet();
    for (const attempt of ["att_1", "att_1", "att_2"]) await fleet.countAction(attempt);
    expect((await fleet.guard()).actions_last_hour).toBe(2);
  });

  it("downgrades autonomy on its outcomes, each attempt counted once and cancelled ones not at all", async () => {
    const { fleet } = aFleet();
    for (let i = 0; i < 19; i++) await fleet.attemptFinished({ attempt_id: `att_${i}`, outcome: "success" });
    for (let i = 0; i < 5; i++) await fleet.attemptFinished({ attempt_id: "att_0", outcome: "rolled_back" });
    await fleet.attemptFinished({ attempt_id: "att_c", outcome: "cancelled" });
    expect((await fleet.guard()).autonomy).toBe("normal");
    await fleet.attemptFinished({ attempt_id: "att_19", outcome: "rolled_back" });
    expect(await fleet.guard()).toMatchObject({ autonomy: "degraded" });
  });
});

describe("sweep", () => {
  it("takes busy plugins every time and the others in rotation, across evictions", async () => {
    const { fleet, stub } = await aFleetOf(7);
    await fleet.busy({ plugin_id: id(5), busy: true });
    await fleet.busy({ plugin_id: "plg_stranger", busy: true });
    expect(await fleet.sweepBatch(4)).toEqual([id(5), id(0), id(1), id(2)]);
    await evictDurableObject(stub);
    expect(await fleet.sweepBatch(4)).toEqual([id(5), id(3), id(4)]);
    expect(await fleet.sweepBatch(4)).toEqual([id(5), id(6), id(0), id(1)]);
    await fleet.busy({ plugin_id: id(5), busy: false });
    expect(await fleet.sweepBatch(3)).toEqual([id(2), id(3), id(4)]);
  });

  it("reaches every busy plugin when there are more than fit in a batch", async () => {
    const { fleet } = await aFleetOf(5);
    for (let i = 0; i < 5; i++) await fleet.busy({ plugin_id: id(i), busy: true });
    const seen = [
      ...(await fleet.sweepBatch(2)),
      ...(await fleet.sweepBatch(2)),
      ...(await fleet.sweepBatch(2)),
    ];
    expect(new Set(seen).size).toBe(5);
  });

  it("is empty for an empty fleet", async () => {
    expect(await aFleet().fleet.sweepBatch(10)).toEqual([]);
  });
});
