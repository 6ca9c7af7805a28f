/**
 * What another policy would have said of past attempts: each is put before the real gate again with the facts that were kept with it.
 * Pure. It replays judgements, not the world: see `unknowns`.
 */

import { GATE_RULES, type GateVerdict } from "../../contract/attempt.ts";
import {
  BACKTEST_MAX_ITEMS,
  type BacktestCourse,
  type BacktestItem,
  type BacktestReply,
} from "../../contract/backtest.ts";
import type { GateSnapshot } from "../../contract/gate-snapshot.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import { type GateResult, gate } from "./gate.ts";
import { subjectOf } from "./gate-snapshot.ts";

/** One judgement of the past: an attempt, or a decision in mode shadow. */
export interface PastJudgement {
  kind: "attempt" | "shadow";
  id: string;
  incident_id: string;
  plugin_id: string;
  merchant_id: string;
  product: string;
  action: BacktestItem["action"];
  target_version: string | null;
  severity: BacktestItem["severity"];
  /** By Vigie itself, and no taking-back. */
  automatic: boolean;
  /** Attempt status; or outcome of a shadow decision, null while its incident is open. */
  ended: string | null;
  approvals_needed: number;
  /** Rules that forbade it then; of a shadow decision, those that would have. */
  forbidden_by: string[];
  /** Of the last time that it was put before the gate, as `forbidden_by` is. */
  facts: GateSnapshot | null;
  at: string;
}

export interface Past {
  from: string;
  until: string;
  days: number;
  incidents: number;
  truncated: boolean;
  /** Incidents without any of `judgements`. */
  without_attempt: number;
  judgements: readonly PastJudgement[];
}

interface Replay {
  past: PastJudgement;
  result: GateResult;
  was: BacktestCourse;
  would: BacktestCourse;
}

export function backtest(past: Past, draft: PolicyDocument, inForce: PolicyDocument): BacktestReply {
  const automatic = past.judgements.filter((one) => one.automatic);
  const replays = automatic.flatMap((one) => replay(one, draft));
  const changed = replays.filter(({ was, would }) => was !== would);
  const items = changed
    .toSorted((a, b) => b.past.at.localeCompare(a.past.at) || b.past.id.localeCompare(a.past.id))
    .slice(0, BACKTEST_MAX_ITEMS)
    .map(itemOf);
  return {
    from: past.from,
    until: past.until,
    days: past.days,
    truncated: past.truncated,
    incidents: past.incidents,
    without_attempt: past.without_attempt,
    replayed: replays.length,
    not_replayable: {
      without_facts: automatic.length - replays.length,
      by_people: past.judgements.length - automatic.length,
    },
    changed: changed.length,
    was: countsOf(replays.map(({ was }) => was)),
    would: countsOf(replays.map(({ would }) => would)),
    by_rule: byRule(replays),
    would_be_automatic_ended: countsOf(
      replays.filter(({ would }) => would === "automatic").map((one) => endedOf(one.past)),
    ),
    moves: movesOf(changed),
    items,
    unknown: unknowns(replays, draft, inForce),
  };
}

/**
 * Nothing for what has no facts. People's approvals are not counted: whether they would be asked is the question. That mode `shadow`
 * does nothing is known without a replay: a draft in that mode is asked what it would have recorded, and so are shadow decisions.
 */
function replay(past: PastJudgement, draft: PolicyDocument): Replay[] {
  if (past.facts === null) return [];
  const owner = { pluginId: past.plugin_id, merchantId: past.merchant_id, product: past.product };
  const records = draft.mode === "shadow";
  const policy = records ? { ...draft, mode: "auto" as const } : draft;
  const result = gate(policy, { ...subjectOf(past.facts, owner), approvals: 0 });
  const was = past.kind === "shadow" && !records ? "shadow" : courseThen(past);
  return [{ past, result, was, would: COURSES[result.outcome] }];
}

const COURSES: Readonly<Record<GateResult["outcome"], BacktestCourse>> = {
  go: "automatic",
  wait_approval: "approval",
  wait_canary: "slot",
  forbid: "forbidden",
};

function courseThen(past: PastJudgement): BacktestCourse {
  if (past.forbidden_by.some((rule) => rule !== "canary")) return "forbidden";
  if (past.approvals_needed > 0) return "approval";
  return past.forbidden_by.length > 0 ? "slot" : "automatic";
}

function endedOf(past: PastJudgement): string {
  return past.ended ?? "open";
}

function itemOf({ past, result, was, would }: Replay): BacktestItem {
  return {
    incident_id: past.incident_id,
    id: past.id,
    merchant_id: past.merchant_id,
    at: past.at,
    severity: past.severity,
    action: past.action,
    target_version: past.target_version,
    was,
    would,
    rule: decidingRule(past, result),
    why: result.why?.slice(0, 500) ?? null,
    approvals_needed: result.outcome === "forbid" ? 0 : result.approvalsNeeded,
    ended: endedOf(past),
  };
}

/** Which rule stands in the way now; when none does, which did then. */
function decidingRule(past: PastJudgement, { verdicts, forbiddenBy }: GateResult): string | null {
  if (forbiddenBy !== null) return forbiddenBy;
  const asks = verdicts.find(({ outcome }) => outcome === "needs_approval");
  return asks?.rule ?? past.forbidden_by[0] ?? null;
}

function byRule(replays: readonly Replay[]): BacktestReply["by_rule"] {
  const count = (rule: GateVerdict["rule"], outcome: GateVerdict["outcome"]) =>
    replays.filter(({ result }) =>
      result.verdicts.some((verdict) => verdict.rule === rule && verdict.outcome === outcome),
    ).length;
  return GATE_RULES.map((rule) => ({
    rule,
    forbids: count(rule, "forbid"),
    asks: count(rule, "needs_approval"),
  })).filter(({ forbids, asks }) => forbids + asks > 0);
}

function movesOf(changed: readonly Replay[]): BacktestReply["moves"] {
  const groups = Map.groupBy(changed, ({ was, would }) => `${was} ${would}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const ended = countsOf(group.map(({ past }) => endedOf(past)));
      return [{ was: first.was, would: first.would, count: group.length, ended }];
    })
    .sort((a, b) => b.count - a.count);
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** What the record cannot tell of the draft. */
function unknowns(replays: readonly Replay[], draft: PolicyDocument, inForce: PolicyDocument): string[] {
  const differs = (name: "canary" | "limits" | "intervals") =>
    JSON.stringify(draft[name]) !== JSON.stringify(inForce[name]);
  const without = replays.some(
    ({ past, was, would }) => would === "automatic" && (was !== "automatic" || past.kind === "shadow"),
  );
  return [
    "Decisions are taken as they were: what SIRA would have learned under the draft, and decided then, is not known.",
    "Budgets and penalty boxes are those of that time: what the draft would have let pass or stopped before is not counted.",
    ...(draft.mode === "shadow"
      ? [
          "In mode shadow nothing is done by itself: the draft is replayed as in mode auto, and what was recorded in mode shadow stands beside it as what it would have been.",
        ]
      : []),
    ...(without ? ["How an attempt would have ended that was not carried out then is not known."] : []),
    ...(differs("canary")
      ? ["Canary slots are those of the stages of that time: the draft's stages and limits are not replayed."]
      : []),
    ...(differs("intervals")
      ? [
          "Health checks, bakes and time-outs are not replayed: the draft's intervals change how attempts end.",
        ]
      : []),
  ];
}
