import { expect, it } from "vitest";
import { defaultPolicyDocument } from "../../../src/contract/policy.ts";
import type { RolloutPlan } from "../../../src/contract/rollout-plan.ts";
import { placeOf, type ReachBounds, type ReachShop, reachOf } from "../../../src/core/rollout/wave-reach.ts";

const canary = defaultPolicyDocument().canary;
const KEY = "1.3.0";
const shops: ReachShop[] = Array.from({ length: 200 }, (_, i) => ({
  id: `plg_${String(i).padStart(27, "0")}`,
  merchantId: `merchant-${i % 20}`,
  version: "1.2.0",
  environment: "woocommerce 9.1 / php 8.2",
}));
const bounds: ReachBounds = {
  barred: false,
  release: { version: KEY, minFrom: "1.2.0" },
  range: { min: null, max: null },
  held: new Set(),
};
const reach = (waves: RolloutPlan["waves"], over: Partial<ReachBounds> = {}, among = shops) =>
  reachOf({ waves }, KEY, canary, among, { ...bounds, ...over });

it("counts whom each wave adds, and names some", () => {
  const { waves, outOfReach } = reach([
    { merchants: ["merchant-0", "merchant-1"] },
    { percent: 50, not_before: "2026-12-01T08:00:00Z" },
    { percent: 100 },
  ]);
  const half = shops.filter(
    ({ id, merchantId }) => placeOf(id, KEY) < 50 || /-[01]$/.test(merchantId),
  ).length;
  expect(waves.map(({ wave, shops: all, added, not_before }) => [wave, all, added, not_before])).toEqual([
    ["2 merchants", 20, 20, null],
    ["50 % of shops", half, half - 20, "2026-12-01T08:00:00.000Z"],
    ["100 % of shops", 200, 200 - half, null],
  ]);
  expect(waves[0]?.sample).toHaveLength(10);
  expect(outOfReach).toBe(0);
});

it("counts a wave by shops by its number, since nobody knows which will need it", () => {
  const { waves } = reach([{ shops: 5 }, { shops: 40 }, { percent: 100 }]);
  expect(waves.map(({ shops: all, added }) => [all, added])).toEqual([
    [5, 5],
    [40, 35],
    [200, 200],
  ]);
  expect(waves[0]?.sample).toEqual([]);
  expect(reach([{ shops: 5000 }]).waves[0]).toMatchObject({ shops: 200 });
});

it.each<[string, Partial<ReachBounds>, Partial<ReachShop>]>([
  ["is on the version already", {}, { version: KEY }],
  ["is on a newer one", {}, { version: "2.0.0" }],
  ["is too old to take it", {}, { version: "1.1.9" }],
  ["could take it if anybody might", { barred: true }, {}],
  ["is in a held environment", { held: new Set(["magento 2.4"]) }, { environment: "magento 2.4" }],
  ["does not know a remedy's settings yet", { release: null, range: { min: "1.2.1", max: null } }, {}],
  ["knows a remedy's settings no longer", { release: null, range: { min: null, max: "1.1.0" } }, {}],
])("leaves out a shop that %s", (_, over, shop) => {
  const [first] = shops;
  if (!first) throw new Error("no shop");
  const { waves, outOfReach } = reach([{ percent: 100 }], over, [{ ...first, ...shop }]);
  expect([waves[0]?.shops, outOfReach]).toEqual([0, 1]);
});
