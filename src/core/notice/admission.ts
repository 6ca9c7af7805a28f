/**
 * Which notices may leave now: each once, the same news once within a window, and no more than people can read. What is too
 * much is held back for a digest, never dropped. Pure.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Audience, NotificationRecord, NotificationStatus } from "../../contract/notification.ts";

/** One side that is told: ops, or one merchant. */
export type Reader = { audience: "ops" } | { audience: "merchant"; merchantId: string };

export function readerKey(reader: Reader): string {
  return reader.audience === "ops" ? "ops" : `merchant.${reader.merchantId}`;
}

/** The merchant behind a reader's key; null for ops. */
export function merchantOf(key: string): string | null {
  return key.startsWith("merchant.") ? key.slice("merchant.".length) : null;
}

/** The same news again within this is none. Longer than a bad half hour, shorter than a shift. */
export const SAME_NEWS_MS = 30 * 60_000;

/** Ids are remembered for as long as any outbox may still repeat them after a lost answer. */
export const SEEN_MS = 24 * 3_600_000;

export interface Limit {
  /** Notices at once, after a quiet time. */
  burst: number;
  /** One more after each of these. */
  everyMs: number;
  /** What was held back is summarised so long after the first of it. */
  digestAfterMs: number;
}

/** A page is for a person who wakes up: what does not fit comes in the digest a minute later. */
const LIMITS: Readonly<Record<Audience, Readonly<Record<NotificationRecord["urgency"], Limit>>>> = {
  ops: {
    page: { burst: 10, everyMs: 60_000, digestAfterMs: 60_000 },
    notice: { burst: 20, everyMs: 60_000, digestAfterMs: 10 * 60_000 },
  },
  // One shop in trouble makes about four: detected, awaiting approval, patched or rolled back, called for.
  merchant: {
    page: { burst: 6, everyMs: 10 * 60_000, digestAfterMs: 5 * 60_000 },
    notice: { burst: 6, everyMs: 10 * 60_000, digestAfterMs: 15 * 60_000 },
  },
};

export function limitOf(reader: Reader, urgency: NotificationRecord["urgency"]): Limit {
  return LIMITS[reader.audience][urgency];
}

/** A token bucket: `tokens` were there at `at` (ms since epoch). */
export interface Bucket {
  tokens: number;
  at: number;
}

/** Takes one token if there is one; null when there is none. A bucket that is not known is full. */
export function takeToken(bucket: Bucket | null, limit: Limit, now: number): Bucket | null {
  const before = bucket ?? { tokens: limit.burst, at: now };
  // A clock that went back fills nothing and empties nothing.
  const elapsed = Math.max(0, now - before.at);
  const tokens = Math.min(limit.burst, before.tokens + elapsed / limit.everyMs);
  return tokens < 1 ? null : { tokens: tokens - 1, at: Math.max(now, before.at) };
}

/** What all news of one subject to one reader begins with. */
export function newsAbout(record: NotificationRecord, reader: Reader): string {
  const subject = record.incident_id ?? record.fleet_incident_id ?? record.plugin_id ?? record.id;
  return `${readerKey(reader)}|${subject}|`;
}

/**
 * What makes two notices the same news to one reader. A call for a person is another one when its reason is. A merchant reads a text
 * of its own: titles and reasons of ops are nothing to it, and that people see to its shop reads alike whichever attempt it was.
 */
export function newsKey(record: NotificationRecord, reader: Reader): string {
  const { kind, attempt_id: attempt, urgency, title, text } = record;
  const call = kind === "escalated";
  const parts =
    reader.audience === "merchant"
      ? [kind, call ? "" : (attempt ?? "")]
      : [kind, attempt ?? "", urgency, title, ...(call ? [digestOf(text)] : [])];
  return `${newsAbout(record, reader)}${parts.join("|")}`;
}

function digestOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text))).slice(0, 16);
}

/** News that a notice has told along the way: a merchant who reads of a failed correction reads there that people were called. */
export function impliedNews(record: NotificationRecord, reader: Reader): string[] {
  const implies = record.kind === "rolled_back" || record.kind === "rollback_failed";
  if (reader.audience !== "merchant" || !implies) return [];
  return [newsKey({ ...record, kind: "escalated" }, reader)];
}

export interface Standing {
  /** The address is set and not switched off. */
  reachable: boolean;
  /** When the same news was told last (ms since epoch); null when it was not. */
  toldAt: number | null;
  bucket: Bucket | null;
}

export interface Admitted {
  status: Extract<NotificationStatus, "queued" | "held" | "skipped">;
  detail: string | null;
  /** The bucket afterwards; null when it was not touched. */
  bucket: Bucket | null;
}

export function admitNotice(
  record: NotificationRecord,
  reader: Reader,
  standing: Standing,
  now: number,
): Admitted {
  const skipped = (detail: string): Admitted => ({ status: "skipped", detail, bucket: null });
  if (!standing.reachable) return skipped("no address is set");
  const { toldAt } = standing;
  // A merchant would only read the same words again.
  const insists = record.called_by !== undefined && reader.audience === "ops";
  if (toldAt !== null && !insists && now - toldAt < SAME_NEWS_MS)
    return skipped(`the same was told ${Math.round((now - toldAt) / 1000)} s before`);
  const bucket = takeToken(standing.bucket, limitOf(reader, record.urgency), now);
  if (bucket === null) return { status: "held", detail: "too many at once: comes in a digest", bucket: null };
  return { status: "queued", detail: null, bucket };
}
