/** How attempts ended, and how long each kind of fault took. */
import type { Table } from "../target.ts";
import { meanOf, meanText, numberText, quantileOf, share, shareText } from "./figures.ts";
import { isMinor, repairMinutes, STAGES, stageMinutes } from "./measures.ts";
import type { AttemptSeen, FaultSeen } from "./observe.ts";
import { BUSY, detectionMinutes, outcomes } from "./outcomes.ts";
import { START } from "./start.ts";
import { DAY_MS, LEARNED_FROM_DAY } from "./world.ts";

export function outcomeTable(attempts: readonly AttemptSeen[], learned: readonly AttemptSeen[]): Table {
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

export function faultTable(faults: readonly FaultSeen[], attempts: readonly AttemptSeen[]): Table {
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

export function stageTable(
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
