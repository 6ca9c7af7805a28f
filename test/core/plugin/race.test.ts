/**
 * Two events reach one plugin at the same moment, each made of what its giver saw before the other. In both orders, from every
 * phase in which both can occur, and whether the shop then lives on or falls silent: nothing throws, every step keeps
 * the invariants, every attempt ends, and it ends as one of the two would have brought it about from where it began or from
 * where the other one leads.
 */
import { describe, expect, it } from "vitest";
import type { Attempt } from "../../../src/contract/attempt.ts";
import { keyOf } from "../../../src/core/plugin/state.ts";
import { A_PLUGIN_ID } from "../../builders/heartbeat.ts";
import { gridAt, PHASES, type PhaseName } from "./race-phases.ts";
import { Track } from "./race-track.ts";
import { RACER_NAMES, RACERS, type RacerName } from "./racers.ts";

type End = Attempt["status"] | null;
const AFTERWARDS = ["liveOn", "silence"] as const;
const RACED = `att_${keyOf(A_PLUGIN_ID)}_1`;

/** Where each event may lead: from there on the other one does what it does there. */
const LEADS_TO: Partial<Record<RacerName, readonly PhaseName[]>> = {
  approve: ["pending", "staging", "commit due"],
  "severity rises": ["pending", "rolling back"],
  "gate facts": ["staging", "queued"],
  "staging passed": ["queued"],
  "hand-over": ["handed over"],
  ack: ["verifying", "commit due"],
  "ack twice": ["verifying", "commit due"],
  "beat with the new version": ["verifying", "commit due"],
  "signal clears": ["commit due"],
  fail: ["queued"],
  reject: ["rolling back"],
  deadline: ["rolling back", "asked"],
  "order to take back": ["rolling back"],
  decision: ["verifying", "rolling back"],
};

/**
 * What only both together bring about: two beats are the evidence that one is not; what is final in the shop is followed by
 * silence; a beat says that what is ordered back never came about.
 */
const TOGETHER: Record<string, End> = {
  "ack × deadline": "failed",
  "ack twice × deadline": "failed",
  "signal clears × order to take back": "rolled_back",
  "severity rises × order to take back": "rolled_back",
  "beat built before × order to take back": "rolled_back",
  "goodbye × order to take back": "rolled_back",
  "decision × order to take back": "rolled_back",
  "beat with the new version × beat with the new version": "success",
};

/** The end of the attempt that is raced over, after these events, one second apart. Null where one of them cannot occur. */
function endAfter(
  phase: PhaseName,
  events: readonly RacerName[],
  afterwards: (typeof AFTERWARDS)[number],
): { end: End } | null {
  const grid = gridAt(phase);
  const runs = events.map((name) => RACERS[name](grid));
  const track = new Track(grid);
  for (const run of runs) {
    if (run === null) return null;
    track.now += 1000;
    run(track);
  }
  track[afterwards]();
  return { end: track.endOf(RACED) };
}

const alone = new Map<string, ReturnType<typeof endAfter>>();

function endAlone(phase: PhaseName, event: RacerName | null, afterwards: (typeof AFTERWARDS)[number]) {
  const key = `${phase}/${event}/${afterwards}`;
  const known = alone.get(key);
  if (known !== undefined) return known;
  const end = endAfter(phase, event === null ? [] : [event], afterwards);
  alone.set(key, end);
  return end;
}

/** Ends that the two may bring about. */
function allowed(
  phase: PhaseName,
  pair: readonly [RacerName, RacerName],
  afterwards: (typeof AFTERWARDS)[number],
) {
  const ends = new Set<End>([endAlone(phase, null, afterwards)?.end ?? null]);
  const add = (from: PhaseName, event: RacerName) => {
    const one = endAlone(from, event, afterwards);
    if (one) ends.add(one.end);
  };
  const [a, b] = pair;
  const together = TOGETHER[pair.join(" × ")];
  if (together !== undefined) ends.add(together);
  add(phase, a);
  add(phase, b);
  for (const from of LEADS_TO[a] ?? []) add(from, b);
  for (const from of LEADS_TO[b] ?? []) add(from, a);
  return ends;
}

interface Race {
  name: string;
  pair: readonly [RacerName, RacerName];
  phases: PhaseName[];
}

const RACES: Race[] = RACER_NAMES.flatMap((a, i) =>
  RACER_NAMES.slice(i).flatMap((b): Race[] => {
    const phases = PHASES.filter((phase) => {
      const grid = gridAt(phase);
      return RACERS[a](grid) !== null && RACERS[b](grid) !== null;
    });
    return phases.length === 0 ? [] : [{ name: `race: ${a} × ${b}`, pair: [a, b], phases }];
  }),
);

describe("two events at the same moment", () => {
  it("are raced in pairs, all that can meet", () => {
    expect(RACES.length).toBeGreaterThan(200);
    for (const name of RACER_NAMES)
      expect(RACES.filter(({ pair }) => pair.includes(name)).length).toBeGreaterThan(5);
  });

  it.each(RACES)("$name", ({ pair, phases }) => {
    const [a, b] = pair;
    for (const phase of phases)
      for (const afterwards of AFTERWARDS)
        for (const order of a === b
          ? [[a, b]]
          : [
              [a, b],
              [b, a],
            ]) {
          const result = endAfter(phase, order as RacerName[], afterwards);
          const where = `${phase}: ${order.join(" -> ")}, then ${afterwards}`;
          expect([...allowed(phase, pair, afterwards)], where).toContain(result?.end);
        }
  });
});
