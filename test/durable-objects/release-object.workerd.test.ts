import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { releasesOf } from "../../durable-objects/stubs.ts";
import { LedgerRecord } from "../../src/contract/ledger.ts";
import type { ReleaseRecord } from "../../src/contract/ops.ts";
import { defaultPolicyDocument, type PolicyDocument } from "../../src/contract/policy.ts";
import type { ReleaseRpc } from "../../src/contract/rpc/release.ts";
import { PATIENCE } from "../builders/patience.ts";
import { bindings } from "./bindings.ts";

const ada = { id: "ada", name: "Ada", roles: ["admin" as const] };
const canary = { ...defaultPolicyDocument().canary, stages: [{ percent: 100 }], in_flight: 3, bake_s: 0 };
const ledgerOf = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_, state) =>
    state.storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = 'ledger' ORDER BY id")
      .toArray()
      .map((row) => LedgerRecord.parse(JSON.parse(row.body))),
  );

function aRelease(overrides: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    revision: 1,
    product: "demo-pay",
    version: "1.2.3",
    sha256: "a".repeat(64),
    size: 1000,
    min_from: "1.0.0",
    reversible: true,
    expires: "2099-01-01T00:00:00Z",
    status: "active",
    signed: { manifest: "{}", signatures: [{ key_id: "k", signature: "AAAA" }] },
    notes: "",
    published_by: "ada",
    published_at: "2026-11-22T12:00:00Z",
    ...overrides,
  };
}

let products = 0;
async function aCatalogue(...releases: ReleaseRecord[]) {
  products += 1;
  const name = `product-${products}`;
  const catalogue = releasesOf(bindings, name);
  for (const release of releases) await catalogue.publish(release);
  return { name, stub: bindings.RELEASE.getByName(name), catalogue };
}
const anAdmission = (number: number, overrides: { canary?: PolicyDocument["canary"] } = {}) => ({
  version: "1.2.3",
  plugin_id: `plg_${number}`,
  attempt_id: `att_${number}`,
  canary,
  ...overrides,
});

describe("release catalogue", () => {
  it("lists newest first and keeps releases across an eviction", async () => {
    const { catalogue, stub } = await aCatalogue(
      aRelease({ version: "1.2.9" }),
      aRelease({ version: "1.2.10" }),
      aRelease(),
    );
    await evictDurableObject(stub);
    expect((await catalogue.list()).map((release) => release.version)).toEqual(["1.2.10", "1.2.9", "1.2.3"]);
  });

  it("takes the same file again and refuses another under the same version", async () => {
    const { catalogue } = await aCatalogue(aRelease());
    expect(await catalogue.publish(aRelease({ notes: "again" }))).toEqual({ ok: true, value: aRelease() });
    expect(await catalogue.publish(aRelease({ sha256: "b".repeat(64) }))).toMatchObject({
      ok: false,
      refusal: { reason: "conflict" },
    });
    expect(await catalogue.list()).toEqual([aRelease()]);
  });

  it("changes a status with reason and author, once, into the outbox", async () => {
    const { catalogue, stub } = await aCatalogue(aRelease());
    expect(await catalogue.setStatus("9.9.9", "blocked", "gone", ada)).toMatchObject({
      ok: false,
      refusal: { reason: "not_found" },
    });
    await catalogue.setStatus("1.2.3", "blocked", "bad signature on receipts", ada);
    await catalogue.setStatus("1.2.3", "blocked", "again", ada);
    const rows = await ledgerOf(stub);
    expect(
      rows.map(({ kind, row }) => [
        kind,
        "status" in row
          ? row.status
          : "id" in row
            ? row.id.slice(0, "release:demo-pay@1.2.3:1".length)
            : null,
      ]),
    ).toEqual([
      ["release", "active"],
      ["audit", "release:demo-pay@1.2.3:1"],
      ["release", "blocked"],
      ["audit", "release:demo-pay@1.2.3:2"],
    ]);
    expect(rows[3]?.row).toMatchObject({
      actor: "ada",
      action: "release.blocked",
      data: { reason: "bad signature on receipts", from: "active" },
    });
  });
});

describe("release admission", () => {
  it("gives no slot to an attempt whose end was reported first", async () => {
    const { catalogue } = await aCatalogue(aRelease());
    await catalogue.finish({ version: "1.2.3", attempt_id: "att_late", outcome: "cancelled" });
    const request = {
      version: "1.2.3",
      plugin_id: "plg_1",
      attempt_id: "att_late",
      canary: defaultPolicyDocument().canary,
    };
    expect(await catalogue.admit(request)).toMatchObject({ admitted: false });
  });

  it("knows only what was published", async () => {
    const { catalogue } = await aCatalogue();
    expect(await catalogue.admit(anAdmission(1))).toMatchObject({ admitted: false, status: "unknown" });
  });

  it("never lets more in flight than the limit, however many ask at once", async () => {
    const { catalogue, stub } = await aCatalogue(aRelease());
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => catalogue.admit(anAdmission(i))));
    expect(answers.filter((answer) => answer.admitted)).toHaveLength(3);
    await evictDurableObject(stub);
    expect(await catalogue.check(anAdmission(99))).toMatchObject({
      admitted: false,
      stage: "100 % of shops",
      observed: "3 in flight",
      bound: "fewer than 3 in flight",
    });
  });

  it("gives an attempt one slot, takes it back once, and none for a check", async () => {
    const { catalogue } = await aCatalogue(aRelease());
    for (const number of [1, 1, 1, 2]) await catalogue.admit(anAdmission(number));
    for (let i = 0; i < 5; i++) await catalogue.check(anAdmission(3));
    expect(await catalogue.admit(anAdmission(3))).toMatchObject({ admitted: true });
    await catalogue.finish({ version: "1.2.3", attempt_id: "att_1", outcome: "success" });
    await catalogue.finish({ version: "1.2.3", attempt_id: "att_1", outcome: "failed" });
    await catalogue.finish({ version: "1.2.3", attempt_id: "att_unknown", outcome: "failed" });
    expect(await catalogue.admit(anAdmission(4))).toMatchObject({ admitted: true });
    expect(await catalogue.admit(anAdmission(5))).toMatchObject({ admitted: false });
  });

  it("walks from the first shops to a share by successes", async () => {
    const staged = { ...canary, in_flight: 10, stages: [{ shops: 2 }, { percent: 0.1 }, { percent: 100 }] };
    const { catalogue } = await aCatalogue(aRelease());
    const ask = (number: number) => catalogue.admit(anAdmission(number, { canary: staged }));
    expect([await ask(1), await ask(2), await ask(3)].map((answer) => answer.admitted)).toEqual([
      true,
      true,
      false,
    ]);
    await catalogue.finish({ version: "1.2.3", attempt_id: "att_1", outcome: "success" });
    expect(await ask(3)).toMatchObject({ admitted: false, stage: "first 2 shops" });
    await catalogue.finish({ version: "1.2.3", attempt_id: "att_2", outcome: "success" });
    expect(await ask(3)).toMatchObject({ admitted: false, stage: "0.1 % of shops" });
  });

  it("halts at an abort rule, hands the release to nobody any more, and goes on when a person says so", async () => {
    const open = { ...canary, in_flight: 20 };
    const { catalogue } = await aCatalogue(aRelease());
    const ask = (number: number) => catalogue.admit(anAdmission(number, { canary: open }));
    const finish = (number: number, outcome: "success" | "rolled_back") =>
      catalogue.finish({ version: "1.2.3", attempt_id: `att_${number}`, outcome });
    for (let i = 1; i <= 7; i++) await ask(i);
    for (let i = 1; i <= 4; i++) await finish(i, "success");
    expect((await catalogue.list())[0]?.status).toBe("active");
    await finish(5, "rolled_back");
    expect((await catalogue.list())[0]?.status).toBe("halted");
    expect(await ask(8)).toMatchObject({ admitted: false, status: "halted" });
    expect(await ask(6)).toMatchObject({ admitted: false, status: "halted" });
    expect((await catalogue.list())[0]?.standing).toMatchObject({ by: "vigie" });
    await catalogue.setStatus("1.2.3", "active", "looked at it", ada);
    expect(await ask(8)).toMatchObject({ admitted: true });
    await finish(6, "success");
    expect((await catalogue.list())[0]?.status).toBe("active");
  });
});

describe("taking a release back", () => {
  const healed = async (catalogue: ReleaseRpc, count: number) => {
    for (let i = 1; i <= count; i++) {
      await catalogue.admit(anAdmission(i));
      await catalogue.finish({ version: "1.2.3", attempt_id: `att_${i}`, outcome: "success" });
    }
  };
  const runOf = async (catalogue: ReleaseRpc) => {
    const detail = await catalogue.rollout("1.2.3", canary);
    if (!detail.ok || detail.value.revert === null) throw new Error("nothing is taken back");
    return detail.value.revert;
  };

  it("goes through the outbox to each shop's object, newest first, and keeps each answer across an eviction", async () => {
    const { catalogue, stub } = await aCatalogue(aRelease());
    await healed(catalogue, 5);
    await runInDurableObject(stub, (_, state) => {
      // As if one had ended a minute after the other: by the clock several may end in one millisecond.
      state.storage.sql.exec(
        "UPDATE slots SET finished_at = finished_at - 60000 * (6 - CAST(substr(attempt_id, 5) AS INTEGER))",
      );
    });
    expect(
      await catalogue.revert("1.2.3", { reason: "wrong totals", dry_run: true, canary }, ada),
    ).toMatchObject({
      ok: true,
      value: { shops: 5, halts: true },
    });
    await catalogue.revert("1.2.3", { reason: "wrong totals", dry_run: false, canary }, ada);
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    // These shops were never enrolled, and their objects say so: each refusal frees the place of the next.
    await expect.poll(async () => (await runOf(catalogue)).state, PATIENCE).toBe("done");
    const run = await runOf(catalogue);
    expect(run).toMatchObject({ cause: "person", by: "ada", in_flight_limit: 3 });
    expect(run.items.map(({ plugin_id, status }) => [plugin_id, status])).toEqual(
      [5, 4, 3, 2, 1].map((number) => [`plg_${number}`, "refused"]),
    );
    expect(await catalogue.check(anAdmission(9))).toMatchObject({ admitted: false, status: "halted" });
  });

  it("begins by itself when the policy says so and an abort rule is broken", async () => {
    const { catalogue } = await aCatalogue(aRelease());
    const strict: PolicyDocument["canary"] = { ...canary, on_breach: "revert" };
    for (let i = 1; i <= 5; i++) {
      await catalogue.admit(anAdmission(i, { canary: strict }));
      const outcome = i === 5 ? "rolled_back" : "success";
      await catalogue.finish({ version: "1.2.3", attempt_id: `att_${i}`, outcome });
    }
    expect((await catalogue.list())[0]?.status).toBe("halted");
    await expect.poll(async () => (await runOf(catalogue)).state, PATIENCE).toBe("done");
    expect(await runOf(catalogue)).toMatchObject({ cause: "canary", by: "vigie", counts: { refused: 4 } });
  });
});

describe("a product's object", () => {
  it("keeps plan, hold, floor, acknowledgement and remedy across an eviction", async () => {
    const { catalogue, stub, name } = await aCatalogue(aRelease());
    const remedy = {
      id: "rmd_long-timeout",
      product: name,
      title: "Longer timeout",
      for: ["error_spike" as const],
      set: { timeout_s: 30 },
      status: "active" as const,
      published_by: "ada",
      published_at: "2026-11-22T12:00:00Z",
      revision: 1,
    };
    await catalogue.publishRemedy(remedy);
    await catalogue.plan("1.2.3", { waves: [{ shops: 2 }, { percent: 100 }] }, "carefully", ada);
    await catalogue.hold("1.2.3", { environment: "shopify", held: true, reason: "known issue" }, ada);
    await catalogue.setFloor({ product: name, version: "1.2.0", reason: "card data" }, ada);
    await catalogue.setStatus("1.2.3", "paused", "wait", ada);
    await catalogue.setStatus("1.2.3", "active", "go", ada);
    await evictDurableObject(stub);
    expect(await catalogue.remedies()).toEqual([remedy]);
    expect(await catalogue.floor()).toMatchObject({ version: "1.2.0", standing: { by: "ada" } });
    const detail = await catalogue.rollout("1.2.3", canary);
    expect(detail).toMatchObject({
      ok: true,
      value: {
        rollout: {
          source: "plan",
          stages: ["first 2 shops", "100 % of shops"],
          holds: [{ environment: "shopify", source: "person" }],
          acknowledgements: [{ by: "ada", reason: "go" }],
        },
      },
    });
    expect(
      (await ledgerOf(stub)).flatMap((record) => (record.kind === "audit" ? [record.row.action] : [])),
    ).toEqual([
      "release.published",
      "remedy.published",
      "rollout.planned",
      "release.held",
      "floor.set",
      "release.paused",
      "release.active",
    ]);
  });
});
