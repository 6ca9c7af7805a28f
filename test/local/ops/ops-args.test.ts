import { describe, expect, it } from "vitest";
import { type OpsOrder, readOpsArgs } from "../../../local/ops/ops-args.ts";
import { UsageError } from "../../../local/usage-error.ts";

const DIGEST = "ab".repeat(32);
const read = (line: string[]) => readOpsArgs(line);
const because = ["--reason", "checkout is down"];

describe("npm run ops, typed rightly", () => {
  it.each<[string[], OpsOrder]>([
    [["status"], { verb: "status" }],
    [["list"], { verb: "list" }],
    [["show", "emg_3"], { verb: "show", id: "emg_3", part: {} }],
    [
      ["show", "emg_3", "--state", "failed", "--after", "200"],
      { verb: "show", id: "emg_3", part: { state: "failed", after: 200 } },
    ],
    [["kill", "on", ...because], { verb: "kill", engaged: true, reason: "checkout is down", dryRun: false }],
    [
      ["kill", "off", ...because],
      { verb: "kill", engaged: false, reason: "checkout is down", dryRun: false },
    ],
    [["kill", "on", "--dry-run"], { verb: "kill", engaged: true, reason: "dry run", dryRun: true }],
    [["autonomy", "restore", ...because], { verb: "autonomy", reason: "checkout is down" }],
    [
      ["cancel-pending", ...because],
      { verb: "cancel-pending", scope: {}, reason: "checkout is down", dryRun: false },
    ],
    [
      ["cancel-pending", "--dry-run", "--product", "demo-pay", "--version", "1.2.3"],
      {
        verb: "cancel-pending",
        scope: { product: "demo-pay", version: "1.2.3" },
        reason: "dry run",
        dryRun: true,
      },
    ],
    [
      ["rollback-since", "30", "--merchant", "m1", ...because],
      {
        verb: "rollback-since",
        scope: { merchant_id: "m1" },
        minutes: 30,
        waves: {},
        reason: "checkout is down",
      },
    ],
    [
      [
        ...["rollback-since", "30", "--dry-run", "--wave-size", "10", "--wave-growth", "1", "--pause", "0"],
        ...["--stop-at", "50", ...because],
      ],
      {
        verb: "rollback-since",
        scope: {},
        minutes: 30,
        waves: { wave_size: 10, wave_growth: 1, pause_s: 0, stop_failed_percent: 50 },
        reason: "checkout is down",
      },
    ],
    [
      ["rollback-since", "30", "--confirm", `emg_3/37/${DIGEST}`],
      { verb: "confirm", plan: { id: "emg_3", targets: 37, digest: DIGEST } },
    ],
    [
      ["cancel-pending", "--confirm", `emg_3/1/${DIGEST}`],
      { verb: "confirm", plan: { id: "emg_3", targets: 1, digest: DIGEST } },
    ],
    [["abort", "emg_3", ...because], { verb: "abort", id: "emg_3", reason: "checkout is down" }],
  ])("%j", (line, order) => {
    expect(read(line).order).toEqual(order);
  });

  it("says where to, how to answer, and whether to stay", () => {
    expect(read(["status", "--url", "https://vigie.example", "--json"])).toMatchObject({
      url: "https://vigie.example",
      json: true,
      follow: false,
    });
    expect(read(["show", "emg_3", "--follow"]).follow).toBe(true);
  });
});

describe("npm run ops, typed wrongly", () => {
  it.each<[string[], string]>([
    [[], "what shall be done?"],
    [["panic"], '"panic" is no verb of ops'],
    [["status", "now"], '"now" is too much'],
    [["kill", "on"], "--reason is missing"],
    [["kill", ...because], "kill what?"],
    [["kill", "please", ...because], "kill on, or kill off?"],
    [["kill", "on", ...because, "--product", "demo-pay"], "--product means nothing to kill"],
    [["autonomy", "remove", ...because], "autonomy restore"],
    [["cancel-pending"], "--reason is missing"],
    [["cancel-pending", ...because, "--wave-size", "3"], "--wave-size means nothing to cancel-pending"],
    [["cancel-pending", ...because, "--version", "1.2.3"], "give --product too"],
    [["cancel-pending", ...because, "--product", "Demo Pay"], '"Demo Pay" is not a product name'],
    [
      ["cancel-pending", ...because, "--product", "demo-pay", "--version", "latest"],
      '"latest" is not a version or a remedy id',
    ],
    [["rollback-since", ...because], "rollback-since what?"],
    [["rollback-since", "soon", ...because], 'minutes must be a whole number from 1 to 10080, not "soon"'],
    [["rollback-since", "0", ...because], "minutes must be a whole number"],
    [["rollback-since", "30"], "--reason is missing"],
    [["rollback-since", "30", "--wave-size", "1.5", ...because], "--wave-size must be a whole number"],
    [
      ["rollback-since", "30", "--stop-at", "101", ...because],
      "--stop-at must be a whole number from 0 to 100",
    ],
    [["rollback-since", "30", "--confirm", "emg_3"], "--confirm takes what the plan printed"],
    [["rollback-since", "--confirm", `emg_3/0/${DIGEST}`], "--confirm takes what the plan printed"],
    [
      ["rollback-since", "30", "--confirm", `emg_3/3/${DIGEST}`, "--wave-size", "3"],
      "--wave-size means nothing to rollback-since --confirm",
    ],
    [["show", "3"], '"3" is not an emergency action'],
    [["show", "emg_3", "--state", "lost"], "--state is one of waiting, ordered, done, failed, skipped"],
    [["show", "emg_3", "--after", "all"], "--after must be a whole number"],
    [["list", "--state", "failed"], "--state means nothing to list"],
    [["abort", "emg_3"], "--reason is missing"],
    [["status", "--loud"], "--loud"],
  ])("%j", (line, why) => {
    expect(() => read(line)).toThrow(UsageError);
    expect(() => read(line)).toThrow(why);
  });
});
