/** Rollouts, emergency actions and notices in a real browser, against answers of the contract's shape. */

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DashboardWorld, openDashboard } from "./dashboard-world.ts";
import { HASH } from "./fixtures.ts";

let world: DashboardWorld;
let page: Page;

beforeAll(async () => {
  world = await openDashboard();
});
afterAll(async () => {
  await world?.close();
});
beforeEach(async () => {
  page = await world.begin();
});
afterEach(async () => {
  expect(await world.end()).toEqual([]);
});

/** What was sent to this path last. */
function lastBody(path: string): unknown {
  return world.server.state.received.findLast((request) => request.path === path)?.body;
}

async function giveReason(testId = "reason"): Promise<void> {
  await page.getByTestId(testId).fill("because of the outage");
}

describe("a release", () => {
  beforeEach(async () => {
    await page.goto(`${world.server.origin}/releases/molam-woo/1.2.3`);
    await page.getByTestId("rollout-progress").waitFor();
  });

  test("is resumed only with a reason, and says that earlier failures are acknowledged", async () => {
    await page.getByRole("button", { name: "Resume molam-woo 1.2.3" }).click();
    await page.getByText("Failures up to now are acknowledged").waitFor();
    await giveReason();
    await page.getByTestId("release-confirm").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(lastBody("/releases/molam-woo/1.2.3/status")).toEqual({
      status: "active",
      reason: "because of the outage",
    });
  });

  test("is taken back everywhere after a look at how many shops that is", async () => {
    world.server.state.fleet.revert = null;
    await page.reload();
    await page.getByRole("button", { name: "Take it back everywhere" }).click();
    expect(await page.getByTestId("revert-preview").textContent()).toContain("4 shop(s)");
    expect(lastBody("/releases/molam-woo/1.2.3/revert")).toMatchObject({ dry_run: true });
    await giveReason();
    await page.getByTestId("revert-confirm").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(lastBody("/releases/molam-woo/1.2.3/revert")).toEqual({
      reason: "because of the outage",
      dry_run: false,
    });
  });

  test("gets a plan that is tried before it is saved, and a wrong one is not sent", async () => {
    await page.getByTestId("plan-edit").click();
    await page.getByTestId("plan-try").click();
    await page.getByTestId("plan-reach").waitFor();
    expect(lastBody("/releases/molam-woo/1.2.3/rollout")).toMatchObject({ dry_run: true });
    await page.getByRole("button", { name: "Add a wave" }).click();
    await page.getByText("must be above that of the wave before").waitFor();
    expect(await page.getByTestId("plan-try").isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Remove wave 3" }).click();
    await giveReason();
    await page.getByTestId("plan-save").click();
    await page.getByTestId("plan-edit").waitFor();
    expect(lastBody("/releases/molam-woo/1.2.3/rollout")).toEqual({
      plan: { waves: [{ shops: 5 }, { percent: 100 }] },
      reason: "because of the outage",
      dry_run: false,
    });
  });

  test("is let into an environment again by a person", async () => {
    await page.getByRole("button", { name: "Lift the hold for woocommerce 9.1, php 8.0" }).click();
    await giveReason();
    await page.getByTestId("hold-confirm").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(lastBody("/releases/molam-woo/1.2.3/holds")).toEqual({
      environment: "woocommerce 9.1, php 8.0",
      held: false,
      reason: "because of the outage",
    });
  });
});

test("a remedy is published from the list of releases, and a wrong one says what is missing", async () => {
  await page.goto(`${world.server.origin}/releases?product=molam-woo`);
  await page.getByTestId("remedy-new").click();
  await page.getByTestId("remedy-publish").click();
  await page.getByText("between 1 and 32 settings").waitFor();
  await page.getByTestId("remedy-title").fill("Use the old endpoint");
  await page.getByTestId("remedy-set").fill("endpoint = v1\nretries = 3");
  await page.getByTestId("remedy-publish").click();
  await page.getByTestId("remedy-rmd_BBBBBBBBBBBBBBBB").waitFor();
  expect(lastBody("/remedies")).toEqual({
    product: "molam-woo",
    title: "Use the old endpoint",
    for: ["webhook_fail_rate"],
    set: { endpoint: "v1", retries: 3 },
  });
});

describe("safety", () => {
  beforeEach(async () => {
    await page.goto(`${world.server.origin}/safety`);
    await page.getByTestId("guard").waitFor();
  });

  test("autonomy that was downgraded is restored with a reason", async () => {
    await page.getByTestId("autonomy-restore").click();
    await giveReason();
    await page.getByTestId("autonomy-confirm").click();
    await page.getByTestId("autonomy-state").and(page.locator("[data-status=normal]")).waitFor();
    expect(lastBody("/autonomy/restore")).toEqual({ reason: "because of the outage" });
  });

  test("an emergency action is planned, looked at, and confirmed as it was read", async () => {
    await page.getByLabel("Action", { exact: true }).selectOption("rollback_since");
    await page.getByLabel("Applied in the last minutes").fill("15");
    await giveReason("emergency-reason");
    await page.getByTestId("emergency-plan").click();
    const card = page.getByTestId("emergency-emg_3");
    await card.getByTestId("emergency-confirm").click();
    await card.getByTestId("emergency-status").and(page.locator("[data-status=running]")).waitFor();
    expect(lastBody("/emergency/emg_3/confirm")).toEqual({ digest: HASH, targets: 7 });
    await card.getByTestId("emergency-abort").click();
    await page.getByRole("dialog").getByTestId("reason").fill("enough");
    await page.getByTestId("emergency-abort-confirm").click();
    await card.getByTestId("emergency-status").and(page.locator("[data-status=aborted]")).waitFor();
  });

  test("a version without its product is not planned, and the field says why", async () => {
    await page.getByLabel("Version").fill("1.2.3");
    await giveReason("emergency-reason");
    await page.getByTestId("emergency-plan").click();
    await page.getByText("a version is one of a product: name it too").waitFor();
    expect(lastBody("/emergency/cancel-pending")).toBe(undefined);
  });
});

test("a merchant's address is never dropped by leaving its field empty", async () => {
  await page.goto(`${world.server.origin}/merchants/merchant-7`);
  await giveReason();
  await page.getByTestId("merchant-save").click();
  await page.getByText("Type the whole address, or choose to send nothing.").waitFor();
  expect(lastBody("/merchants/merchant-7/notifications")).toBe(undefined);
  await page.getByTestId("merchant-url").fill("https://hooks.example/T1/secret");
  await page.getByTestId("merchant-save").click();
  expect(await page.getByTestId("merchant-secret").textContent()).toContain("whsec_");
  expect(lastBody("/merchants/merchant-7/notifications")).toMatchObject({
    url: "https://hooks.example/T1/secret",
    language: "fr",
    format: "slack",
  });
});

test("the filters of notices are in the address", async () => {
  await page.goto(`${world.server.origin}/notices`);
  await page.getByLabel("Audience").selectOption("merchant");
  await page.waitForURL(/\/notices\?audience=merchant$/);
  await page.getByText("Your shop's payment notifications work again").first().waitFor();
});
