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
