/** Two people at their dashboards, a real shop that fails: they watch, allow the patch, see it heal, and pull the kill switch. */
import type { Browser, Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import { Policy } from "../../src/contract/policy.ts";
import { launchBrowser } from "../browser.ts";
import type { RealShop } from "./real-shop.ts";
import { openWatchedPage, type WatchedPage } from "./watched-page.ts";
import { startWorld, type World } from "./world.ts";

const EVERY_MARKET = "";

let world: World;
let browser: Browser;
let ada: WatchedPage;
let grace: WatchedPage;
let shop: RealShop;
/** Both pages show the change under watch: looked for from the moment it is allowed, since that soon passes. */
let underWatch: Promise<unknown>;

beforeAll(async () => {
  [world, browser] = await Promise.all([startWorld({ policy: { mode: "approve-only" } }), launchBrowser()]);
  [ada, grace] = await Promise.all([openWatchedPage(browser), openWatchedPage(browser)]);
  shop = await world.realShop({ merchantId: "dakar-textiles" });
  await world.until("good webhooks", async () => {
    await shop.beat();
    return (await world.live(shop.id)).live.recent.some((bucket) => bucket.webhooks_sent >= 10);
  });
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});
afterEach(() => {
  expect({ ada: ada.complaints, grace: grace.complaints }).toEqual({ ada: [], grace: [] });
});

const withStatus = (locator: Locator, status: string) =>
  locator
    .and(locator.page().locator(`[data-status=${status}]`))
    .first()
    .waitFor();

describe("a shop's webhooks begin to fail", () => {
  let incidentId: string;

  it("Ada signs in by the login link and sees the incident appear by itself", async () => {
    await ada.signIn(world.stack.url, await world.stack.token("dev:ada"));
    expect(ada.page.url()).toBe(`${world.stack.url}/`);
    await ada.page.getByRole("link", { name: "Incidents", exact: true }).click();
    await ada.page.getByRole("heading", { name: "Incidents", level: 1 }).waitFor();
    await ada.mark();

    await shop.sellTo(EVERY_MARKET);
    // The first beat that tells of it may tell of a few only. When it grows graver, what people have seen of it no longer holds.
    const incident = await world.until("an incident that grows no graver", async () => {
      await shop.beat();
      return (await world.live(shop.id)).live.open_incidents.find(({ severity }) => severity !== "low");
    });
    incidentId = incident.id;
    const row = ada.page.getByTestId(`incident-${incidentId}`);
    await row.waitFor();
    await row.getByText("dakar-textiles").waitFor();
    await ada.expectAccessible();
    await row.click();
    await withStatus(ada.page.getByTestId("attempt-status"), "awaiting_approval");
    expect(await ada.isSameDocument()).toBe(true);
    await ada.expectAccessible();
  });

  it("Grace, a second person, allows the patch with her reason", async () => {
    await grace.signIn(world.stack.url, await world.stack.token("dev:grace"));
    await grace.page.getByTestId(`incident-${incidentId}`).first().click();
    await grace.page.getByTestId("approve").click();
    await grace.page.getByText("Say why, in a few words.").waitFor();
    await grace.page.getByTestId("approve-reason").fill("1.2.3 mends it elsewhere");
    await grace.page.getByTestId("approve").click();
    underWatch = Promise.all(
      [ada, grace].map(({ page }) => withStatus(page.getByTestId("attempt-status"), "verifying")),
    );
    underWatch.catch(() => {}); // awaited by the next test
    await grace.page.getByTestId("approve").waitFor({ state: "detached" });
    await grace.expectAccessible();
  });

  it("both see it staged, applied, watched and healed, without a reload", async () => {
    await grace.mark();
    await underWatch;
    const healed = [ada, grace].map(async ({ page }) => {
      await withStatus(page.getByTestId("attempt-status"), "success");
      await withStatus(page.getByTestId("incident-status"), "baking");
    });
    await Promise.all(healed);
    expect(await Promise.all([ada.isSameDocument(), grace.isSameDocument()])).toEqual([true, true]);
    await ada.page.getByText("1.2.3 mends it elsewhere").first().waitFor({ state: "attached" });
    await ada.expectAccessible();
    expect(shop.versionOnDisk()).toBe("1.2.3");
  });

  it("Ada pulls the kill switch in two steps and says why; everybody sees it at once", async () => {
    await ada.page.getByRole("link", { name: "Policy", exact: true }).click();
    await ada.page.getByTestId("kill-switch").click();
    await ada.expectAccessible();
    await ada.page.getByTestId("kill-confirm").click();
    await ada.page.getByText("Say why, in a few words.").waitFor();
    expect((await call(world.api, Policy, "/api/ops/policy")).document.kill_switch).toBe(false);
    await ada.page.getByTestId("kill-reason").fill("a journey of the browser");
    await ada.page.getByTestId("kill-confirm").click();
    for (const { page } of [ada, grace])
      await page.getByTestId("kill-banner").getByText("a journey of the browser").waitFor();
    expect(await call(world.api, Policy, "/api/ops/policy")).toMatchObject({
      document: { kill_switch: true },
      updated_by: "dev:ada",
      reason: "a journey of the browser",
    });
    expect(await Promise.all([ada.isSameDocument(), grace.isSameDocument()])).toEqual([true, true]);
    await ada.expectAccessible();
    await grace.expectAccessible();
  });
});
