/** What one step of a smoke test comes to: a value for the next step, or the reason why the release failed. */

export type Verdict<T> = { ok: true; value: T; log: string } | { ok: false; reason: string; log: string };

export function pass<T>(value: T, log = ""): Verdict<T> {
  return { ok: true, value, log };
}

export function fail(reason: string, log = ""): { ok: false; reason: string; log: string } {
  return { ok: false, reason, log };
}
