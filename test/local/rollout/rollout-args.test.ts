import { describe, expect, it } from "vitest";
import { readRolloutArgs } from "../../../local/rollout/rollout-args.ts";
import { UsageError } from "../../../local/usage-error.ts";

const words = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
const noFile = (): string => {
  throw new Error("no such file");
};
const read = (line: string, file: () => string = noFile) => readRolloutArgs(words(line), file);
const target = { product: "molam-pay", key: "1.3.0" };
const floor = { verb: "floor", product: "molam-pay", dryRun: false, barsAll: false };

describe("npm run rollout --", () => {
  it.each([
    ["show molam-pay", { verb: "show", product: "molam-pay", key: null }],
    ["show molam-pay rmd_abcdefgh --json", { verb: "show", product: "molam-pay", key: "rmd_abcdefgh" }],
    ['cancel molam-pay 1.3.0 --reason "no need"', { verb: "cancel", target, reason: "no need" }],
    ["pause molam-pay 1.3.0 --reason sales", { verb: "status", target, status: "paused", reason: "sales" }],
    [
      "resume molam-pay 1.3.0 --from halted --reason seen",
      { verb: "status", target, status: "active", from: "halted", reason: "seen" },
    ],
    ["halt molam-pay 1.3.0 --reason bad", { verb: "status", target, status: "halted", reason: "bad" }],
    ["block molam-pay 1.3.0 --reason bad", { verb: "status", target, status: "blocked", reason: "bad" }],
    [
      'lift molam-pay 1.3.0 --environment "woocommerce 9.1 / php 7.4" --reason mended',
      { verb: "hold", target, environment: "woocommerce 9.1 / php 7.4", held: false, reason: "mended" },
    ],
    ["revert molam-pay 1.3.0 --dry-run", { verb: "revert", target, reason: "dry run", dryRun: true }],
    ["revert molam-pay 1.3.0 --reason bad", { verb: "revert", target, reason: "bad", dryRun: false }],
    ["floor molam-pay", { ...floor, version: undefined, reason: "" }],
    ["floor molam-pay none --reason over", { ...floor, version: null, reason: "over" }],
    ["floor molam-pay 1.2.0 --reason cards", { ...floor, version: "1.2.0", reason: "cards" }],
    ["floor molam-pay 1.2.0 --dry-run", { ...floor, version: "1.2.0", reason: "dry run", dryRun: true }],
    [
      "floor molam-pay 9.0.0 --bar-all --reason cards",
      { ...floor, version: "9.0.0", reason: "cards", barsAll: true },
    ],
  ])("%s", (line, order) => {
    expect(read(line).order).toEqual(order);
  });

  it("reads waves, each with its settings", () => {
    const line =
      'plan molam-pay 1.3.0 --reason "pilots first" ' +
      '--wave "name=pilots; merchants=lome-market, dakar-textiles; successes=1; bake=3600" ' +
      '--wave "shops=20; not-before=2026-12-01T09:00:00+01:00; abort=any:10:20; abort=relapsed:5:10" --wave percent=100';
    expect(read(line).order).toEqual({
      verb: "plan",
      target,
      reason: "pilots first",
      dryRun: false,
      plan: {
        waves: [
          { name: "pilots", merchants: ["lome-market", "dakar-textiles"], successes: 1, bake_s: 3600 },
          {
            shops: 20,
            not_before: "2026-12-01T08:00:00.000Z",
            abort: [
              { failure: "any", percent: 10, min_finished: 20 },
              { failure: "relapsed", percent: 5, min_finished: 10 },
            ],
          },
          { percent: 100 },
        ],
      },
    });
  });

  it("reads a plan from a file", () => {
    const { order, url, json } = read(
      "plan molam-pay 1.3.0 --file plan.json --dry-run --url http://x --json",
      () => JSON.stringify({ waves: [{ percent: 5 }] }),
    );
    expect(order).toMatchObject({ plan: { waves: [{ percent: 5 }] }, reason: "dry run", dryRun: true });
    expect([url, json]).toEqual(["http://x", true]);
  });

  it.each([
    ["", "what shall be done?"],
    ["launch molam-pay", '"launch" is no verb of rollout'],
    ["show", "which product?"],
    ["show Molam!", '"Molam!" is not a product name'],
    ["show molam-pay latest", '"latest" is neither a version nor a remedy id'],
    ["show molam-pay 1.3.0 now", '"now" is too much'],
    ["show molam-pay --reason because", "--reason means nothing to show"],
    ["pause molam-pay 1.3.0", "--reason is missing"],
    ["resume molam-pay 1.3.0 --reason x", "--from is missing: the status you saw"],
    ["resume molam-pay 1.3.0 --from active --reason x", "--from is missing: the status you saw"],
    ["halt molam-pay 1.3.0 --from paused --reason x", "--from means nothing to halt"],
    ["hold molam-pay 1.3.0 --reason x", "--environment is missing"],
    ["floor molam-pay rmd_abcdefgh --reason x", "a floor is a version"],
    ["floor molam-pay --dry-run", "--dry-run means nothing to floor"],
    ["show molam-pay --speed 9", "--speed"],
    ["plan molam-pay 1.3.0 --reason x", "give the waves either as --wave"],
    ["plan molam-pay 1.3.0 --reason x --wave percent=5 --file plan.json", "give the waves either as --wave"],
    ["plan molam-pay 1.3.0 --reason x --file plan.json", "plan.json cannot be read: no such file"],
    ["plan molam-pay 1.3.0 --reason x --wave percent=9 --wave percent=5", "wave 2 percent: must be above"],
    ["plan molam-pay 1.3.0 --reason x --wave name=pilots", "wave 1: name exactly one of"],
    ["plan molam-pay 1.3.0 --reason x --wave percent=many", "percent=many is not a number"],
    ["plan molam-pay 1.3.0 --reason x --wave percent", '"percent" in a wave is not name=value'],
    ["plan molam-pay 1.3.0 --reason x --wave speed=9", 'a wave has no "speed"'],
    ["plan molam-pay 1.3.0 --reason x --wave percent=5;abort=any:5", "write failure:percent:finished"],
    [
      "plan molam-pay 1.3.0 --reason x --wave percent=5;not-before=2026-12-01",
      "write an instant with its zone, such as 2026-12-01T08:00:00Z",
    ],
  ])("%s: says what is wrong", (line, message) => {
    expect(() => read(line)).toThrow(UsageError);
    expect(() => read(line)).toThrow(message);
  });
});
