/**
 * The demo's plot, the same for start and demo: three shops on 1.2.2 begin to sell everywhere, which that release signs
 * wrongly. One is healed by Vigie, one gets a bad patch and is rolled back, one gets a patch that does not boot and restores
 * itself. All three at the same time, everything through the public API.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Fleet } from "./fleet.ts";
import { EVERY_MARKET, type Story, shopOf } from "./roster.ts";
import {
  endOfAttempt,
  incidentOf,
  orderPatch,
  type StoryContext,
  type StoryResult,
  wasTried,
} from "./story.ts";

/** Long enough for some dozens of good webhooks, so that the detectors know what is normal. */
const CALM_BEFORE_MS = 40_000;

interface Plot {
  story: Exclude<Story, "healthy">;
  /** Null: Vigie decides by itself. */
  manualVersion: string | null;
  targetVersion: string;
  reason: string;
}

const PLOTS: readonly Plot[] = [
  { story: "healed", manualVersion: null, targetVersion: "1.2.3", reason: "" },
  {
    story: "rolled_back",
    manualVersion: "1.2.4",
    targetVersion: "1.2.4",
    reason: "demo: the newest one, in a hurry",
  },
  {
    story: "restored",
    manualVersion: "1.2.5",
    targetVersion: "1.2.5",
    reason: "demo: somebody read that it helps",
  },
];

/** Runs the stories that earlier runs have not finished. @returns one result each, also of those that failed */
export async function runScenario(fleet: Fleet, context: StoryContext): Promise<StoryResult[]> {
  const open: Plot[] = [];
  for (const plot of PLOTS) {
    if (!(await wasTried(context, fleet.pluginId(shopOf(plot.story)), plot.targetVersion))) open.push(plot);
  }
  if (open.length === 0) return [];
  context.log(`${open.length} shops sell to plain names for ${CALM_BEFORE_MS / 1000} s, then everywhere ...`);
  await delay(CALM_BEFORE_MS, undefined, { signal: context.signal });
  return Promise.all(open.map((plot) => tell(plot, fleet, context)));
}

async function tell(plot: Plot, fleet: Fleet, context: StoryContext): Promise<StoryResult> {
  const shop = shopOf(plot.story);
  const result: StoryResult = {
    shop,
    onsetAt: Date.now(),
    incident: null,
    attempt: null,
    commandErrors: [],
    versionOnDisk: null,
    failure: null,
  };
  try {
    await fleet.sellTo(shop, EVERY_MARKET);
    context.log(`${shop.id}: sells everywhere now, and 1.2.2 signs those orders wrongly`);
    const incident = await incidentOf(context, shop, fleet.pluginId(shop));
    result.incident = incident;
    context.log(`${shop.id}: detected: ${incident.signal.explanation}`);
    const ordered = plot.manualVersion
      ? await orderPatch(context, incident, plot.manualVersion, plot.reason)
      : null;
    const { detail, attempt } = await endOfAttempt(context, incident, (candidate) =>
      ordered ? candidate.id === ordered.id : candidate.target_version === plot.targetVersion,
    );
    result.incident = detail.incident;
    result.attempt = attempt;
    result.commandErrors = detail.commands.flatMap(({ error }) => (error === null ? [] : [error]));
  } catch (error) {
    if (context.signal.aborted) throw error;
    result.failure = error instanceof Error ? error.message : String(error);
  }
  result.versionOnDisk = await fleet.versionOnDisk(shop).catch(() => null);
  return result;
}
