/** From what was seen to tables and targets. */
import type { Table, Target } from "../target.ts";
import { type Estimate, meanOf, meanText, numberText, quantileOf, share, shareText } from "./figures.ts";
import {
  ended,
  finished,
  harmed,
  isMinor,
  isSuccess,
  repairMinutes,
  STAGES,
  stageMinutes,
} from "./measures.ts";
import type { AttemptSeen, FaultSeen, WeekSeen } from "./observe.ts";
import type { Options, Part } from "./parts.ts";
import { START } from "./start.ts";
import { DAY_MS, LEARNED_FROM_DAY } from "./world.ts";

const FIRST_STAGE = 5;
const BUSY = 60;
const MINUTE_MS = 60_000;

export interface HealReport {
  tables: Table[];
  targets: Target[];
}

type Result = { part: Part; seen: WeekSeen };

export function reportOf(results: readonly Result[], options: Options): HealReport {
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
function fair({ quick }: Options) {
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

function outcomes(attempts: readonly AttemptSeen[]) {
  const done = attempts.filter(finished);
  const applied = done.filter(
    ({ entered, status }) => entered.verifying !== undefined || status === "success",
  );
  return {
    begun: attempts.length,
    success: share(done.filter(isSuccess).length, done.length),
    rollback: share(
      applied.filter(({ status }) => status === "rolled_back" || status === "rollback_failed").length,
      applied.length,
    ),
    falseSuccess: share(applied.filter(({ falseSuccess }) => falseSuccess).length, applied.length),
  };
}

function outcomeTable(attempts: readonly AttemptSeen[], learned: readonly AttemptSeen[]): Table {
  const row = (name: string, list: readonly AttemptSeen[]): string[] => {
    const { begun, success, rollback, falseSuccess } = outcomes(list);
    return [
      name,
      String(begun),
      String(success.n),
      shareText(success),
      shareText(rollback),
      shareText(falseSuccess),
    ];
  };
  const actions = [...new Set(attempts.map(({ action }) => action))].sort();
  return {
    title: "Automatic attempts: how they ended",
    columns: [
      "",
      "begun",
      "in a shop's hands",
      "success",
      "rolled back",
      "success of a shop that is not well",
    ],
    rows: [
      row("whole week", attempts),
      row(
        `until day ${LEARNED_FROM_DAY}`,
        attempts.filter((attempt) => !learned.includes(attempt)),
      ),
      row(`after SIRA has learned (day ${LEARNED_FROM_DAY} on)`, learned),
      ...actions.map((action) =>
        row(
          `  ${action}`,
          learned.filter((attempt) => attempt.action === action),
        ),
      ),
    ],
    note: "Success is of all that were handed over and have ended, taking back not counted; rolled back is of those that were applied. In brackets the 95 % Wilson interval.",
  };
}

function detectionMinutes(faults: readonly FaultSeen[]): number[] {
  return faults.flatMap(({ at, detectedAt }) => (detectedAt === null ? [] : [(detectedAt - at) / MINUTE_MS]));
}

function faultTable(faults: readonly FaultSeen[], attempts: readonly AttemptSeen[]): Table {
  const kinds = [...new Set(faults.map(({ kind }) => kind))];
  const row = (name: string, list: readonly FaultSeen[]): string[] => {
    const busy = list.filter(({ webhooksPerHour }) => webhooksPerHour >= BUSY);
    const times = detectionMinutes(busy);
    const repaired = repairMinutes(list, attempts, () => true);
    const by = (who: FaultSeen["endedBy"]): string =>
      shareText(share(list.filter(({ endedBy }) => endedBy === who).length, list.length)).replace(
        / \(.*/,
        "",
      );
    return [
      name,
      String(list.length),
      shareText(share(list.filter(({ detectedAt }) => detectedAt !== null).length, list.length)).replace(
        / \(.*/,
        "",
      ),
      `${meanText(meanOf(times))} n=${times.length}`,
      numberText(quantileOf(detectionMinutes(list), 0.5)),
      by("vigie"),
      by("person"),
      by("itself"),
      numberText(quantileOf(repaired, 0.5)),
      meanText(meanOf(repaired)),
    ];
  };
  return {
    title: "Faults: minutes to detection, who mended them, minutes from detection to repair",
    columns: [
      "fault",
      "n",
      "detected",
      `mean detection, >= ${BUSY}/h`,
      "median, all",
      "by Vigie",
      "by a person",
      "by itself",
      "median repair",
      "mean repair",
    ],
    rows: [
      row("all", faults),
      row(
        `from day ${LEARNED_FROM_DAY} on`,
        faults.filter(({ at }) => at >= START + LEARNED_FROM_DAY * DAY_MS),
      ),
      ...kinds.map((kind) =>
        row(
          kind,
          faults.filter((fault) => fault.kind === kind),
        ),
      ),
    ],
    note: "A dead client cannot be handed a command: a person is called. Repair: those that Vigie mended.",
  };
}

function stageTable(
  faults: readonly FaultSeen[],
  attempts: readonly AttemptSeen[],
  learnedAt: number,
): Table {
  const stages = stageMinutes(
    faults,
    attempts,
    (fault, attempt) => isMinor(fault, attempt) && fault.at >= learnedAt,
  );
  const rows = STAGES.map((stage) => {
    const times = stages.map((each) => each[stage]).filter((time) => time !== null);
    return [
      stage,
      String(times.length),
      meanText(meanOf(times)),
      numberText(quantileOf(times, 0.5)),
      numberText(quantileOf(times, 0.95)),
    ];
  });
  return {
    title: "Minor faults after SIRA has learned, stage by stage: minutes",
    columns: ["stage", "n", "mean", "median", "95th"],
    rows,
    note: "Minor: one shop's own fault whose fix is a setting, a subscription or a patch-level release. Slot: waiting for the gate and a place in the rollout.",
  };
}

function reachTable(week: readonly WeekSeen[]): Table {
  const rows = week.flatMap((seen) =>
    seen.reach.map(({ product, version, nature, shops, status }) => [
      product,
      version,
      nature.replace("_", " "),
      String(shops),
      status,
    ]),
  );
  return {
    title: "Releases that are not good: shops that an attempt put on them",
    columns: ["product", "version", "nature", "shops", "status at the end"],
    rows,
  };
}

function harmTable(attempts: readonly AttemptSeen[]): Table {
  const { touched, worse, healthy, faulty, irreversible } = harmed(attempts);
  return {
    title: "Harm",
    columns: ["", "shops"],
    rows: [
      ["healthy when the change came", String(touched)],
      ["made worse by the change, of all", String(worse)],
      ["of these: healthy before, not restored within 2 h by Vigie", String(healthy)],
      ["of these: faulty before, reversible change, not restored", String(faulty)],
      ["of these: faulty before, irreversible change, frozen and paged", String(irreversible)],
    ],
  };
}

function comparisonTable(results: readonly Result[]): Table {
  return {
    title: "The same smaller fleet with one protection taken away (whole run, learning included)",
    columns: [
      "",
      "in a shop's hands",
      "success",
      "rolled back",
      "mended by Vigie",
      "on a bad release",
      "made worse",
      "not restored",
      "pages",
    ],
    rows: results.map(({ part, seen }) => {
      const { success, rollback } = outcomes(seen.attempts);
      const { worse, healthy, faulty, irreversible } = harmed(seen.attempts);
      const bad = seen.reach
        .filter(({ nature }) => nature !== "regression")
        .reduce((sum, { shops }) => sum + shops, 0);
      const mended = share(
        seen.faults.filter(({ endedBy }) => endedBy === "vigie").length,
        seen.faults.length,
      );
      return [
        part.variant,
        String(success.n),
        shareText(success),
        shareText(rollback),
        shareText(mended),
        String(bad),
        String(worse),
        String(healthy + faulty + irreversible),
        String(seen.pages),
      ];
    }),
  };
}

function costTable(results: readonly Result[]): Table {
  const total = (pick: (seen: WeekSeen) => number): number =>
    results.reduce((sum, { seen }) => sum + pick(seen), 0);
  const cpu = total(({ cpuSeconds }) => cpuSeconds);
  const rows = results.map(({ part, seen }) => [
    `${part.of}: ${part.variant}`,
    String(part.shops),
    String(part.days),
    seen.beats.toLocaleString("en-US"),
    String(seen.incidents),
    String(seen.falseIncidents),
    String(seen.attempts.filter(ended).length),
    String(seen.degradedMinutes),
    String(seen.restores),
    seen.cpuSeconds.toFixed(0),
  ]);
  return {
    title: `What was simulated: ${cpu.toFixed(0)} core-seconds, ${((cpu / total(({ steps }) => steps)) * 1e6).toFixed(0)} us a step`,
    columns: [
      "run",
      "shops",
      "days",
      "heartbeats",
      "incidents",
      "false",
      "attempts",
      "autonomy lost, min",
      "restored",
      "core-s",
    ],
    rows,
  };
}
