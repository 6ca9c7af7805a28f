/**
 * Pure: what an emergency action does next. Waves follow one another when every shop of the one before has settled, or, after
 * a patience, when half of them have: one shop that is off or busy must not hold up a thousand, and a fleet that answers
 * nothing must. It stops when too many of the answers are failures.
 */
import type { EmergencyRow } from "./emergency.ts";

/** How long a wave is waited for whole. Shops beat every two minutes, page-view ones less often. */
export const WAVE_PATIENCE_MS = 300_000;
/** Fewer answers do not stop it, unless there are no more shops than that. */
export const MIN_ANSWERS = 5;
export const MAX_WAVE = 500;
/** An ordered shop of which nothing is heard for so long has failed: every attempt has ended by then. */
export const OUTCOME_LIMIT_MS = 2 * 3_600_000;

/** Targets of an action by state. */
export interface WaveFacts {
  targets: number;
  /** Not yet part of a wave. */
  unassigned: number;
  /** Of a wave that has begun, and neither ordered nor settled. */
  waiting: number;
  ordered: number;
  done: number;
  failed: number;
  /** Of the present wave: those that wait or are ordered, and all. */
  wave: { open: number; size: number };
  /** When the oldest order that is not answered was given, ms since the epoch; null when none is open. */
  oldestOrderAt: number | null;
  /** When the first of those that wait may be ordered, ms since the epoch; null when none waits. */
  nextTryAt: number | null;
}

export type Move =
  /** Give the orders that are due, of any wave that has begun. */
  | { do: "order" }
  | { do: "begin_wave" }
  /** Orders without an outcome have failed. */
  | { do: "give_up" }
  | { do: "stop"; why: string }
  | { do: "end" }
  /** `until` is null while only an answer can bring it on. */
  | { do: "wait"; until: number | null };

/** Shops of a wave, the first being 1: each as much larger than the one before as the plan says, since that one went well. */
export function waveSize(row: EmergencyRow, wave: number): number {
  return Math.min(MAX_WAVE, row.wave_size * row.wave_growth ** (wave - 1));
}

export function nextMove(row: EmergencyRow, facts: WaveFacts, now: number): Move {
  const answers = facts.done + facts.failed;
  const enough = Math.min(MIN_ANSWERS, facts.targets);
  if (facts.failed > 0 && answers >= enough && (facts.failed * 100) / answers > row.stop_failed_percent)
    return {
      do: "stop",
      why: `${facts.failed} of ${answers} failed, more than ${row.stop_failed_percent} %`,
    };
  const giveUpAt = facts.oldestOrderAt === null ? null : facts.oldestOrderAt + OUTCOME_LIMIT_MS;
  if (giveUpAt !== null && now >= giveUpAt) return { do: "give_up" };

  if (facts.nextTryAt !== null && facts.nextTryAt <= now) return { do: "order" };
  if (facts.unassigned === 0)
    return facts.waiting + facts.ordered === 0 ? { do: "end" } : wait(facts.nextTryAt, giveUpAt);
  const next = nextWaveAt(row, facts);
  if (next !== null && now >= next) return { do: "begin_wave" };
  return wait(facts.nextTryAt, next, giveUpAt);
}

/** When the next wave may begin, as things stand; null while too few of this one have settled. */
function nextWaveAt(row: EmergencyRow, { wave }: WaveFacts): number | null {
  if (row.wave === 0) return row.waveAt;
  const paused = row.waveAt + row.pause_s * 1000;
  if (wave.open === 0) return paused;
  return wave.open * 2 <= wave.size ? Math.max(paused, row.waveAt + WAVE_PATIENCE_MS) : null;
}

function wait(...moments: (number | null)[]): Move {
  const known = moments.filter((at) => at !== null);
  return { do: "wait", until: known.length === 0 ? null : Math.min(...known) };
}
