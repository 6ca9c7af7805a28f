import { expect, it } from "vitest";
import { aRollout } from "./a-rollout.ts";

const DAY_MS = 86_400_000;

it("attempts that came to nothing are forgotten after a week, those that were applied are not", () => {
  const rollout = aRollout();
  rollout.run(1, 1, "success");
  rollout.finish(2, "cancelled");
  rollout.admit(3);
  rollout.finish(3, "cancelled");
  const known = () =>
    rollout.storage.sql
      .exec<{ attempt_id: string }>("SELECT attempt_id FROM slots ORDER BY attempt_id")
      .toArray()
      .map(({ attempt_id }) => attempt_id);
  rollout.clock.now += 6 * DAY_MS;
  rollout.finish(4, "cancelled");
  expect(known()).toEqual(["att_1", "att_2", "att_3", "att_4"]);
  rollout.clock.now += 2 * DAY_MS;
  rollout.run(5, 5, "success");
  expect(known()).toEqual(["att_1", "att_4", "att_5"]);
});

it("an attempt that is called back leaves its slot to others, and takes one again when it may go on", () => {
  const rollout = aRollout({ in_flight: 1 });
  const callBack = (number: number, at: number) =>
    rollout.rollouts.callBack("1.2.3", `att_${number}`, at, rollout.clock.now);
  expect(rollout.admit(1).admitted).toBe(true);
  expect(rollout.admit(2).admitted).toBe(false);
  callBack(1, rollout.clock.now);
  expect(rollout.admit(2).admitted).toBe(true);
  expect(rollout.admit(1).admitted).toBe(false);
  rollout.finish(2, "success");
  expect(rollout.admit(1).admitted).toBe(true);
  rollout.finish(1, "success");
  expect(rollout.state()).toMatchObject({ in_flight: 0, success: 2 });
});

it("a calling back that arrives late takes no slot that was asked for since, and none that has ended", () => {
  const rollout = aRollout();
  rollout.admit(1);
  const calledBackAt = rollout.clock.now;
  rollout.clock.now += 30_000;
  rollout.admit(1);
  rollout.rollouts.callBack("1.2.3", "att_1", calledBackAt, rollout.clock.now);
  expect(rollout.state().in_flight).toBe(1);
  rollout.finish(1, "success");
  rollout.rollouts.callBack("1.2.3", "att_1", rollout.clock.now, rollout.clock.now);
  expect(rollout.state()).toMatchObject({ in_flight: 0, success: 1 });
});
