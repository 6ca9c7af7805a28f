/** Where races begin: one plugin in each phase in which things can happen at the same time. */
import { aPolicy } from "../../builders/release.ts";
import { type Grid, gridOf } from "./race-track.ts";
import { PluginStory } from "./story.ts";

/** Short watches, so that thousands of races end soon. */
const INTERVALS = { verify_s: 30, verify_limit_s: 60, apply_s: 60, command_ttl_s: 240 };
const POLICY = aPolicy({ intervals: INTERVALS });

/** A shop known for a day, so that it is judged by its own figures. */
function known(policy = POLICY): PluginStory {
  const story = new PluginStory(policy);
  for (let i = 0; i < 24; i++) story.beat(3600, { sent: 200, failed: 1 });
  return story.breakWebhooks();
}

const applying = (): PluginStory => known().decide().gate().stage();

function verifying(): PluginStory {
  return applying().beat(15).handOver().wait(5).ack("1.2.3").beat(15, { sent: 2 }, { state: "probation" });
}

function asked(): PluginStory {
  const story = applying().beat(15).handOver().wait(5).ack("1.2.3");
  for (let i = 0; i < 5; i++) story.beat(15, {}, { state: "probation" });
  return story;
}

function rollingBack(): PluginStory {
  const story = verifying();
  for (let i = 0; i < 4 && story.attempt.status === "verifying"; i++)
    story.beat(15, { sent: 20, failed: 20 }, { state: "probation" });
  return story;
}

function commitDue(): PluginStory {
  const story = verifying();
  for (let i = 0; i < 20 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
  return story;
}

const STORIES = {
  pending: () => known().decide(),
  awaiting: () =>
    known(aPolicy({ mode: "approve-only", intervals: INTERVALS }))
      .decide()
      .gate(),
  staging: () => known().decide().gate(),
  queued: applying,
  "handed over": () => applying().beat(15).handOver(),
  "settings handed over": () =>
    known()
      .decide({ action: "config", config: { retries: 3 } })
      .gate({ admission: null })
      .beat(15)
      .handOver({ admission: null }),
  verifying,
  asked,
  "rolling back": rollingBack,
  "way back handed over": () => rollingBack().handOver(),
  "commit due": commitDue,
  kept: () => commitDue().beat(15, { sent: 20 }),
} satisfies Record<string, () => PluginStory>;

export type PhaseName = keyof typeof STORIES;

const grids = new Map<PhaseName, Grid>();

export const PHASES = Object.keys(STORIES) as PhaseName[]; // The keys of a literal are its type's.

/** Built once: every race begins from a copy. */
export function gridAt(phase: PhaseName): Grid {
  const grid = grids.get(phase) ?? gridOf(STORIES[phase]());
  grids.set(phase, grid);
  return grid;
}
