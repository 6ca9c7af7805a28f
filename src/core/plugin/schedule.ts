/** When the object must wake by itself: the minimum of the state's own deadlines. The object owns the alarm; this owns the arithmetic. */
import type { PolicyDocument } from "../../contract/policy.ts";
import { silenceDeadline } from "../detect/detection.ts";
import { isLive } from "./commands.ts";
import { quietEnds } from "./quiet.ts";
import {
  type AttemptState,
  commitUnheard,
  inShopsHands,
  isSettledSilence,
  type Millis,
  type PluginState,
} from "./state.ts";
import { watchSilentAt } from "./watch-silence.ts";

/** Milliseconds since the epoch, possibly past when something is overdue; null when nothing is waited for. */
export function nextWake(state: PluginState, intervals: PolicyDocument["intervals"]): Millis | null {
  const deadlines: (Millis | null)[] = [
    silenceWake(state),
    state.attempt === null ? null : attemptWake(state, state.attempt, intervals),
    ...state.work.map((work) => work.notBefore),
    ...state.incidents.map((incident) => (commitUnheard(state, incident) ? null : incident.bakeUntil)),
    ...state.incidents.flatMap(quietEnds),
    ...state.commands.filter(isLive).map((command) => command.expiresAt),
  ];
  const due = deadlines.filter((at) => at !== null);
  return due.length === 0 ? null : Math.min(...due);
}

/** Silence is news once: while its incident is open the next beat, not the clock, brings news. After a change the health check minds it. */
function silenceWake(state: PluginState): Millis | null {
  if (inShopsHands(state.attempt) || isSettledSilence(state)) return null;
  const known = state.incidents.some(({ row }) => row.type === "heartbeat_missed" && row.status !== "baking");
  if (known) return null;
  return silenceDeadline(state.detection, state.askedS * 1000);
}

function attemptWake(
  state: PluginState,
  attempt: AttemptState,
  intervals: PolicyDocument["intervals"],
): Millis | null {
  const { phase } = attempt;
  switch (phase.name) {
    case "pending":
    case "awaiting_approval":
    case "staging":
    case "rolling_back":
      return phase.until;
    case "applying":
      return Math.min(phase.until, phase.reportBy ?? phase.until);
    case "verifying": {
      if (attempt.row.reverts !== null) return phase.limitAt;
      if (!phase.checked) return phase.checkAt;
      const silentAt = watchSilentAt(state, phase, intervals);
      const until = phase.askedUntil ?? phase.limitAt;
      return silentAt === null ? until : Math.min(until, Math.max(phase.checkAt, silentAt + 1));
    }
    default:
      return phase satisfies never;
  }
}
