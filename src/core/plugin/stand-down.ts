/** What becomes of an attempt that the gate forbids: put off, decided on afresh without what cannot be had, or over. */
import type { GateResult } from "../policy/gate.ts";
import { barredUntil } from "../policy/suppression.ts";
import { quietSubject } from "./bar.ts";
import type { Draft } from "./draft.ts";
import { type EndOptions, endAttempt } from "./end-attempt.ts";
import type { GateFacts } from "./event.ts";
import { setIncidentStatus } from "./incidents.ts";
import { shadowDecision } from "./shadow.ts";
import { type AttemptState, type IncidentState, SET_ASIDE_LIMIT, subjectOf } from "./state.ts";
import { waitForStorm } from "./triage.ts";
import { SET_ASIDE_MS } from "./tuning.ts";
import { dropLiveCommand } from "./way-back.ts";
import { startWork } from "./work.ts";

/** It is only put off, and goes on by itself once commands may leave again. */
export function waitsOut({ waitsOutStop }: AttemptState, { forbiddenBy }: GateResult): boolean {
  return waitsOutStop === true && (forbiddenBy === "kill_switch" || forbiddenBy === "mode");
}

/** `at`: where it was stopped, for people. */
export function standDown(
  draft: Draft,
  attempt: AttemptState,
  incident: IncidentState,
  result: GateResult,
  facts: GateFacts,
  at: string,
): void {
  dropLiveCommand(draft, attempt);
  const end = (why: string, options: EndOptions) =>
    endAttempt(draft, attempt, "cancelled", why, { aboutTheFix: false, ...options });
  switch (result.forbiddenBy) {
    case "storm":
      end(`put off: ${result.why}`, { escalate: false });
      setIncidentStatus(draft, incident, "open");
      return waitForStorm(draft, incident, facts.guard);
    case "mute":
    case "maintenance_window": {
      end(`put off: ${result.why}`, { escalate: false });
      const subject = quietSubject(draft.state, incident.row.type);
      return decideAgain(draft, incident, barredUntil(facts.policy, subject, draft.now) ?? draft.now);
    }
    case "release":
      // A person asked for exactly this one, and must hear that it cannot be had.
      if (!attempt.automatic || subjectOf(attempt.row) === null) break;
      // So many that cannot be had are no chance any more: the oldest would be forgotten, and come to again for ever.
      if (!setAside(draft, attempt)) break;
      end(`set aside: ${result.why}`, { escalate: false });
      return decideAgain(draft, incident, draft.now);
    case "mode":
      // Begun before the switch to `shadow`: what it would have done is written down as anybody else's is.
      if (facts.policy.mode === "shadow" && attempt.automatic) {
        end(`${at}: ${result.why}`, { escalate: false });
        return shadowDecision(draft, incident, attempt.row.decision, attempt.release, facts);
      }
      return end(`${at}: ${result.why}`, { urgency: "notice" });
    case "kill_switch":
      // Whoever stopped everything knows; thousands of pages would bury what they look for.
      return end(`${at}: ${result.why}`, { urgency: "notice" });
    default:
      break;
  }
  end(`${at}: ${result.why}`, {});
}

function decideAgain(draft: Draft, incident: IncidentState, notBefore: number): void {
  setIncidentStatus(draft, incident, "open");
  startWork(draft, { kind: "decide", incidentId: incident.row.id }, notBefore);
}

/** Not offered in this shop for a while: each decision made afresh has one choice less, so there is an end to them. */
function setAside(draft: Draft, attempt: AttemptState): boolean {
  const { state, now } = draft;
  const { action } = attempt.row;
  const subject = subjectOf(attempt.row);
  if (subject === null) return false;
  const others = (state.setAside ?? []).filter((one) => one.until > now && one.subject !== subject);
  if (others.length >= SET_ASIDE_LIMIT) return false;
  state.setAside = [...others, { action, subject, until: now + SET_ASIDE_MS }];
  return true;
}
