/** Notifications to people's own tools, as Standard Webhooks: any of its libraries can verify them. */
import { z } from "zod";
import type { NotificationRecord } from "../contract/notification.ts";
import { utf8 } from "../crypto/encoding.ts";
import { parseSecret, signWebhook } from "../crypto/webhook-signature.ts";
import type { Env } from "../env.ts";
import { type CallFailure, callJson } from "./http-call.ts";

const TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 64 * 1024;

export type NotifyResult =
  | { status: "sent" }
  /** No address is configured: the notification lives in Postgres and on the dashboard. */
  | { status: "skipped" }
  | { status: "failed"; retryable: boolean; detail: string };

/**
 * `webhook-id` is the record's own id, so that a receiver can drop a repeat. The timestamp is that of this try, as the
 * specification asks. Never rejects.
 */
export async function notify(
  record: NotificationRecord,
  env: Pick<Env, "NOTIFY_URL" | "NOTIFY_SECRET">,
): Promise<NotifyResult> {
  if (!env.NOTIFY_URL) return { status: "skipped" };
  const secret = parseSecret(env.NOTIFY_SECRET ?? "");
  if (secret === null) {
    return { status: "failed", retryable: false, detail: "NOTIFY_SECRET is not a whsec_ secret" };
  }
  // A dot separates the signed parts; receivers that check would refuse an id with one.
  const id = record.id.replaceAll(".", "_");
  const timestamp = String(Math.floor(Date.now() / 1000));
  const body = JSON.stringify({ type: `vigie.${record.kind}`, timestamp: record.at, data: record });
  const signature = await signWebhook({ id, timestamp, body: utf8(body) }, { kind: "hmac", secret });
  const result = await callJson({
    url: env.NOTIFY_URL,
    headers: { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature },
    body,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_REPLY_BYTES,
    reply: z.unknown(),
  });
  return result.ok || wasTaken(result)
    ? { status: "sent" }
    : { status: "failed", retryable: result.retryable, detail: result.detail };
}

/** Any 2xx is an acceptance, whatever is in its body. */
function wasTaken(failure: CallFailure): boolean {
  return failure.status !== undefined && failure.status >= 200 && failure.status < 300;
}
