/** Every name of the contract that the dashboard shows has a word in both languages. */
import { describe, expect, test } from "vitest";
import { en } from "../../dashboard/src/i18n/en.ts";
import { createTranslate, type Key, keyOf, LANGUAGES } from "../../dashboard/src/i18n/i18n.ts";
import { AgentCommand } from "../../src/contract/agent-command.ts";
import {
  Approval,
  ATTEMPT_STATUSES,
  GATE_RULES,
  GateVerdict,
  HealthVerdict,
} from "../../src/contract/attempt.ts";
import { BacktestCourse } from "../../src/contract/backtest.ts";
import { DecisionSource, SemverStep } from "../../src/contract/decision.ts";
import { EMERGENCY_STATUSES, EmergencyKind, TARGET_STATES } from "../../src/contract/emergency.ts";
import { FLEET_INCIDENT_KINDS } from "../../src/contract/fleet-incident.ts";
import { AttemptUnderWay, AutonomyStanding } from "../../src/contract/guard.ts";
import { Cadence, PluginState } from "../../src/contract/heartbeat.ts";
import { ACTIONS, SEVERITIES } from "../../src/contract/ids.ts";
import { INCIDENT_STATUSES, INCIDENT_TYPES, SILENCE_CAUSES, VOTES } from "../../src/contract/incident.ts";
import {
  Audience,
  Language,
  NOTIFICATION_KINDS,
  NotificationRecord,
  NotificationStatus,
  NotifyFormat,
} from "../../src/contract/notification.ts";
import { DetectorView } from "../../src/contract/ops.ts";
import { PluginRecord } from "../../src/contract/plugin-record.ts";
import { PolicyMode } from "../../src/contract/policy.ts";
import { ReleaseStatus } from "../../src/contract/release.ts";
import { REVERT_STATUSES, RevertRun } from "../../src/contract/revert.ts";
import { EnvironmentHold, RolloutSlot } from "../../src/contract/rollout.ts";
import { SHADOW_OUTCOMES, SHADOW_VERDICTS } from "../../src/contract/shadow.ts";
import { SMOKE_CHECKS } from "../../src/contract/staging.ts";

/** By the dictionary's prefix. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  action: ACTIONS,
  approval: Approval.shape.decision.options,
  attemptPhase: AttemptUnderWay.shape.phase.options,
  attemptStatus: ATTEMPT_STATUSES,
  autonomy: AutonomyStanding.shape.state.options,
  beatState: PluginState.options,
  cadence: Cadence.options,
  commandStatus: AgentCommand.shape.status.options,
  commandType: AgentCommand.shape.type.options,
  course: BacktestCourse.options,
  detectorState: DetectorView.shape.state.options,
  emergencyKind: EmergencyKind.options,
  emergencyStatus: EMERGENCY_STATUSES,
  "emergency.confirm": EmergencyKind.options,
  fleetKind: FLEET_INCIDENT_KINDS,
  gateOutcome: GateVerdict.shape.outcome.options,
  gateRule: GATE_RULES,
  holdSource: EnvironmentHold.shape.source.options,
  incidentStatus: INCIDENT_STATUSES,
  incidentType: INCIDENT_TYPES,
  language: Language.options,
  mode: PolicyMode.options,
  modeHint: PolicyMode.options,
  noticeAudience: Audience.options,
  noticeFormat: NotifyFormat.options,
  noticeKind: NOTIFICATION_KINDS,
  noticeStatus: NotificationStatus.options,
  noticeUrgency: NotificationRecord.shape.urgency.options,
  pluginStatus: PluginRecord.shape.status.options,
  releaseAct: ReleaseStatus.options,
  releaseHint: ReleaseStatus.options,
  releaseStatus: ReleaseStatus.options,
  revertState: RevertRun.shape.state.options,
  revertStatus: REVERT_STATUSES,
  "rollout.by": ReleaseStatus.options,
  severity: SEVERITIES,
  shadowOutcome: [...SHADOW_OUTCOMES, "open"],
  shadowVerdict: SHADOW_VERDICTS,
  silenceCause: SILENCE_CAUSES,
  slotOutcome: [...RolloutSlot.shape.outcome.unwrap().options, "in_flight"],
  smokeCheck: SMOKE_CHECKS,
  source: DecisionSource.options,
  step: SemverStep.options,
  targetState: TARGET_STATES,
  verdict: HealthVerdict.shape.verdict.options,
  vote: VOTES,
  voteHint: VOTES,
};

describe("every name of the contract that is shown", () => {
  test.each(Object.entries(NAMES))("%s has its words in both languages", (prefix, names) => {
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => keyOf(prefix, name) === null)).toEqual([]);
    for (const language of LANGUAGES) {
      const t = createTranslate(() => language);
      const wordless = names.filter((name) => {
        const key = keyOf(prefix, name);
        return key !== null && !/\p{L}{2}/u.test(t(key));
      });
      expect(wordless).toEqual([]);
    }
  });
});

describe("a text", () => {
  test("in French lets no line begin with a double sign, or end with an opening quotation mark", () => {
    const t = createTranslate(() => "fr");
    const values = { from: "Active", to: "Arrêtée" };
    expect(t("releaseHint.changed", values)).toBe(
      "C’était «\u00a0Active\u00a0» à l’ouverture de ce dialogue\u202f; c’est «\u00a0Arrêtée\u00a0» à présent.",
    );
    const breakable = Object.keys(en).filter((key) => isKey(key) && / [:;!?%»]|« /.test(t(key)));
    expect(breakable).toEqual([]);
  });

  test("writes a number as its language does, and a name as it is", () => {
    const values = { n: 12_345.5 };
    expect(createTranslate(() => "en")("emergency.shops", values)).toBe("12,345.5 shop(s)");
    expect(createTranslate(() => "fr")("emergency.shops", values)).toBe("12\u202f345,5 boutique(s)");
    expect(createTranslate(() => "fr")("policy.revision", { n: "12345" })).toBe("Révision 12345");
  });
});

function isKey(key: string): key is Key {
  return key in en;
}
