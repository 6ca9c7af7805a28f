import { describe, expect, it } from "vitest";
import { LedgerRecord } from "../../../src/contract/ledger.ts";
import type { Person } from "../../../src/contract/ops.ts";
import { defaultPolicyDocument, type Policy, type PolicyDocument } from "../../../src/contract/policy.ts";
import type { Result } from "../../../src/contract/refusal.ts";
import { mergePatch } from "../../../src/core/policy/merge-patch.ts";
import {
  firstPolicy,
  killPolicy,
  type PolicyChange,
  patchPolicy,
  putPolicy,
} from "../../../src/core/policy/policy-change.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const ada: Person = { id: "ada", name: "Ada", roles: ["admin"] };
const author = { by: "ada", now: T0 + 1_000 };
const current = firstPolicy(T0);

function changed(result: Result<PolicyChange>): PolicyChange {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal));
  return result.value;
}

describe("merge patch", () => {
  // The table of RFC 7396, appendix A.
  it.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("of %j with %j is %j", (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it("cannot reach a prototype", () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("policy change", () => {
  it("starts with defaults at revision 0", () => {
    expect(current).toEqual({
      revision: 0,
      document: defaultPolicyDocument(),
      updated_at: "2026-11-22T12:00:00.000Z",
      updated_by: "vigie",
      reason: "defaults",
    });
  });

  it("raises the revision and says who, when, why and what, as rows that the ledger takes", () => {
    const { policy, records, stops } = changed(
      patchPolicy(
        current,
        { revision: 0, reason: "pilot", patch: { mode: "auto", canary: { in_flight: 3 } } },
        author,
      ),
    );
    expect(policy).toMatchObject({
      revision: 1,
      updated_by: "ada",
      updated_at: "2026-11-22T12:00:01.000Z",
      reason: "pilot",
    });
    expect(policy.document).toEqual({
      ...defaultPolicyDocument(),
      mode: "auto",
      canary: { ...defaultPolicyDocument().canary, in_flight: 3 },
    });
    expect(stops).toBe(false);
    expect(records.map((record) => LedgerRecord.parse(record).kind)).toEqual(["policy", "audit"]);
    expect(records[1]).toMatchObject({
      row: {
        id: expect.stringMatching(/^policy:1:\d{4}-/),
        action: "policy.patch",
        actor: "ada",
        data: {
          changed: [
            { field: "mode", from: "approve-only", to: "auto" },
            { field: "canary.in_flight", from: 20, to: 3 },
          ],
        },
      },
    });
  });

  it("puts a whole document", () => {
    const document: PolicyDocument = { ...defaultPolicyDocument(), mode: "off" };
    const change = changed(putPolicy(current, { revision: 0, reason: "holiday", document }, author));
    expect(change.policy.document).toEqual(document);
    expect(change.stops).toBe(true);
  });

  it("waits for commands on their way when the mode becomes shadow, and not when it already was", () => {
    const to = (from: Policy, mode: string) =>
      changed(patchPolicy(from, { revision: from.revision, reason: "why", patch: { mode } }, author));
    const auto = to(current, "auto");
    expect(auto.stops).toBe(false);
    const shadow = to(auto.policy, "shadow");
    expect(shadow.stops).toBe(true);
    const again = patchPolicy(
      shadow.policy,
      { revision: 2, reason: "why", patch: { min_confidence: 0.9 } },
      author,
    );
    expect(changed(again).stops).toBe(false);
  });

  it("waits for them too when what left by itself needs people from now on, and not the other way round", () => {
    const to = (from: Policy, mode: string) =>
      changed(patchPolicy(from, { revision: from.revision, reason: "why", patch: { mode } }, author));
    const asks = to(to(current, "auto").policy, "approve-only");
    expect(asks.stops).toBe(true);
    expect(to(asks.policy, "auto").stops).toBe(false);
  });

  it("gives a removed field its default again", () => {
    const first = changed(
      patchPolicy(current, { revision: 0, reason: "why", patch: { min_confidence: 0.9 } }, author),
    );
    const second = changed(
      patchPolicy(first.policy, { revision: 1, reason: "why", patch: { min_confidence: null } }, author),
    );
    expect(second.policy.document.min_confidence).toBe(0.6);
  });

  it("refuses a stale revision and tells the current one", () => {
    const stale = { ok: false, refusal: { reason: "stale_revision", revision: 0 } };
    const document = defaultPolicyDocument();
    expect(putPolicy(current, { revision: 1, reason: "why", document }, author)).toEqual(stale);
    expect(patchPolicy(current, { revision: 7, reason: "why", patch: {} }, author)).toEqual(stale);
  });

  it.each([
    [{ mode: "automatic" }, "document.mode"],
    [{ canary: { stages: [] } }, "document.canary.stages"],
    [{ canary: { stages: [{ percent: 50 }, { percent: 20 }] } }, "document.canary.stages"],
    [{ max_severty: "low" }, "document.max_severty"],
    [{ limits: { attempts: 3 } }, "document.limits.attempts"],
    [{ approvals: { by_severity: { low: -1 } } }, "document.approvals.by_severity.low"],
    [{ intervals: { verify_s: 900, verify_limit_s: 90 } }, "document.intervals"],
    [{ whitelist: { merchants: ["ok", "not ok"] } }, "document.whitelist.merchants.1"],
  ])("refuses %j and names %s", (patch, field) => {
    const result = patchPolicy(current, { revision: 0, reason: "why", patch }, author);
    expect(result).toMatchObject({ ok: false, refusal: { reason: "invalid", field } });
  });

  it("pulls the kill switch whatever the revision, and puts it back without touching the rest", () => {
    const killed = changed(
      killPolicy({ ...current, revision: 41 }, { engaged: true, reason: "bad day" }, ada, author.now),
    );
    expect(killed.policy).toMatchObject({
      revision: 42,
      document: { kill_switch: true, mode: "approve-only" },
    });
    expect(killed.stops).toBe(true);
    const released = changed(
      killPolicy(killed.policy, { engaged: false, reason: "better day" }, ada, author.now),
    );
    expect(released.policy.document).toEqual(current.document);
    expect(released.stops).toBe(false);
    expect(released.records[1]).toMatchObject({ row: { action: "policy.kill_switch_released" } });
  });

  it("lets whoever is there pull the kill switch, and only who answers for it release it", () => {
    const may = (engaged: boolean) =>
      (["operator", "approver", "admin"] as const).filter(
        (role) => killPolicy(current, { engaged, reason: "drill" }, { ...ada, roles: [role] }, author.now).ok,
      );
    expect(may(true)).toEqual(["operator", "approver", "admin"]);
    expect(may(false)).toEqual(["approver", "admin"]);
  });
});

describe("what a change silences", () => {
  const at = (hours: number) => new Date(author.now + hours * 3_600_000).toISOString();
  const aMute = (until: string, by?: string) => ({
    type: "error_spike" as const,
    until,
    reason: "known fault",
    ...(by === undefined ? {} : { by }),
  });
  const patch = (policy: typeof current, input: Record<string, unknown>, by = author) =>
    patchPolicy(policy, { revision: policy.revision, reason: "because", patch: input }, by);

  it("carries the name of who set it, whatever the request says", () => {
    const { policy } = changed(patch(current, { mutes: [aMute(at(1), "somebody-else")] }));
    expect(policy.document.mutes).toEqual([aMute(at(1), "ada")]);
  });

  it("keeps that name when another person edits something else", () => {
    const { policy } = changed(patch(current, { mutes: [aMute(at(1))] }));
    const grace = { by: "grace", now: author.now + 1000 };
    const later = changed(patch(policy, { mutes: [aMute(at(1), "grace"), aMute(at(2))] }, grace));
    expect(later.policy.document.mutes).toEqual([aMute(at(1), "ada"), aMute(at(2), "grace")]);
  });

  it.each([
    [{ mutes: [aMute(at(-1))] }, "document.mutes.0.until"],
    [{ mutes: [aMute(at(24 * 31))] }, "document.mutes.0.until"],
    [
      { maintenance: [{ scope: "all", from: at(-2), until: at(-1), reason: "migration" }] },
      "document.maintenance.0.until",
    ],
    [
      { maintenance: [{ scope: "all", from: at(24 * 400), until: at(24 * 401), reason: "migration" }] },
      "document.maintenance.0.until",
    ],
  ])("is refused when it is over already or too far ahead: %j", (input, field) => {
    expect(patch(current, input)).toMatchObject({ ok: false, refusal: { reason: "invalid", field } });
  });

  it("is dropped at the next change once it is over, and never stands in that change's way", () => {
    const { policy } = changed(patch(current, { mutes: [aMute(at(1)), aMute(at(30))] }));
    const next = changed(patch(policy, { mode: "auto" }, { by: "grace", now: author.now + 2 * 3_600_000 }));
    expect(next.policy.document.mutes).toEqual([aMute(at(30), "ada")]);
  });

  it("is left alone by the kill switch", () => {
    const { policy } = changed(patch(current, { mutes: [aMute(at(1))] }));
    const killed = changed(killPolicy(policy, { engaged: true, reason: "stop" }, ada, author.now + 1e8));
    expect(killed.policy.document.mutes).toEqual(policy.document.mutes);
  });
});
