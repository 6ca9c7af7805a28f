/** Expected refusals are values, also over RPC (error classes do not survive it); bugs and outages throw. */

export type Refusal =
  | { reason: "unauthorized" }
  | { reason: "forbidden"; message: string }
  | { reason: "invalid"; message: string; field?: string }
  | { reason: "not_found"; message: string }
  | { reason: "conflict"; message: string }
  | { reason: "stale_seq"; last_seq: number }
  | { reason: "stale_revision"; revision: number }
  | { reason: "unavailable"; message: string; retry_after_s: number };

export type Result<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}
export function refuse(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}
