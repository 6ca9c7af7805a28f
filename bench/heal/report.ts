/** From what was seen to tables and targets. */

import type { Sample } from "../sample.ts";
import type { Report, Target } from "../target.ts";
import { type Estimate, meanOf } from "./figures.ts";
import { faultTable, outcomeTable, stageTable } from "./healing-tables.ts";
import { harmed, isMinor, repairMinutes } from "./measures.ts";
import { BUSY, detectionMinutes, outcomes } from "./outcomes.ts";
import { comparisonTable, costTable, harmTable, type Result, reachTable } from "./safety-tables.ts";
import { START } from "./start.ts";
import { DAY_MS, LEARNED_FROM_DAY } from "./world.ts";

const FIRST_STAGE = 5;

export function reportOf(results: readonly Result[], options: Sample): Report {
  const week = results.filter(({ part }) => part.of === "week").map(({ seen }) => seen);
  const attempts = week.flatMap((seen) => seen.attempts);
  const faults = week.flatMap((seen) => seen.faults);
  const learnedAt = START + LEARNED_FROM_DAY * DAY_MS;
  const learned = attempts.filter(({ createdAt }) => createdAt >= learnedAt);
  const busy = faults.filter(
    ({ webhooksPerHour, kind, at }) => webhooksPerHour >= BUSY && kind !== "transient" && at >= learnedAt,
  );
  const detection = meanOf(detectionMinutes(busy));
  const repair = meanOf(
    repairMinutes(faults, attempts, (fault, attempt) => isMinor(fault, attempt) && fault.at >= learnedAt),
  );
  const { success, rollback } = outcomes(learned);
  const reach = Math.max(
    0,
    ...week
      .flatMap((seen) => seen.reach)
      .filter(({ nature }) => nature.endsWith("bad"))
      .map(({ shops }) => shops),
  );
  const harm = harmed(attempts);
  const judge = fair(options);
  const count = (what: string, value: number, bound: number, unit = ""): Target => ({
    what,
    value,
    bound,
    must: "at most",
    unit,
  });
  return {
    tables: [
      outcomeTable(attempts, learned),
      faultTable(faults, attempts),
      stageTable(faults, attempts, learnedAt),
      reachTable(week),
      harmTable(attempts),
      comparisonTable(results.filter(({ part }) => part.of === "comparison")),
      costTable(results),
    ],
    targets: [
      judge("patch success after SIRA has learned", success, 95, "at least", "%", 100),
      judge("rolled back of applied after SIRA has learned", rollback, 2, "at most", "%", 100),
      judge(
        `mean time to detect, faults with traffic of ${BUSY} webhooks/h and more, levels learned`,
        detection,
        2,
        "at most",
        "min",
        1,
      ),
      judge("mean time to repair a minor fault, from its detection", repair, 10, "at most", "min", 1),
      count("healthy shops made worse and not restored", harm.healthy, 0, "shops"),
      count("faulty shops made worse by a reversible change and not restored", harm.faulty, 0, "shops"),
      count("shops that any bad release reached (its first canary stage)", reach, FIRST_STAGE, "shops"),
      count(
        "broken invariants",
        week.reduce((sum, { broken }) => sum + broken.length, 0),
        0,
      ),
      count(
        "failures of the machinery",
        results.reduce((sum, { seen }) => sum + seen.failures.length, 0),
        0,
      ),
    ],
  };
}

/** A small sample misses a target only when its interval lies beyond it. */
function fair({ quick }: Sample) {
  return (
    what: string,
    estimate: Estimate,
    bound: number,
    must: Target["must"],
    unit: string,
    scale: number,
  ): Target => {
    const { value, low, high, n } = estimate;
    const best = must === "at most" ? low : high;
    const judged = quick ? best : value;
    const text = `${what} (n = ${n}${quick && value !== null ? `, ${(value * scale).toFixed(1)}; the kind end of its interval is judged` : ""})`;
    return { what: text, value: judged === null ? null : judged * scale, bound, must, unit };
  };
}
