import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { FleetIncident } from "../../src/contract/fleet-incident.ts";
import type { EvidenceReport, FleetRpc, SignalReport } from "../../src/contract/rpc/fleet.ts";
import type { PolicyRpc } from "../../src/contract/rpc/policy.ts";
import type { ReleaseRpc } from "../../src/contract/rpc/release.ts";
import { SHOP_CAP } from "../../src/core/fleet/cohort.ts";
import type { StormState } from "../../src/core/fleet/storm.ts";
import { CALM_MS, stormTest } from "../../src/core/fleet/storm-tests.ts";
import { aRelease, pluginId } from "../builders/ledger.ts";
import { PATIENCE } from "../builders/patience.ts";
import { bindings } from "./bindings.ts";

let fleets = 0;
function aFleet() {
  fleets += 1;
  const stub = bindings.FLEET.getByName(`fleet-${fleets}`);
  return { stub, fleet: stub as unknown as FleetRpc };
}
const anEnrolment = (number: number, overrides: { nonce?: string; nonce_expires_at?: string } = {}) => ({
  plugin_id: pluginId(number),
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
    expect((await fleet.guard()).autonomy).toBe("normal");
    await fleet.attemptFinished({ attempt_id: "att_20", outcome: "rolled_back" });
    expect((await fleet.guard()).autonomy).toBe("degraded");
  });
});

/** What waits in the outbox, or has left it: the test's Postgres takes nothing, so that rows of the ledger stay. */
async function outboxOf(stub: DurableObjectStub) {
  return runInDurableObject(stub, (_, state) =>
    state.storage.sql
      .exec<{ kind: string; body: string }>("SELECT kind, body FROM outbox ORDER BY id")
      .toArray()
      .map(({ kind, body }) => ({ kind, body: JSON.parse(body) })),
  );
}
async function incidentsOf(stub: DurableObjectStub): Promise<FleetIncident[]> {
  const rows = await outboxOf(stub);
  return rows.flatMap(({ kind, body }) =>
    kind === "ledger" && body.kind === "fleet_incident" ? [FleetIncident.parse(body.row)] : [],
  );
}
/** As if `ms` had passed since the storm's last change. */
async function letStormAge(stub: DurableObjectStub, ms: number, key = "storm_state") {
  await runInDurableObject(stub, (_, state) => {
    const storm = state.storage.kv.get<StormState>(key);
    if (storm?.storm?.calmSince) storm.storm.calmSince -= ms;
    state.storage.kv.put(key, storm);
  });
}

describe("a storm", () => {
  it("is one fleet incident with its plugins, held over an eviction, and ends by itself once contact has been back a while", async () => {
    const { fleet, stub } = await aFleetOf(20);
    for (let i = 0; i < 4; i++) await fleet.presence({ plugin_id: id(i), silent: true });
    expect((await fleet.guard()).storm).toBe(false);
    await fleet.presence({ plugin_id: id(4), silent: true });
    await fleet.presence({ plugin_id: id(4), silent: true });
    await fleet.presence({ plugin_id: "plg_stranger", silent: true });
    expect(await fleet.guard()).toMatchObject({
      storm: true,
      explanation: expect.stringContaining("5 of 20 plugins are silent"),
    });
    const [opened] = await incidentsOf(stub);
    expect(opened).toMatchObject({
      id: "fli_1",
      kind: "storm",
      key: "storm",
      status: "open",
      plugin_count: 5,
    });
    expect(opened?.signal).toMatchObject({ value: 5, bound: 5, sample: 20 });
    await evictDurableObject(stub);
    for (let i = 5; i < 20; i++) await fleet.presence({ plugin_id: id(i), silent: true });
    expect((await fleet.guard()).storm).toBe(true);
    for (let i = 0; i < 20; i++) await fleet.presence({ plugin_id: id(i), silent: false });
    expect((await fleet.guard()).storm).toBe(true);
    await letStormAge(stub, CALM_MS);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect((await fleet.guard()).storm).toBe(false);
    const rows = await incidentsOf(stub);
    expect(new Set(rows.map((row) => row.id))).toEqual(new Set(["fli_1"]));
    expect(rows.at(-1)).toMatchObject({
      status: "resolved",
      plugin_count: 20,
      resolution: expect.stringContaining("Contact is back"),
    });
    const audit = (await outboxOf(stub))
      .filter(({ body }) => body.kind === "audit")
      .map(({ body }) => body.row.action);
    expect(audit).toEqual(["fleet_incident.opened", "fleet_incident.resolved"]);
  });

  it("goes on when earlier code found it, and becomes an incident then", async () => {
    const { fleet, stub } = await aFleetOf(20);
    await runInDurableObject(stub, (_, state) => {
      state.storage.kv.put("storm", true);
      state.storage.sql.exec(
        "INSERT INTO silent (plugin_id, since) SELECT id, ? FROM plugins LIMIT 9",
        Date.now() - 3_600_000,
      );
    });
    expect((await fleet.guard()).storm).toBe(true);
    expect(await incidentsOf(stub)).toMatchObject([{ id: "fli_1", status: "open", plugin_count: 9 }]);
  });

  it("does not begin again for those that went silent during it", async () => {
    const { fleet, stub } = await aFleetOf(20);
    for (let i = 0; i < 10; i++) await fleet.presence({ plugin_id: id(i), silent: true });
    for (let i = 0; i < 10; i++) await fleet.presence({ plugin_id: id(i), silent: false });
    await letStormAge(stub, CALM_MS);
    expect((await fleet.guard()).storm).toBe(false);
    await fleet.presence({ plugin_id: id(11), silent: true });
    expect((await fleet.guard()).storm).toBe(false);
    expect((await incidentsOf(stub)).filter(({ revision }) => revision === 1)).toHaveLength(1);
  });
});

describe("a storm of another signal", () => {
  const WEBHOOKS = "webhook_fail_rate" as const;
  const signal = (
    fleet: FleetRpc,
    shop: number,
    open: boolean,
    runs: { version?: string; platform_version?: string | null; type?: SignalReport["type"] } = {},
  ) =>
    fleet.signal({
      plugin_id: id(shop),
      type: WEBHOOKS,
      version: "1.3.0",
      platform_version: null,
      open,
      ...runs,
    });

  it("is one fleet incident that names it, spread over versions, and is over when the signal is", async () => {
    const { fleet, stub } = await aFleetOf(20);
    for (let i = 0; i < 5; i++) await signal(fleet, i, true, { version: "1.2.0" });
    for (let i = 5; i < 9; i++) await signal(fleet, i, true);
    expect(await fleet.guard()).toMatchObject({ storm: false, storms: [] });
    await signal(fleet, 9, true);
    await signal(fleet, 9, true);
    await fleet.signal({
      plugin_id: "plg_stranger",
      type: WEBHOOKS,
      version: "1",
      platform_version: null,
      open: true,
    });
    const guard = await fleet.guard();
    expect(guard).toMatchObject({
      storm: true,
      storms: [
        { type: WEBHOOKS, explanation: expect.stringContaining("10 of 20 plugins fail in their webhooks") },
      ],
    });
    expect(guard.explanation).toContain("10 of 20 plugins fail in their webhooks");
    const [opened] = await incidentsOf(stub);
    expect(opened).toMatchObject({ kind: "storm", key: "storm:webhook_fail_rate", plugin_count: 10 });
    expect(opened?.signal).toMatchObject({
      type: "storm_webhook_fail_rate",
      value: 10,
      sample: 20,
      window_s: 900,
    });
    await evictDurableObject(stub);
    for (let i = 0; i < 10; i++) await signal(fleet, i, false, { version: "1.2.0" });
    expect((await fleet.guard()).storm).toBe(true);
    await letStormAge(stub, stormTest(WEBHOOKS).calmMs, "storm_state:webhook_fail_rate");
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await fleet.guard()).toMatchObject({ storm: false, storms: [] });
    const rows = await incidentsOf(stub);
    expect(new Set(rows.map((row) => row.id))).toEqual(new Set(["fli_1"]));
    expect(rows.at(-1)).toMatchObject({
      status: "resolved",
      resolution: expect.stringContaining("subsided"),
    });
  });

  it("is none when one version accounts for it: that is a bad release, and the guard says so", async () => {
    const { fleet, stub } = await aFleetOf(20);
    for (let i = 0; i < 15; i++) await signal(fleet, i, true);
    const guard = await fleet.guard();
    expect(guard.storm).toBe(false);
    expect(guard.explanation).toContain("beside the largest cohort");
    expect(await incidentsOf(stub)).toEqual([]);
  });

  it("is none when one platform's version accounts for it, nor beside another signal", async () => {
    const { fleet } = await aFleetOf(30);
    for (let i = 0; i < 12; i++)
      await signal(fleet, i, true, { version: `1.${i}.0`, platform_version: "9.5" });
    for (let i = 12; i < 16; i++) await signal(fleet, i, true, { type: "error_spike" });
    for (let i = 16; i < 20; i++) await signal(fleet, i, true, { type: "new_error", version: "1.2.0" });
    expect(await fleet.guard()).toMatchObject({ storm: false, storms: [] });
  });

  it("counts the shops of an open cohort as explained", async () => {
    const { fleet, stub } = await aFleetOf(30);
    for (let i = 0; i < 3; i++)
      await fleet.evidence({
        plugin_id: id(i),
        number: 1,
        version: "1.1.0",
        platform_version: null,
        trials: 5,
        failures: 5,
        held: SHOP_CAP,
      });
    expect(await incidentsOf(stub)).toMatchObject([{ kind: "cohort", version: "1.1.0" }]);
    for (let i = 0; i < 8; i++) await signal(fleet, i, true, { version: "1.1.0" });
    for (let i = 8; i < 16; i++) await signal(fleet, i, true);
    expect((await fleet.guard()).storm).toBe(false);
    for (let i = 16; i < 21; i++) await signal(fleet, i, true, { version: "1.4.0" });
    expect((await fleet.guard()).storm).toBe(true);
  });
});

describe("cohorts", () => {
  let products = 0;
  /** Shops on the roster of a product of their own, whose catalogue is a real ReleaseObject. */
  async function shopsOf(size: number) {
    products += 1;
    const product = `cohort-shop-${products}`;
    const { fleet, stub } = aFleet();
    for (let i = 0; i < size; i++) await fleet.enroll({ ...anEnrolment(i), product });
    // The namespace's own stub type loses unions; the class implements the contract's interface.
    const releases = bindings.RELEASE.getByName(product) as unknown as ReleaseRpc;
    for (const version of ["1.2.0", "1.3.0"])
      expect((await releases.publish(aRelease({ product, version }))).ok).toBe(true);
    const numbers = new Map<number, number>();
    const report = (shop: number, trials: number, failures: number, over: Partial<EvidenceReport> = {}) => {
      numbers.set(shop, (numbers.get(shop) ?? 0) + 1);
      return fleet.evidence({
        plugin_id: pluginId(shop),
        number: numbers.get(shop) ?? 1,
        version: "1.3.0",
        platform_version: "9.1",
        trials,
        failures,
        held: failures > 0 ? SHOP_CAP : 0,
        ...over,
      });
    };
    const standing = async (version: string) =>
      (await releases.list()).find((release) => release.version === version)?.status;
    return { fleet, stub, product, report, standing };
  }

  it("are one incident with its shops, which halts the release it blames and no other", async () => {
    const { stub, product, report, standing } = await shopsOf(6);
    await report(0, 3, 3);
    await report(1, 3, 3);
    await report(0, 30, 30);
    expect(await incidentsOf(stub)).toEqual([]);
    await report(2, 3, 3);
    await expect.poll(() => standing("1.3.0"), PATIENCE).toBe("halted");
    expect(await standing("1.2.0")).toBe("active");
    const incidents = await incidentsOf(stub);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({
      kind: "cohort",
      key: `cohort:version:${product}@1.3.0`,
      version: "1.3.0",
      platform_version: null,
      plugins: [pluginId(0), pluginId(1), pluginId(2)],
      plugin_count: 3,
    });
    expect(incidents[0]?.signal.explanation).toContain(`in 3 shops of ${product} 1.3.0`);
  });

  it("count a repeated report once, and none of a stranger", async () => {
    const { stub, report, fleet } = await shopsOf(3);
    await report(0, 3, 3);
    for (let i = 0; i < 5; i++) await report(1, 3, 3, { number: 1 });
    await report(7, 3, 3);
    expect(await incidentsOf(stub)).toEqual([]);
    await evictDurableObject(stub);
    await report(2, 3, 3);
    expect(await incidentsOf(stub)).toHaveLength(1);
    expect((await fleet.guard()).storm).toBe(false);
  });

  it("blame no release while another version fails alike", async () => {
    const { stub, report, standing } = await shopsOf(6);
    const other = { version: "1.2.0", platform_version: null };
    await report(0, 3, 3, other);
    await report(1, 3, 3, other);
    for (const shop of [2, 3, 4]) await report(shop, 3, 3);
    const incidents = await incidentsOf(stub);
    expect(incidents.map(({ version }) => version)).toContain("1.3.0");
    expect(incidents[0]?.signal.explanation).toContain("other versions fail alike");
    expect(await standing("1.3.0")).toBe("active");
  });

  it("are of a platform's version when shops of several releases fail on it", async () => {
    const { stub, report, standing, product } = await shopsOf(6);
    const versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
    for (const [shop, version] of versions.entries()) await report(shop, 3, 3, { version });
    const incidents = await incidentsOf(stub);
    expect(incidents.map(({ key }) => key)).toEqual([`cohort:platform:${product}@9.1`]);
    expect(incidents[0]).toMatchObject({ version: null, platform_version: "9.1" });
    expect(await standing("1.3.0")).toBe("active");
  });

  it("are over when their shops deliver again or have left the version, and forget versions that nobody runs", async () => {
    const { stub, report, product } = await shopsOf(4);
    for (const shop of [0, 1, 2, 3]) await report(shop, 3, 3);
    await report(0, 30, 0);
    await report(1, 30, 0);
    await report(0, 0, 0, { version: "1.2.0" });
    await report(1, 0, 0, { version: "1.2.0" });
    await report(2, 0, 0, { version: "1.2.0" });
    expect((await incidentsOf(stub)).at(-1)).toMatchObject({ status: "open" });
    await report(3, 0, 0, { version: "1.2.0" });
    const rows = await incidentsOf(stub);
    expect(rows.at(-1)).toMatchObject({ id: "fli_1", status: "resolved" });
    const left = await runInDurableObject(stub, (_, state) =>
      state.storage.sql
        .exec<{ key: string }>("SELECT key FROM cohorts UNION ALL SELECT 'held: ' || key FROM cohort_shops")
        .toArray()
        .map(({ key }) => key),
    );
    expect(left).toEqual([`cohort:platform:${product}@9.1`, `cohort:version:${product}@1.2.0`]);
  });

  it("take off what is due from shops that say nothing, also after an eviction", async () => {
    const { stub, report, product } = await shopsOf(5);
    for (const shop of [0, 1, 2, 3, 4])
      await report(shop, 100, 0, { per_hour: 36_000, platform_version: null });
    await report(0, 1, 1, { held: 2, per_hour: 36_000, platform_version: null });
    await evictDurableObject(stub);
    await runInDurableObject(stub, (_, state) => {
      // As if ten seconds had passed: 500 deliveries are due by then.
      state.storage.sql.exec(
        "UPDATE cohorts SET state = json_set(state, '$.drainedAt', json_extract(state, '$.drainedAt') - 10000)",
      );
    });
    await report(1, 1, 1, { held: 2, per_hour: 36_000, platform_version: null });
    const cohort = await runInDurableObject(stub, (_, state) => {
      const [row] = state.storage.sql
        .exec<{ state: string }>("SELECT state FROM cohorts WHERE key = ?", `cohort:version:${product}@1.3.0`)
        .toArray();
      return JSON.parse(row?.state ?? "{}");
    });
    expect(cohort).toMatchObject({ members: 5, perHour: 180_000, sum: 2, failures: 1, shops: 2, held: 4 });
  });

  it("forget evidence of a day ago by alarm", async () => {
    const { stub, report } = await shopsOf(3);
    for (const shop of [0, 1, 2]) await report(shop, 3, 3);
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE cohort_shops SET at = 1");
    });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect((await incidentsOf(stub)).at(-1)).toMatchObject({ status: "resolved" });
  });
});

describe("people are told", () => {
  const ada = { id: "ada", name: "Ada", roles: ["admin" as const] };
  /** Notices as they went to the ledger, which takes nothing in this test. */
  const noticesOf = async (stub: DurableObjectStub) =>
    (await outboxOf(stub))
      .filter(({ kind, body }) => kind === "ledger" && body.kind === "notification")
      .map(({ body }) => `${body.row.id} ${body.row.kind}`);
  const asked = async (stub: DurableObjectStub) =>
    (await outboxOf(stub)).filter(({ kind }) => kind === "incident_notice").length;
  async function aCohort(product: string) {
    const { fleet, stub } = aFleet();
    for (let i = 0; i < 3; i++) await fleet.enroll({ ...anEnrolment(i), product });
    const report = (shop: number, number: number, failures: number) =>
      fleet.evidence({
        plugin_id: id(shop),
        number,
        version: "1.3.0",
        platform_version: null,
        trials: failures > 0 ? failures : 50,
        failures,
        held: failures > 0 ? SHOP_CAP : 0,
      });
    for (let i = 0; i < 3; i++) await report(i, 1, 3);
    return { stub, end: async () => Promise.all([0, 1, 2].map((shop) => report(shop, 2, 0))) };
  }

  it("when a cohort begins and when it is over, once each", async () => {
    const { stub, end } = await aCohort("told-product");
    await expect.poll(() => noticesOf(stub), PATIENCE).toEqual(["fli_1.opened fleet_incident_opened"]);
    await end();
    await expect
      .poll(() => noticesOf(stub), PATIENCE)
      .toEqual(["fli_1.opened fleet_incident_opened", "fli_1.resolved fleet_incident_closed"]);
  });

  it("of neither while the policy mutes the product: it is recorded all the same", async () => {
    const policy = bindings.POLICY.getByName("policy") as unknown as PolicyRpc;
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const mutes = [{ product: "muted-product", until, reason: "known outage" }];
    const { revision } = await policy.read();
    expect((await policy.patch({ revision, reason: "known outage", patch: { mutes } }, ada)).ok).toBe(true);
    const { stub, end } = await aCohort("muted-product");
    await expect.poll(() => asked(stub), PATIENCE).toBe(0);
    await policy.patch({ revision: revision + 1, reason: "over", patch: { mutes: [] } }, ada);
    await end();
    await expect.poll(async () => (await incidentsOf(stub)).at(-1)?.status, PATIENCE).toBe("resolved");
    await expect.poll(() => asked(stub), PATIENCE).toBe(0);
    expect(await noticesOf(stub)).toEqual([]);
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
