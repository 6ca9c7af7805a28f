import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { releasesOf } from "../../durable-objects/stubs.ts";
import { LedgerRecord } from "../../src/contract/ledger.ts";
import type { ReleaseRecord } from "../../src/contract/ops.ts";
import { defaultPolicyDocument, type PolicyDocument } from "../../src/contract/policy.ts";
import { bindings } from "./bindings.ts";

const ada = { id: "ada", name: "Ada", roles: ["admin" as const] };
const canary = { ...defaultPolicyDocument().canary, stages: [{ percent: 100 }], in_flight: 3 };

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
    const rows = await runInDurableObject(stub, (_, state) =>
      state.storage.sql
        .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = 'ledger' ORDER BY id")
        .toArray()
        .map((row) => LedgerRecord.parse(JSON.parse(row.body))),
    );
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
    await catalogue.setStatus("1.2.3", "active", "looked at it", ada);
    expect(await ask(8)).toMatchObject({ admitted: true });
    await finish(6, "success");
    expect((await catalogue.list())[0]?.status).toBe("active");
  });
});
