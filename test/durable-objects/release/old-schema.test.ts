import { expect, it } from "vitest";
import { migrate } from "../../../durable-objects/migrations.ts";
import { RELEASE_MIGRATIONS } from "../../../durable-objects/release/release-migrations.ts";
import { SlotStore } from "../../../durable-objects/release/slot-store.ts";
import { completeCanary, SubjectStore } from "../../../durable-objects/release/subject-store.ts";
import { defaultPolicyDocument } from "../../../src/contract/policy.ts";
import { anObjectStorage } from "../../builders/object-storage.ts";
import { aRelease } from "../../builders/release.ts";

const T0 = Date.parse("2026-11-22T10:00:00.000Z");

it("an object of the first schema keeps its releases, stage, abort rules and slots", () => {
  const { storage } = anObjectStorage();
  migrate(storage, RELEASE_MIGRATIONS.slice(0, 2));
  const abort = [{ failure: "failed" as const, percent: 1, min_finished: 1 }];
  storage.sql.exec(
    `INSERT INTO releases (version, record, changes, stage, stage_since, stage_baseline, abort_rules)
     VALUES ('1.2.3', ?, 4, 1, ?, 5, ?)`,
    JSON.stringify(aRelease()),
    T0,
    JSON.stringify(abort),
  );
  for (const [attempt, outcome, acknowledged] of [
    ["att_1", "success", 1],
    ["att_2", "failed", 0],
    ["att_3", null, 0],
  ] as const)
    storage.sql.exec(
      "INSERT INTO slots (version, attempt_id, plugin_id, stage, outcome, acknowledged) VALUES ('1.2.3', ?, 'plg_1', 0, ?, ?)",
      attempt,
      outcome,
      acknowledged,
    );

  migrate(storage, RELEASE_MIGRATIONS);
  expect(new SubjectStore(storage.sql).load("1.2.3")).toEqual({
    kind: "release",
    key: "1.2.3",
    record: aRelease(),
    changes: 4,
    rollout: { stage: 1, since: T0, baseline: 5 },
    canary: { ...defaultPolicyDocument().canary, abort },
    plan: null,
  });
  const slots = new SlotStore(storage.sql);
  const { all, open, bakedBy, setbacksSince } = slots.progress("1.2.3");
  expect(all).toMatchObject({ success: 1, failed: 1, inFlight: 1 });
  expect(open).toMatchObject({ success: 0, failed: 1 });
  expect(bakedBy(0)).toBe(1);
  expect([setbacksSince(0), setbacksSince(1)]).toEqual([1, 0]);
  expect(slots.applied("1.2.3").map(({ attemptId }) => attemptId)).toEqual(["att_1", "att_3"]);
});

it("a canary from an older sender gains the fields it does not know", () => {
  const { bake_s: _unknown, ...older } = defaultPolicyDocument().canary;
  expect(completeCanary({ ...older, in_flight: 7 })).toEqual({ ...older, in_flight: 7, bake_s: 600 });
});
