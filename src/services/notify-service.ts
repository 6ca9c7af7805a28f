/** Notices to people's own tools, as Standard Webhooks: any of its libraries can verify them. */
import { z } from "zod";
import { utf8 } from "../crypto/encoding.ts";
import { signWebhook } from "../crypto/webhook-signature.ts";
import { type CallFailure, callJson } from "./http-call.ts";

const TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 64 * 1024;

export interface NoticeAddress {
  url: string;
  /** Null for a receiver that verifies nothing, as chat tools do: their address is the secret. */
  secret: Uint8Array | null;
}

export type NotifyResult =
  | { status: "sent" }
  /** `gone`: the receiver wants nothing more, ever (410). */
  | { status: "failed"; retryable: boolean; gone: boolean; detail: string };

/**
 * Posts one message. `id` becomes `webhook-id`, the same at every try, so that a receiver can drop a repeat; it holds no dot,
 * since a dot parts what is signed. The timestamp is that of this try, as the specification asks. Never rejects.
 */
export async function sendNotice(
  message: { id: string; body: string },
  { url, secret }: NoticeAddress,
): Promise<NotifyResult> {
  const { id, body } = message;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signed = { id, timestamp, body: utf8(body) };
  const signature = secret === null ? null : await signWebhook(signed, { kind: "hmac", secret });
  const result = await callJson({
    url,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      ...(signature === null ? {} : { "webhook-signature": signature }),
    },
    body,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_REPLY_BYTES,
    reply: z.unknown(),
  });
  if (result.ok || wasTaken(result)) return { status: "sent" };
  const { retryable, detail, status } = result;
  return { status: "failed", retryable, gone: status === 410, detail };
}

/** Any 2xx is an acceptance, whatever is in its body. */
function wasTaken(failure: CallFailure): boolean {
  return failure.status !== undefined && failure.status >= 200 && failure.status < 300;
}
