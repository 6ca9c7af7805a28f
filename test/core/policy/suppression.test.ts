import { describe, expect, it } from "vitest";
import type { MaintenanceWindow, Mute } from "../../../src/contract/policy.ts";
import {
  barredUntil,
  fleetQuietOf,
  freezeOf,
  maintenanceOf,
  muteOf,
} from "../../../src/core/policy/suppression.ts";
import { A_PLUGIN_ID, T0 } from "../../builders/heartbeat.ts";

const at = (minutes: number) => new Date(T0 + minutes * 60_000).toISOString();
const SHOP = {
  pluginId: A_PLUGIN_ID,
  merchantId: "shop-1",
  product: "molam-woocommerce",
  type: "error_spike",
};
const aMute = (overrides: Partial<Mute>): Mute => ({
  until: at(60),
  reason: "known",
  by: "ada",
  ...overrides,
});
const aWindow = (overrides: Partial<MaintenanceWindow>): MaintenanceWindow => ({
  scope: "all",
  from: at(-10),
  until: at(60),
  reason: "migration",
  changes: "forbid",
  by: "ada",
  ...overrides,
});
const policy = (mutes: Mute[], maintenance: MaintenanceWindow[] = []) => ({ mutes, maintenance });

describe("a mute", () => {
  it.each<[Partial<Mute>, boolean]>([
    [{ merchant_id: "shop-1" }, true],
    [{ merchant_id: "shop-2" }, false],
    [{ plugin_id: A_PLUGIN_ID }, true],
    [{ product: "molam-woocommerce" }, true],
    [{ product: "molam-magento" }, false],
    [{ type: "error_spike" }, true],
    [{ type: "error_spike", merchant_id: "shop-2" }, false],
    [{ type: "error_spike", merchant_id: "shop-1" }, true],
    [{ type: "new_error", merchant_id: "shop-1" }, false],
    [{ merchant_id: "shop-1", until: at(0) }, false],
    [{ merchant_id: "shop-1", until: at(-1) }, false],
  ])("of %o matches: %s", (mute, matches) => {
    expect(muteOf(policy([aMute(mute)]), SHOP, T0) !== null).toBe(matches);
  });

  it("that lasts longest is the one named, with its author and reason", () => {
    const rules = policy([
      aMute({ type: "error_spike", until: at(5), by: "ada" }),
      aMute({ merchant_id: "shop-1", until: at(90), by: "grace", reason: "their own tests" }),
    ]);
    expect(muteOf(rules, SHOP, T0)).toEqual({ by: "grace", reason: "their own tests", until: at(90) });
  });
});

describe("a maintenance window", () => {
  it.each<[Partial<MaintenanceWindow>, boolean]>([
    [{}, true],
    [{ from: at(0) }, true],
    [{ from: at(1) }, false],
    [{ until: at(0) }, false],
    [{ scope: "merchant", id: "shop-1" }, true],
    [{ scope: "merchant", id: "shop-2" }, false],
    [{ scope: "product", id: "molam-woocommerce" }, true],
    [{ scope: "product", id: "shop-1" }, false],
  ])("of %o covers the shop: %s", (window, covers) => {
    expect(maintenanceOf(policy([], [aWindow(window)]), SHOP, T0) !== null).toBe(covers);
  });

  it("that allows changes holds back pages only", () => {
    const rules = policy([], [aWindow({ changes: "allow" })]);
    expect(maintenanceOf(rules, SHOP, T0)).not.toBeNull();
    expect(freezeOf(rules, SHOP, T0)).toBeNull();
    expect(barredUntil(rules, SHOP, T0)).toBeNull();
  });
});

describe("automatic work", () => {
  it("is barred until the last of what bars it has ended", () => {
    const rules = policy([aMute({ type: "error_spike", until: at(20) })], [aWindow({ until: at(40) })]);
    expect(barredUntil(rules, SHOP, T0)).toBe(T0 + 40 * 60_000);
    expect(barredUntil(policy([]), SHOP, T0)).toBeNull();
  });

  it("is not barred by the document of an older version, which has no such lists", () => {
    expect(barredUntil(JSON.parse("{}"), SHOP, T0)).toBeNull();
  });
});

describe("a storm or a cohort", () => {
  const storm = { product: null, type: "webhook_fail_rate" };
  const cohort = { product: "molam-woocommerce", type: "webhook_fail_rate" };

  it.each<[Partial<Mute>, typeof storm | typeof cohort, boolean]>([
    [{ type: "webhook_fail_rate" }, storm, true],
    [{ type: "webhook_fail_rate" }, cohort, true],
    [{ type: "error_spike" }, storm, false],
    [{ product: "molam-woocommerce" }, cohort, true],
    [{ product: "molam-magento" }, cohort, false],
    [{ product: "molam-woocommerce" }, storm, false],
    [{ product: "molam-woocommerce", type: "new_error" }, cohort, false],
    [{ type: "webhook_fail_rate", merchant_id: "shop-1" }, cohort, false],
    [{ plugin_id: A_PLUGIN_ID }, cohort, false],
    [{ type: "webhook_fail_rate", until: at(0) }, storm, false],
  ])("under the mute %j: %j quiet is %s", (mute, subject, quiet) => {
    expect(fleetQuietOf(policy([aMute(mute)]), subject, T0) !== null).toBe(quiet);
  });

  it.each<[Partial<MaintenanceWindow>, typeof storm | typeof cohort, boolean]>([
    [{}, storm, true],
    [{ scope: "product", id: "molam-woocommerce" }, cohort, true],
    [{ scope: "product", id: "molam-woocommerce" }, storm, false],
    [{ scope: "merchant", id: "shop-1" }, cohort, false],
  ])("in the window %j: %j quiet is %s", (window, subject, quiet) => {
    expect(fleetQuietOf(policy([], [aWindow(window)]), subject, T0) !== null).toBe(quiet);
  });
});
