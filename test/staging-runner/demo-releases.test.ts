import { afterAll, beforeAll, expect, it } from "vitest";
import { buildDemoReleases, type DemoRelease } from "../../local/demo/releases.ts";
import { failure, SETUP_MS, type StagingWorld, startStagingWorld } from "./staging-world.ts";

let world: StagingWorld;
let releases: DemoRelease[];
beforeAll(async () => {
  [world, releases] = await Promise.all([startStagingWorld(), buildDemoReleases()]);
}, SETUP_MS);
afterAll(() => world.stop());

it.each([
  [
    "1.2.2",
    "is failed: some of its webhooks are signed wrongly",
    { name: "webhook", reason: "webhook-refused" },
  ],
  ["1.2.3", "passes", null],
  ["1.2.4", "passes: it breaks only after more orders than staging takes", null],
  ["1.2.5", "passes: a clean sandbox holds no older journal", null],
])("%s %s", async (version, _, expected) => {
  const release = releases.find((candidate) => candidate.version === version);
  if (!release) throw new Error(`no release ${version}`);
  expect(failure(await world.smoke(release))).toEqual(expected);
});
