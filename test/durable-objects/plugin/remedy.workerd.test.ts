import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { releasesOf } from "../../../durable-objects/stubs.ts";
import { aPerson } from "../../builders/release.ts";
import { allowEverything, answerStaging, bindings, Shop, startClock } from "./a-shop.ts";

const PRODUCT = "molam-woocommerce";
const REMEDY = "rmd_retries-up";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
  const releases = releasesOf(bindings, PRODUCT);
  await releases.setStatus("1.2.3", "halted", "not this time", aPerson("ada"));
  await releases.publishRemedy({
    id: REMEDY,
    product: PRODUCT,
    title: "more retries",
    for: ["webhook_fail_rate"],
    set: { retries: 5 },
    status: "active",
    published_by: "test:ada",
    published_at: new Date().toISOString(),
    revision: 1,
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** The remedy is in a shop whose client keeps the former settings. */
async function applied(): Promise<{ shop: Shop; commandId: string }> {
  const shop = await Shop.enrolled();
  await shop.breakWebhooks();
  await shop.untilAttempt("applying");
  const command = await shop.takeCommand();
  expect(command).toMatchObject({
    type: "config",
    payload: { set: { retries: 5 }, commit_within_s: expect.any(Number) },
  });
  shop.state = "probation";
  await shop.send("command.ack", {
    plugin_id: shop.id,
    command_id: command.id,
    result: { version: shop.version, details: { provisional: true } },
  });
  return { shop, commandId: command.id };
}

it("a remedy is chosen, rolled out under its own name, and committed when it heals", async () => {
  const { shop, commandId } = await applied();
  const { attempt } = (await shop.detail()).live;
  expect(attempt).toMatchObject({ action: "config", remedy: REMEDY, target_version: null });
  expect(attempt?.handover_gate?.find(({ rule }) => rule === "canary")?.observed).not.toBe("no release");
  for (let i = 0; i < 40 && (await shop.detail()).live.attempt; i++) await shop.beat(15, 20);
  const reply = await shop.beat(15, 20);
  expect(JSON.parse(reply.commit?.signed ?? "{}")).toMatchObject({ command_id: commandId, version: "1.2.2" });
});

it("a remedy that makes it worse is taken back by its own command", async () => {
  const { shop, commandId } = await applied();
  await shop.beat(15, 20);
  for (let i = 0; i < 6 && (await shop.detail()).live.attempt?.status !== "rolling_back"; i++) {
    const reply = await shop.beat(1, 20, 20);
    if (reply.commands[0]) break;
  }
  expect((await shop.detail()).live.attempt?.status).toBe("rolling_back");
  const command = await shop.takeCommand();
  expect(command).toMatchObject({ type: "config", payload: { set: {}, restore: commandId } });
  shop.state = "running";
  await shop.ack(command.id);
  const { live } = await shop.detail();
  expect(live.attempt).toBeNull();
  expect(live.open_incidents.map(({ status }) => status)).toContain("escalated");
});
