import { expect, it } from "vitest";
import { missingFrom } from "../../local/demo/outcome.ts";
import { type Story, shopOf } from "../../local/demo/roster.ts";
import type { StoryResult } from "../../local/demo/story.ts";
import { storyTable } from "../../local/demo/table.ts";
import type { Attempt } from "../../src/contract/attempt.ts";

const T0 = Date.parse("2026-11-22T12:00:00Z");
const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString();

/** Only what the judge and the table read. */
function anAttempt(overrides: Record<string, unknown>): Attempt {
  const attempt = {
    status: "success",
    requested_by: "vigie",
    from_version: "1.2.2",
    target_version: "1.2.3",
    decision: { decided_at: at(41) },
    staged_at: at(44),
    executed_at: at(70),
    finished_at: at(161),
    health: { verdict: "healthy" },
    reason: null,
    ...overrides,
  };
  return attempt as unknown as Attempt; // a full attempt would hide what matters here
}

function aResult(story: Exclude<Story, "healthy">, overrides: Partial<StoryResult> = {}): StoryResult {
  return {
    shop: shopOf(story),
    onsetAt: T0,
    incident: null,
    attempt: anAttempt({}),
    commandErrors: [],
    versionOnDisk: "1.2.3",
    failure: null,
    ...overrides,
  };
}

const kept = () => [
  aResult("healed"),
  aResult("rolled_back", {
    attempt: anAttempt({ status: "rolled_back", target_version: "1.2.4", health: { verdict: "unhealthy" } }),
    versionOnDisk: "1.2.2",
  }),
  aResult("restored", {
    attempt: anAttempt({ status: "failed", target_version: "1.2.5" }),
    commandErrors: ["boot_failed: ended with code 1"],
    versionOnDisk: "1.2.2",
  }),
];

it("is content when every promise was kept", () => {
  expect(missingFrom(kept())).toEqual([]);
});

it("names the story that was not told", () => {
  expect(missingFrom(kept().slice(1))).toEqual(['the story "healed" was not told']);
});

it("believes the shop's disk more than the attempt's status", () => {
  const [healed, ...others] = kept();
  if (!healed) throw new Error("no story");
  expect(missingFrom([{ ...healed, versionOnDisk: "1.2.2" }, ...others])).toEqual([
    "dakar-textiles (healed): the shop runs 1.2.2, not 1.2.3",
  ]);
});

it("is not content with a rollback that the health check did not order", () => {
  const [healed, rolledBack, restored] = kept();
  if (!healed || !rolledBack || !restored) throw new Error("no story");
  const attempt = anAttempt({ status: "rolled_back", target_version: "1.2.4", health: null });
  expect(missingFrom([healed, { ...rolledBack, attempt }, restored])).toEqual([
    "nairobi-coffee (rolled_back): the health check did not find it unhealthy",
  ]);
});

it("prints each stage in seconds since the onset", () => {
  const line = storyTable(kept()).split("\n")[1];
  expect(line).toMatch(
    /^dakar-textiles +1\.2\.2 > 1\.2\.3 +12:00:00 +- +\+41 s +\+44 s +\+70 s +success +\+161 s +1\.2\.3$/,
  );
});
