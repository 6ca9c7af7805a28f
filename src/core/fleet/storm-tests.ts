/**
 * Pure: what counts as a storm of each type of incident. Silence shows itself at a deadline, so five minutes hold a fleet-wide one;
 * the other detectors gather evidence first, shops with little traffic for longer, and their evidence that all is well takes longer too.
 */
import type { IncidentType } from "../../contract/incident.ts";

export interface StormTest {
  /** Plugins affected within this time count as one event. */
  readonly windowMs: number;
  /** Below this share of the reachable fleet one hosting company's bad minute would do; Sentry reacts to a loss of a quarter. */
  readonly enterShare: number;
  /** A floor: in a fleet of ten, two shops are no storm. */
  readonly enterPlugins: number;
  /** It must have been calm for so long, without a break. */
  readonly calmMs: number;
  /** `volume`: over when few are affected any more. `rise`: when few are newly affected, because only a healing mends the others. */
  readonly over: "volume" | "rise";
  /** For people: plugins that "fell silent", that "are silent", and what is true again when it is over. */
  readonly words: { readonly began: string; readonly now: string; readonly over: string };
}

export const ONSET_WINDOW_MS = 300_000;
export const CALM_MS = 120_000;
const SIGNAL_WINDOW_MS = 900_000;
const SIGNAL_CALM_MS = 300_000;
const ENTER = { enterShare: 0.05, enterPlugins: 5 };

function signalTest(what: string, over: StormTest["over"] = "volume"): StormTest {
  return {
    ...ENTER,
    windowMs: SIGNAL_WINDOW_MS,
    calmMs: over === "rise" ? SIGNAL_WINDOW_MS : SIGNAL_CALM_MS,
    over,
    words: { began: `began to ${what}`, now: what, over: "It has subsided" },
  };
}

const TESTS: Record<IncidentType, StormTest> = {
  heartbeat_missed: {
    ...ENTER,
    windowMs: ONSET_WINDOW_MS,
    calmMs: CALM_MS,
    over: "volume",
    words: { began: "fell silent", now: "are silent", over: "Contact is back" },
  },
  webhook_fail_rate: signalTest("fail in their webhooks"),
  error_spike: signalTest("show a spike of errors"),
  new_error: signalTest("show a new error"),
  webhook_disabled: signalTest("have their webhooks disabled", "rise"),
};

export function stormTest(type: IncidentType): StormTest {
  return TESTS[type];
}

/** Types judged beside the silences, whose plugins tell what they run. */
export const SIGNAL_TYPES = Object.keys(TESTS).filter(
  (type) => type !== "heartbeat_missed",
) as readonly IncidentType[]; // the keys of TESTS
