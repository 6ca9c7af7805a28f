import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/contract/decision.ts";
import { FleetStanding } from "../../../src/contract/guard.ts";
import type { FinishedReport, FleetRpc } from "../../../src/contract/rpc/fleet.ts";
import { pluginId } from "../../builders/ledger.ts";
import { PATIENCE } from "../../builders/patience.ts";
import { bindings } from "../bindings.ts";
import { ANNA, attemptOf } from "./scripted-fleet.ts";

let fleets = 0;
function aFleet() {
  fleets += 1;
  const stub = bindings.FLEET.getByName(`budget-fleet-${fleets}`);
  // The namespace's own stub type loses unions; the class implements the contract's interface.
  return { stub, fleet: stub as unknown as FleetRpc };
}
async function outboxOf(stub: DurableObjectStub, kind: string) {
  return runInDurableObject(stub, (_, state) =>
    state.storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = ? ORDER BY id", kind)
      .toArray()
      .map(({ body }) => JSON.parse(body)),
  );
}
const auditOf = async (stub: DurableObjectStub) =>
  (await outboxOf(stub, "ledger")).flatMap((record) => (record.kind === "audit" ? [record.row] : []));

describe("the hourly budget", () => {
  const ask = (fleet: FleetRpc, attempt: string, limit = 10) =>
    fleet.guard({ attempt_id: attempt, limit }).then(({ actions_last_hour }) => actions_last_hour < limit);

  it("has no more places than its limit for any number of attempts that ask at once", async () => {
    const { fleet } = aFleet();
    const asked = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(fleet, `att_${i}`)));
    expect(asked.filter(Boolean)).toHaveLength(10);
    expect((await fleet.guard()).actions_last_hour).toBe(10);
  });

  it("keeps the place of an attempt that asks again, and counts it once when its command has left", async () => {
    const { fleet, stub } = aFleet();
    for (let i = 0; i < 10; i++) expect(await ask(fleet, `att_${i}`)).toBe(true);
    await evictDurableObject(stub);
    expect(await ask(fleet, "att_3")).toBe(true);
    await fleet.countAction("att_3");
    await fleet.countAction("att_3");
    expect(await ask(fleet, "att_10")).toBe(false);
    expect((await fleet.guard()).actions_last_hour).toBe(10);
  });

  it("takes a place back from an attempt that ended before its command left, and from no other", async () => {
    const { fleet } = aFleet();
    for (let i = 0; i < 10; i++) await ask(fleet, `att_${i}`);
    await fleet.countAction("att_0");
    for (const attempt of ["att_0", "att_1"])
      await fleet.attemptFinished({ attempt_id: attempt, outcome: "cancelled", ending: "cancelled" });
    expect((await fleet.guard()).actions_last_hour).toBe(9);
    expect(await ask(fleet, "att_10")).toBe(true);
    expect(await ask(fleet, "att_11")).toBe(false);
  });

  it("gives no place away while something else holds automatic changes back", async () => {
    const { fleet } = aFleet();
    for (let i = 0; i < 2; i++)
      await fleet.attemptFinished({ attempt_id: `att_bad_${i}`, outcome: "rolled_back", automatic: true });
    expect(await fleet.guard({ attempt_id: "att_1", limit: 10 })).toMatchObject({ autonomy: "degraded" });
    expect((await fleet.guard()).actions_last_hour).toBe(0);
  });

  it("takes a place back from an attempt that is called back, and not once its command has left", async () => {
    const { fleet } = aFleet();
    for (const attempt of ["att_1", "att_2"]) await ask(fleet, attempt);
    await fleet.countAction("att_1");
    for (const attempt of ["att_1", "att_2"]) await fleet.giveBackAction(attempt);
    expect((await fleet.guard()).actions_last_hour).toBe(1);
  });

  it("counts what people allowed beyond it", async () => {
    const { fleet } = aFleet();
    for (let i = 0; i < 12; i++) await fleet.countAction(`att_${i}`);
    expect((await fleet.guard()).actions_last_hour).toBe(12);
  });
});

describe("the autonomy budget", () => {
  const end = (attempt: string, outcome: Outcome, more: Partial<FinishedReport> = {}): FinishedReport => ({
    attempt_id: attempt,
    outcome,
    automatic: true,
    ...more,
  });
  async function spent() {
    const made = aFleet();
    for (let i = 0; i < 2; i++) await made.fleet.attemptFinished(end(`att_bad_${i}`, "rolled_back"));
    return made;
  }

  it("is spent once, told once, and stays spent over an eviction and a hundred successes", async () => {
    const { fleet, stub } = await spent();
    await evictDurableObject(stub);
    for (let i = 0; i < 100; i++) await fleet.attemptFinished(end(`att_good_${i}`, "success"));
    const { autonomy, explanation } = await fleet.guard();
    expect(autonomy).toBe("degraded");
    expect(explanation).toMatch(
      /automatic changes ask a person since .*0 of 2 automatic attempts succeeded, 2 rolled back/,
    );
    const audit = await auditOf(stub);
    expect(audit.map(({ action, actor }) => [action, actor])).toEqual([["autonomy.downgraded", "vigie"]]);
    const notices = (await outboxOf(stub, "ledger")).filter(({ kind }) => kind === "notification");
    expect(notices.map(({ row }) => [row.kind, row.urgency])).toEqual([["autonomy_downgraded", "page"]]);
  });

  it("is restored by a person with a reason; what had finished counts no more, what comes does", async () => {
    const { fleet, stub } = await spent();
    const restored = await fleet.restoreAutonomy("the release is blocked", ANNA);
    expect(restored.ok && FleetStanding.parse(restored.value).autonomy).toMatchObject({
      state: "normal",
      finished: 0,
      restored: { by: "anna", reason: "the release is blocked" },
    });
    expect((await auditOf(stub)).at(-1)).toMatchObject({
      action: "autonomy.restored",
      actor: "anna",
      data: { reason: "the release is blocked" },
    });
    await fleet.attemptFinished(end("att_bad_0", "rolled_back"));
    await fleet.attemptFinished(end("att_new_0", "rolled_back"));
    expect((await fleet.guard()).autonomy).toBe("normal");
    await fleet.attemptFinished(end("att_new_1", "rolled_back"));
    expect((await fleet.standing()).autonomy).toMatchObject({ state: "degraded", rolled_back: 2 });
  });

  it("has nothing to restore while it is not spent", async () => {
    const { fleet, stub } = aFleet();
    expect(await fleet.restoreAutonomy("just in case", ANNA)).toMatchObject({
      ok: false,
      refusal: { reason: "conflict" },
    });
    expect(await auditOf(stub)).toEqual([]);
  });

  it("counts only what Vigie chose; reports of earlier versions, which do not say, as before", async () => {
    const { fleet } = aFleet();
    for (let i = 0; i < 5; i++)
      await fleet.attemptFinished(end(`att_manual_${i}`, "rolled_back", { automatic: false }));
    await fleet.attemptFinished(end("att_1", "success"));
    await fleet.attemptFinished({ attempt_id: "att_2", outcome: "success" });
    expect((await fleet.standing()).autonomy).toMatchObject({ state: "normal", finished: 2, success: 2 });
  });

  it("counts a success that is taken back as rolled back, and the taking back as no success", async () => {
    const { fleet } = aFleet();
    for (const attempt of ["att_1", "att_2"]) await fleet.attemptFinished(end(attempt, "success"));
    for (const attempt of ["att_1", "att_2"])
      await fleet.attemptFinished(end(`${attempt}_back`, "success", { ending: "success", reverts: attempt }));
    expect((await fleet.standing()).autonomy).toMatchObject({
      state: "degraded",
      finished: 2,
      success: 0,
      rolled_back: 2,
    });
  });

  it("counts a success that turned out otherwise as what it is", async () => {
    const { fleet } = aFleet();
    await fleet.attemptFinished(end("att_1", "success"));
    const later = end("att_1", "failed", { revised: true });
    await fleet.attemptFinished(later);
    await fleet.attemptFinished(later);
    expect((await fleet.standing()).autonomy).toMatchObject({ finished: 1, success: 0 });
  });
});

describe("attempts that the fleet knows of", () => {
  async function aFleetWith(shops: number) {
    const made = aFleet();
    for (let shop = 0; shop < shops; shop++)
      await made.fleet.enroll({
        plugin_id: pluginId(shop),
        product: "demo-pay",
        merchant_id: `m${shop}`,
        nonce: `nonce-${shop}`,
        nonce_expires_at: new Date(Date.now() + 60_000).toISOString(),
      });
    return made;
  }
  const report = (shop: number, phase: "waiting" | "handed_over" | "applied") => ({
    plugin_id: pluginId(shop),
    attempt_id: attemptOf(shop),
    phase,
    action: "patch" as const,
    subject: "1.2.3",
    automatic: true,
    takes_back: false,
    at: Date.now(),
  });
  const planned = async (fleet: FleetRpc) => {
    const waves = { wave_size: 25, wave_growth: 2, pause_s: 0, stop_failed_percent: 20 };
    const plan = await fleet.rollbackSince({ minutes: 60, ...waves, reason: "to look" }, ANNA);
    return plan.ok ? plan.value : null;
  };

  it("are those in place: a success stays, what went back or was taken back does not", async () => {
    const { fleet } = await aFleetWith(5);
    for (let shop = 0; shop < 5; shop++) await fleet.attempt(report(shop, "applied"));
    const ended = (shop: number, outcome: Outcome, more: Partial<FinishedReport>) =>
      fleet.attemptFinished({ attempt_id: attemptOf(shop), outcome, ...more });
    await ended(0, "success", { ending: "success" });
    await ended(1, "rolled_back", { ending: "rolled_back" });
    await ended(2, "failed", { ending: "failed" });
    await ended(3, "success", { ending: "success" });
    await ended(0, "failed", { revised: true });
    await fleet.attemptFinished({
      attempt_id: attemptOf(3, 2),
      outcome: "success",
      ending: "success",
      reverts: attemptOf(3),
    });
    // One of them is under watch still.
    expect((await fleet.standing()).attempts).toEqual({ waiting: 0, handed_over: 0, watched: 1 });
    const plan = await planned(fleet);
    const detail = await fleet.emergency(plan?.id ?? "", { after: 0 });
    const shops = detail.ok ? detail.value.targets.map(({ merchant_id }) => merchant_id).sort() : null;
    expect(shops).toEqual(["m0", "m2", "m4"]);
  });

  it("are counted by whether a shop has them, and forgotten a week after they were applied", async () => {
    const { fleet, stub } = await aFleetWith(3);
    await fleet.attempt(report(0, "waiting"));
    await fleet.attempt(report(1, "waiting"));
    await fleet.attempt(report(1, "handed_over"));
    await fleet.attempt({ ...report(2, "applied"), at: Date.now() - 8 * 86_400_000 });
    expect((await fleet.standing()).attempts).toEqual({ waiting: 1, handed_over: 1, watched: 1 });
    expect((await fleet.underWay(2)).map(({ phase, version }) => [phase, version])).toEqual([
      ["applied", "1.2.3"],
      ["waiting", "1.2.3"],
    ]);
    await runDurableObjectAlarm(stub);
    const left = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec<{ id: string }>("SELECT id FROM attempts ORDER BY id").toArray(),
    );
    expect(left.map(({ id }) => id)).toEqual([attemptOf(0), attemptOf(1)]);
  });

  it("are ordered back through their plugins' objects, by alarm when nobody else goes on", async () => {
    const { fleet, stub } = await aFleetWith(2);
    for (const shop of [0, 1]) await fleet.attempt(report(shop, "applied"));
    const plan = await planned(fleet);
    if (plan === null) throw new Error("no plan");
    const answer = { digest: plan.digest, targets: plan.counts.targets };
    const running = await fleet.confirmEmergency(plan.id, answer, ANNA);
    expect(running.ok && running.value.status).toBe("running");
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    // These plugins never enrolled in their objects: each is skipped, with the reason.
    await expect
      .poll(async () => {
        const detail = await fleet.emergency(plan.id, { after: 0 });
        return detail.ok ? [detail.value.status, detail.value.counts.skipped] : null;
      }, PATIENCE)
      .toEqual(["done", 2]);
  });
});
