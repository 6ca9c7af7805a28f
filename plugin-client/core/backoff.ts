/** How long to wait before the next try. Pure. */

export interface BackoffLimits {
  baseMs: number;
  capMs: number;
}

export const BEAT_BACKOFF: BackoffLimits = { baseMs: 2_000, capMs: 300_000 };
export const REPORT_BACKOFF: BackoffLimits = { baseMs: 1_000, capMs: 60_000 };

/** Nobody may silence a client for longer than this by a `retry-after`. */
const MAX_RETRY_AFTER_MS = 3_600_000;
/** Full jitter may draw zero; a floor keeps a broken network from spinning the processor. */
const FLOOR_MS = 100;

/**
 * Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): uniform between zero and
 * `base * 2^(failures - 1)`, capped. A `retry-after` is a minimum, spread by a tenth so that a fleet does not return at once.
 */
export function backoffMs(
  failures: number,
  random: number,
  limits: BackoffLimits,
  retryAfterMs: number | null = null,
): number {
  const ceiling = Math.min(limits.capMs, limits.baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  const jittered = Math.max(FLOOR_MS, random * ceiling);
  if (retryAfterMs === null) return Math.round(jittered);
  return Math.round(Math.max(jittered, retryAfterMs * (1 + random * 0.1)));
}

/** `retry-after` as milliseconds from now: delay-seconds or an HTTP date (RFC 9110, 10.2.3). Null when absent or senseless. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : null;
}
