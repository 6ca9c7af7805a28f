/** Did the demo show what it promises? Pure: judges the stories' evidence. */
import type { Story } from "./roster.ts";
import type { StoryResult } from "./story.ts";

/** Each story's promise: what must hold of its end, in words for when it does not. */
const PROMISES: Record<Exclude<Story, "healthy">, (result: StoryResult) => (string | null)[]> = {
  healed: ({ attempt, versionOnDisk }) => [
    attempt?.status === "success"
      ? null
      : `the attempt ended as ${attempt?.status ?? "nothing"}, not as success`,
    attempt?.target_version === "1.2.3" ? null : "it was not 1.2.3 that was applied",
    attempt?.requested_by === "dev:ada" ? "a person had to ask for it" : null,
    versionOnDisk === "1.2.3" ? null : `the shop runs ${versionOnDisk}, not 1.2.3`,
  ],
  rolled_back: ({ attempt, versionOnDisk }) => [
    attempt?.status === "rolled_back"
      ? null
      : `the attempt ended as ${attempt?.status ?? "nothing"}, not as rolled_back`,
    attempt?.health?.verdict === "unhealthy" ? null : "the health check did not find it unhealthy",
    versionOnDisk === "1.2.2" ? null : `the shop runs ${versionOnDisk}, not 1.2.2 as before`,
  ],
  restored: ({ attempt, commandErrors, versionOnDisk }) => [
    attempt !== null && ["failed", "rolled_back"].includes(attempt.status)
      ? null
      : `the attempt ended as ${attempt?.status ?? "nothing"}`,
    commandErrors.some((text) => /boot_failed|restored/.test(text)) ||
    /boot_failed|restored/.test(attempt?.reason ?? "")
      ? null
      : "no command failed with boot_failed or restored",
    versionOnDisk === "1.2.2" ? null : `the shop runs ${versionOnDisk}, not 1.2.2 as before`,
  ],
};

/** @returns what is missing, one sentence each; empty when all promises were kept */
export function missingFrom(results: readonly StoryResult[]): string[] {
  return Object.entries(PROMISES).flatMap(([story, promise]) => {
    const result = results.find(({ shop }) => shop.story === story);
    if (!result) return [`the story "${story}" was not told`];
    if (result.failure !== null) return [`${result.shop.id} (${story}): ${result.failure}`];
    return promise(result)
      .filter((broken) => broken !== null)
      .map((broken) => `${result.shop.id} (${story}): ${broken}`);
  });
}
