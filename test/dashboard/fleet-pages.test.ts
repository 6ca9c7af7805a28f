/** Rollouts, emergency actions and notices in a real browser, against answers of the contract's shape. */

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { PATIENCE } from "../builders/patience.ts";
import { BROWSER_TEST, type DashboardWorld, openDashboard } from "./dashboard-world.ts";
import { anAttempt, attemptId, HASH, incidentId } from "./fixtures.ts";
import { aRolloutDetail } from "./rollout-fixtures.ts";

vi.setConfig(BROWSER_TEST);

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
      from: "halted",
      since: aRolloutDetail("").rollout.standing?.at,
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
    await expect.poll(() => page.getByTestId("plan-try").isDisabled(), PATIENCE).toBe(true);
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

  test("is kept from an environment, and how many shops that are is said", async () => {
    await page.getByTestId("hold-add").click();
    await page.getByTestId("hold-environment").fill("magento 2.4 / php 8.1");
    await giveReason();
    await page.getByTestId("hold-confirm").click();
    await page.getByText("It is kept from magento 2.4 / php 8.1. Shops on record there: 12.").waitFor();
  });

  test("is let into an environment again by a person", async () => {
    await page.getByRole("button", { name: "Lift the hold for woocommerce 9.1 / php 8.0" }).click();
    await giveReason();
    await page.getByTestId("hold-confirm").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(lastBody("/releases/molam-woo/1.2.3/holds")).toEqual({
      environment: "woocommerce 9.1 / php 8.0",
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

  test("a roll-back is narrowed to a merchant, and goes as carefully as the form says", async () => {
    await page.getByLabel("Action", { exact: true }).selectOption("rollback_since");
    await page.getByTestId("emergency-merchant").fill("merchant-7");
    await page.getByLabel("Growth per wave").fill("1");
    await page.getByLabel("Stop above").fill("50");
    await giveReason("emergency-reason");
    await page.getByTestId("emergency-plan").click();
    await page.getByTestId("emergency-emg_3").waitFor();
    expect(lastBody("/emergency/rollback-since")).toMatchObject({
      merchant_id: "merchant-7",
      wave_size: 25,
      wave_growth: 1,
      stop_failed_percent: 50,
    });
  });

  test("the shops of an action are read to the end, and those of one state alone, by address", async () => {
    const targets = page.getByTestId("emergency-emg_1").getByTestId("emergency-targets");
    const numbers = async (first: string) => {
      await targets.locator("tbody tr:first-child td:first-child", { hasText: first }).waitFor();
      return targets.locator("tbody tr td:first-child").allTextContents();
    };
    await targets.locator("summary").click();
    expect(await numbers("1")).toEqual(["1", "2", "3"]);
    await targets.getByRole("link", { name: "Next page" }).click();
    expect(await numbers("4")).toEqual(["4", "5", "6"]);
    await targets.getByRole("link", { name: "Next page" }).click();
    expect(await numbers("7")).toEqual(["7"]);
    expect(await targets.getByRole("link", { name: "Next page" }).count()).toBe(0);
    await targets.getByLabel("Standing").selectOption("failed");
    expect(await numbers("2")).toEqual(["2", "4", "6"]);
    expect(page.url()).toBe(`${world.server.origin}/safety?shops=emg_1&state=failed`);
    await targets.getByLabel("Standing").selectOption("done");
    await targets.getByText("Nothing matches these filters.").waitFor();
    await page.goBack();
    expect(await numbers("2")).toEqual(["2", "4", "6"]);
    await page.reload();
    expect(await numbers("2")).toEqual(["2", "4", "6"]);
    await targets.locator("summary").click();
    await targets.locator("table").waitFor({ state: "detached" });
    expect(page.url()).toBe(`${world.server.origin}/safety`);
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

describe("a draft of the policy", () => {
  beforeEach(async () => {
    await page.goto(`${world.server.origin}/policy`);
    await page.getByLabel("Lowest confidence (0 to 1)").fill("0.75");
  });

  test("is replayed over the chosen days and saves nothing; an edit afterwards makes the report one of before", async () => {
    const before = world.server.state.policy;
    await page.getByLabel("Replay", { exact: true }).selectOption("30");
    await page.getByTestId("backtest-run").click();
    const report = page.getByTestId("backtest-report");
    await report.getByText("only the newest 5,000 were").waitFor();
    expect(lastBody("/policy/backtest")).toEqual({
      days: 30,
      document: { ...before.document, min_confidence: 0.75 },
    });
    expect(world.server.state.policy).toEqual(before);
    const item = report.getByTestId(`backtest-${attemptId(3)}`);
    const opened = page.waitForEvent("popup");
    await item.getByRole("link").click();
    const incident = await opened;
    await incident.getByTestId("incident-status").waitFor();
    expect(new URL(incident.url()).pathname).toBe(`/incidents/${incidentId(5)}`);
    expect(await item.locator("td").allTextContents()).toEqual([
      "Asks people",
      "Forbidden",
      expect.stringContaining("Lowest confidence"),
      "Rolled back",
    ]);
    const rules = report.getByRole("group", { name: "Rules that stand in the way" });
    expect(await rules.locator("tbody tr").allTextContents()).toEqual([
      "Highest severity08",
      "Lowest confidence10",
    ]);
    await page.getByLabel("Lowest confidence (0 to 1)").fill("0.8");
    await report.getByText("The draft has been edited since").waitFor();
  });

  test("that is wrong is not replayed", async () => {
    const isDisabled = () => page.getByTestId("backtest-run").isDisabled();
    await expect.poll(isDisabled, PATIENCE).toBe(false);
    await page.getByLabel("Lowest confidence (0 to 1)").fill("7");
    await expect.poll(isDisabled, PATIENCE).toBe(true);
  });

  test("a replay that fails says so and can be tried again", async () => {
    const path = "**/api/ops/policy/backtest";
    const error = { code: "unavailable", message: "the ledger cannot be read", request_id: "req-9" };
    await page.route(path, (route) => route.fulfill({ status: 503, json: { error } }));
    await page.getByTestId("backtest-run").click();
    await page.getByText("the ledger cannot be read").waitFor();
    await page.unroute(path);
    await page.getByTestId("backtest-run").click();
    await page.getByTestId("backtest-report").waitFor();
    expect(await page.getByText("the ledger cannot be read").count()).toBe(0);
  });
});

test("shadow decisions are reached from the policy in mode shadow, filtered by the address, and lead to their incident", async () => {
  const { state } = world.server;
  state.policy = { ...state.policy, document: { ...state.policy.document, mode: "shadow" } };
  await page.goto(`${world.server.origin}/policy`);
  await page.getByRole("link", { name: "What would have been done in mode shadow" }).click();
  await page.getByTestId("shadow-shd_1").waitFor();
  await page.getByLabel("In mode automatic").selectOption("forbid");
  await page.waitForURL(/\/shadow\?would=forbid$/);
  await page.getByTestId("shadow-shd_1").waitFor({ state: "detached" });
  const row = page.getByTestId("shadow-shd_2");
  await row.getByText("A person did the same").waitFor();
  expect(await row.getAttribute("href")).toBe(`/incidents/${incidentId(2)}`);
  await page.getByRole("link", { name: "Next page" }).click();
  await page.waitForURL(/cursor=page-2/);
});

describe("the kill switch", () => {
  beforeEach(async () => {
    await page.goto(`${world.server.origin}/safety`);
  });

  test("tells what it would stop and what goes on", async () => {
    await page.getByTestId("kill-switch").click();
    const preview = page.getByTestId("kill-preview");
    await preview.getByText("4 attempt(s) that no shop was told of are cancelled.").waitFor();
    await preview.getByText("3 go on in their shops").waitFor();
    await preview.getByText("Attempts under way (3 of 7)").click();
    await preview.getByText("Told: goes on").waitFor();
  });

  test("has its button stay where it is when that arrives", async () => {
    const held = Promise.withResolvers<void>();
    await page.route("**/api/ops/policy/kill", async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.getByTestId("kill-switch").click();
    const button = page.getByTestId("kill-confirm");
    await button.waitFor();
    const before = await button.boundingBox();
    held.resolve();
    await page.getByTestId("kill-preview").getByText("3 go on in their shops").waitFor();
    expect(await button.boundingBox()).toEqual(before);
  });

  test("is pulled without waiting for that", async () => {
    await page.route("**/api/ops/policy/kill", (route) =>
      route.request().method() === "GET" ? undefined : route.continue(),
    );
    await page.getByTestId("kill-switch").click();
    await page.getByTestId("kill-preview").getByText("Loading").waitFor();
    await giveReason("kill-reason");
    await page.getByTestId("kill-confirm").click();
    await page.getByTestId("kill-banner").waitFor();
    expect(lastBody("/policy/kill")).toEqual({ engaged: true, reason: "because of the outage" });
  });
});

test("an attempt names its remedy, what it takes back, and the figure that its health check went by", async () => {
  const { state } = world.server;
  state.attempts.push(
    anAttempt({
      id: attemptId(9),
      incident_id: incidentId(5),
      status: "success",
      action: "config",
      remedy: "rmd_BBBBBBBBBBBBBBBB",
      reverts: attemptId(3),
    }),
  );
  await page.goto(`${world.server.origin}/incidents/${incidentId(5)}`);
  await page.getByText("failed per webhook").waitFor();
  const card = page.getByRole("article", { name: attemptId(9) });
  const remedy = card.getByRole("link", { name: "rmd_BBBBBBBBBBBBBBBB" });
  expect(await remedy.getAttribute("href")).toBe("/releases/molam-woo/rmd_BBBBBBBBBBBBBBBB");
  await card.getByRole("link", { name: attemptId(3) }).click();
  await page.waitForURL((url) => url.hash === `#${attemptId(3)}`);
  expect(await page.locator(":target").getAttribute("aria-label")).toContain(attemptId(3));
});

test("a product's floor is set and removed with a reason, and what is no version is not sent", async () => {
  const path = "/releases/molam-woo/floor";
  await page.goto(`${world.server.origin}/releases`);
  await page.getByRole("heading", { name: "Releases" }).waitFor();
  expect(await page.getByTestId("floor").count()).toBe(0);
  await page.goto(`${world.server.origin}/releases?product=molam-woo`);
  await page.getByTestId("floor-change").click();
  await page.getByTestId("floor-input").fill("1.2");
  await giveReason();
  await page.getByTestId("floor-confirm").click();
  await page.getByText("A version such as 1.2.3 is needed.").waitFor();
  expect(lastBody(path)).toBe(undefined);
  await page.getByTestId("floor-input").fill("1.2.0");
  await page.getByTestId("floor-confirm").click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(lastBody(path)).toEqual({ version: "1.2.0", reason: "because of the outage" });
  await page.getByTestId("floor-version").getByText("1.2.0", { exact: true }).waitFor();
  await page.getByTestId("floor-change").click();
  await page.getByTestId("floor-input").fill("");
  await giveReason();
  await page.getByTestId("floor-confirm").click();
  await page.getByTestId("floor-version").getByText("None").waitFor();
  expect(lastBody(path)).toEqual({ version: null, reason: "because of the outage" });
});

test("a floor above every active release is set only once a person says that it is meant", async () => {
  const path = "/releases/molam-woo/floor";
  await page.goto(`${world.server.origin}/releases?product=molam-woo`);
  await page.getByTestId("floor-change").click();
  await page.getByTestId("floor-input").fill("12.0.0");
  await page.getByTestId("floor-try").click();
  await page.getByText("Active releases shut out: 1.2.3. Left: None.").waitFor();
  expect(lastBody(path)).toMatchObject({ version: "12.0.0", dry_run: true });
  await page.getByLabel(/^I mean it/).check();
  await giveReason();
  await page.getByTestId("floor-confirm").click();
  await page.getByTestId("floor-version").getByText("12.0.0").waitFor();
  expect(lastBody(path)).toEqual({ version: "12.0.0", reason: "because of the outage", bars_all: true });
});

test("what was said of a floor goes when another version is typed, also its refusal", async () => {
  let refused = 0;
  await page.route("**/api/ops/releases/*/floor", async (route) => {
    if (route.request().method() === "GET") return route.continue();
    refused += 1;
    const error = { code: "conflict", message: "it would bar every patch", request_id: "req-1" };
    await route.fulfill({ status: 409, json: { error } });
  });
  await page.goto(`${world.server.origin}/releases?product=molam-woo`);
  await page.getByTestId("floor-change").click();
  await page.getByTestId("floor-input").fill("12.0.0");
  await giveReason();
  await page.getByTestId("floor-confirm").click();
  await page.getByText("it would bar every patch").waitFor();
  await page.getByLabel(/^I mean it/).check();
  await page.getByTestId("floor-input").fill("1.0.0");
  await page.getByText("it would bar every patch").waitFor({ state: "detached" });
  expect([refused, await page.getByLabel(/^I mean it/).count()]).toEqual([1, 0]);
});
