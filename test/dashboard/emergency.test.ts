/** What the form of emergency actions asks for, and which of an action's shops an address shows. */
import { expect, test } from "vitest";
import { A_DRAFT, planOf } from "../../dashboard/src/view/emergency-draft.ts";
import { shownTargets, targetsHref } from "../../dashboard/src/view/emergency-targets.ts";

const REASON = "checkout is down";

test("a plan is of the whole fleet, or of what matches every field that was filled in", () => {
  expect(planOf(A_DRAFT, REASON, "en").order).toEqual({
    kind: "cancel_pending",
    request: { reason: REASON, dry_run: true },
  });
  const draft = { ...A_DRAFT, product: " molam-woo ", version: "1.2.3", merchant_id: "merchant-7" };
  expect(planOf(draft, REASON, "en").order?.request).toMatchObject({
    product: "molam-woo",
    version: "1.2.3",
    merchant_id: "merchant-7",
  });
});

test("what is wrong with a number is said in the reader's language", () => {
  const draft = { ...A_DRAFT, kind: "rollback_since", wave_growth: 9 } as const;
  const [english, french] = (["en", "fr"] as const).map((language) =>
    planOf(draft, REASON, language).issues.get("wave_growth"),
  );
  expect(english).toMatch(/^Too big/);
  expect(french).toMatch(/^Trop grand/);
});

test("a roll-back goes as the form says", () => {
  const waves = { wave_size: 5, wave_growth: 1, pause_s: 0, stop_failed_percent: 100 };
  const draft = { ...A_DRAFT, ...waves, kind: "rollback_since", minutes: 15 } as const;
  expect(planOf(draft, REASON, "en").order?.request).toEqual({ ...waves, minutes: 15, reason: REASON });
});

test.each([
  ["merchant_id", { merchant_id: "a b" }],
  ["product", { version: "1.2.3" }],
  ["wave_growth", { kind: "rollback_since", wave_growth: 9 }],
  ["stop_failed_percent", { kind: "rollback_since", stop_failed_percent: 101 }],
] as const)("what is wrong is said at its field: %s", (field, wrong) => {
  const { order, issues } = planOf({ ...A_DRAFT, ...wrong }, REASON, "en");
  expect([order, [...issues.keys()]]).toEqual([null, [field]]);
});

test.each([
  [{}, { id: null, part: {} }],
  [{ shops: "emg_3" }, { id: "emg_3", part: {} }],
  [
    { shops: "emg_3", state: "failed", cursor: "200" },
    { id: "emg_3", part: { state: "failed", after: "200" } },
  ],
  [
    { shops: "emg_3", state: "lost", cursor: "x" },
    { id: "emg_3", part: {}, cursor: undefined },
  ],
])("the address %j shows %j", (query, shown) => {
  expect(shownTargets(query)).toMatchObject(shown);
});

test("the address of an action's shops leads back to them", () => {
  const href = targetsHref("/safety", "emg_3");
  expect(href).toBe("/safety?shops=emg_3");
  expect(shownTargets(Object.fromEntries(new URL(href, "https://ops.example").searchParams)).id).toBe(
    "emg_3",
  );
  expect(targetsHref("/safety", null)).toBe("/safety");
});
