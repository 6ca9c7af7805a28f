/**
 * The policy gate: may this attempt go on? Every rule is evaluated, always, so that the stored verdicts answer "why was this
 * allowed?" and "what else stood in the way?". Pure.
 */

import type { GateVerdict } from "../../contract/attempt.ts";
import type { SemverStep } from "../../contract/decision.ts";
import type { Action, Severity } from "../../contract/ids.ts";
import type { Quiet } from "../../contract/incident.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import type { FleetGuard } from "../../contract/rpc/fleet.ts";
import type { Admission } from "../../contract/rpc/release.ts";
import { isGraver } from "../severity-rank.ts";
import { freezeOf, muteOf } from "./suppression.ts";

export interface GateSubject {
  pluginId: string;
  merchantId: string;
  product: string;
  /** Of the incident. */
  type: string;
  /** The incident comes and goes. */
  flapping: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  severity: Severity;
  action: Action;
  step: SemverStep | null;
  confidence: number;
  /** False for an action that a person asked for. */
  automatic: boolean;
  /** It takes a success back by order: only what stops every command may stand in its way. */
  takesBack?: boolean;
  /** Distinct people who approved exactly this evidence, the requester not among them. */
  approvals: number;
  /** This fix failed before for the same signature on this plugin. */
  excluded: boolean;
  /** Automatic attempts of this plugin in the last 24 h, this one not counted. */
  attemptsToday: number;
  /** Milliseconds since the last automatic attempt of this plugin that did not succeed; null when there was none. */
  sinceFailureMs: number | null;
  admission: Admission | null;
  guard: FleetGuard;
}

export interface GateResult {
  verdicts: GateVerdict[];
  /** `wait_canary`: only a free canary slot is missing. `wait_approval`: only people are missing. */
  outcome: "go" | "wait_approval" | "wait_canary" | "forbid";
  approvalsNeeded: number;
  /** The first rule that forbids, in words. */
  why: string | null;
  /** That rule; null when none forbids. */
  forbiddenBy: GateVerdict["rule"] | null;
}

type Rule = (policy: PolicyDocument, subject: GateSubject) => Omit<GateVerdict, "rule">;

const allow = (observed: string, bound: string) => ({ outcome: "allow" as const, observed, bound });
const forbid = (observed: string, bound: string) => ({ outcome: "forbid" as const, observed, bound });
const askPeople = (observed: string, bound: string) => ({
  outcome: "needs_approval" as const,
  observed,
  bound,
});

/** A rule that binds automatic actions only: a person's own action passes it, and says so. */
function whenAutomatic(subject: GateSubject, fine: boolean, observed: string, bound: string) {
  if (fine) return allow(observed, bound);
  return subject.automatic ? askPeople(observed, bound) : allow(`${observed} (asked for by a person)`, bound);
}

/** What is quiet is not touched automatically, whoever approves; a person may still act. */
function unlessQuiet(subject: GateSubject, quiet: Quiet | null, none: string) {
  if (quiet === null) return allow(none, none);
  const observed = `until ${quiet.until}: ${quiet.reason}`.slice(0, 150);
  return subject.automatic ? forbid(observed, none) : allow(`${observed} (asked for by a person)`, none);
}

const BOUND_RULES: Record<Exclude<GateVerdict["rule"], "approvals">, Rule> = {
  kill_switch: (p) => (p.kill_switch ? forbid("engaged", "released") : allow("released", "released")),
  mode: (p, s) => {
    if (p.mode === "off") return forbid("off", "approve-only or auto");
    // Nothing by itself; what a person asks for needs another one, and what was applied before may be taken back.
    if (p.mode === "shadow")
      return s.automatic && !s.takesBack
        ? forbid("shadow", "approve-only or auto")
        : askPeople("shadow, manual", "auto");
    return p.mode === "auto"
      ? allow("auto", "auto")
      : askPeople(s.automatic ? "approve-only" : "approve-only, manual", "auto");
  },
  whitelist: (p, s) =>
    whenAutomatic(
      s,
      p.whitelist.all || p.whitelist.merchants.includes(s.merchantId),
      s.merchantId,
      p.whitelist.all ? "every merchant" : `${p.whitelist.merchants.length} merchants`,
    ),
  max_severity: (p, s) =>
    whenAutomatic(s, !isGraver(s.severity, p.max_severity), s.severity, `at most ${p.max_severity}`),
  min_confidence: (p, s) =>
    whenAutomatic(
      s,
      s.confidence >= p.min_confidence,
      s.confidence.toFixed(2),
      `at least ${p.min_confidence.toFixed(2)}`,
    ),
  action_allowed: (p, s) =>
    p.allowed_actions.includes(s.action)
      ? allow(s.action, p.allowed_actions.join(", "))
      : forbid(s.action, p.allowed_actions.join(", ") || "none"),
  release: (_p, s) => {
    if (s.admission === null) return allow("no release", "none needed");
    const { status } = s.admission;
    // A paused one waits like a full canary does: see the rule `canary`.
    return status === "active" || status === "paused" ? allow(status, "active") : forbid(status, "active");
  },
  excluded_fix: (_p, s) => {
    if (!s.excluded) return allow("not tried", "not failed before");
    return s.automatic
      ? forbid("failed before", "not failed before")
      : askPeople("failed before", "not failed before");
  },
  canary: (_p, s) => {
    if (s.admission === null) return allow("no release", "none needed");
    return s.admission.admitted
      ? allow(`${s.admission.stage}: ${s.admission.observed}`, s.admission.bound)
      : forbid(`${s.admission.stage}: ${s.admission.observed}`, s.admission.bound);
  },
  attempt_budget: (p, s) => {
    const {
      attempts_per_plugin_per_day: perDay,
      penalty_box_s: penaltyS,
      actions_per_fleet_per_hour: perHour,
    } = p.limits;
    const { attemptsToday, sinceFailureMs } = s;
    const { actions_last_hour: lastHour } = s.guard;
    const failedS = sinceFailureMs === null ? null : Math.round(sinceFailureMs / 1000);
    // Each of the three, so that whoever is asked to go beyond one of them sees the others.
    const passed = [
      attemptsToday >= perDay && [`${attemptsToday} attempts today`, `under ${perDay}`],
      sinceFailureMs !== null &&
        sinceFailureMs < penaltyS * 1000 && [`failed ${failedS} s ago`, `penalty box ${penaltyS} s`],
      lastHour >= perHour && [`${lastHour} actions in the fleet's last hour`, `under ${perHour}`],
    ].filter((one) => one !== false);
    if (passed.length > 0)
      return whenAutomatic(
        s,
        false,
        passed.map(([observed]) => observed).join("; "),
        passed.map(([, bound]) => bound).join("; "),
      );
    return allow(
      `${attemptsToday} today, ${lastHour} in the fleet's last hour`,
      `under ${perDay} and ${perHour}`,
    );
  },
  storm: (_p, s) => {
    if (!s.guard.storm) return allow("calm", "calm");
    return s.automatic ? forbid("storm", "calm") : askPeople("storm", "calm");
  },
  autonomy_budget: (_p, s) => whenAutomatic(s, s.guard.autonomy === "normal", s.guard.autonomy, "normal"),
  maintenance_window: (p, s) => unlessQuiet(s, freezeOf(p, s, s.now), "no window"),
  mute: (p, s) => unlessQuiet(s, muteOf(p, s, s.now), "not muted"),
  flapping: (_p, s) => {
    if (!s.flapping) return allow("steady", "steady");
    return s.automatic ? forbid("flapping", "steady") : allow("flapping (asked for by a person)", "steady");
  },
};

/** What binds the way back: nothing leaves against these. */
const BINDS_THE_WAY_BACK: ReadonlySet<GateVerdict["rule"]> = new Set(["kill_switch", "mode"]);

/** A way back that waited for people, slots or budgets would keep the shop on what is to go. */
function onTheWayBack(
  rule: GateVerdict["rule"],
  verdict: Omit<GateVerdict, "rule">,
): Omit<GateVerdict, "rule"> {
  if (BINDS_THE_WAY_BACK.has(rule) && verdict.outcome === "forbid") return verdict;
  return verdict.outcome === "allow"
    ? verdict
    : allow(`${verdict.observed} (takes a change back)`, verdict.bound);
}

const TRANSIENT: ReadonlySet<GateVerdict["rule"]> = new Set(["canary"]);

/** Evaluates every rule of the policy for one attempt. */
export function gate(policy: PolicyDocument, subject: GateSubject): GateResult {
  const verdicts: GateVerdict[] = [];
  for (const [rule, decide] of Object.entries(BOUND_RULES) as [GateVerdict["rule"], Rule][])
    verdicts.push({
      rule,
      ...(subject.takesBack ? onTheWayBack(rule, decide(policy, subject)) : decide(policy, subject)),
    });

  const asked = verdicts.some((verdict) => verdict.outcome === "needs_approval");
  const byTable = Math.max(
    policy.approvals.by_severity[subject.severity],
    subject.step === null ? 0 : policy.approvals.by_step[subject.step],
  );
  const approvalsNeeded = subject.takesBack ? 0 : Math.max(byTable, asked ? 1 : 0);
  const enough = subject.approvals >= approvalsNeeded;
  verdicts.push({
    rule: "approvals",
    outcome: enough ? "allow" : "needs_approval",
    observed: `${subject.approvals} approved`,
    bound: approvalsNeeded === 0 ? "none needed" : `${approvalsNeeded} needed`,
  });

  const forbidding = verdicts.filter((verdict) => verdict.outcome === "forbid");
  const hard = forbidding.find((verdict) => !TRANSIENT.has(verdict.rule));
  const result = { verdicts, approvalsNeeded };
  if (hard) return { ...result, outcome: "forbid", why: describeVerdict(hard), forbiddenBy: hard.rule };
  if (!enough) return { ...result, outcome: "wait_approval", why: null, forbiddenBy: null };
  const waiting = forbidding[0];
  if (waiting)
    return { ...result, outcome: "wait_canary", why: describeVerdict(waiting), forbiddenBy: waiting.rule };
  return { ...result, outcome: "go", why: null, forbiddenBy: null };
}

/** In words, for people: the rule, what it saw and what it allows. */
export function describeVerdict(verdict: GateVerdict): string {
  return `${verdict.rule.replaceAll("_", " ")}: ${verdict.observed} (allowed: ${verdict.bound})`;
}
