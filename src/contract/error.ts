/** The one shape of every refusal: a code to act on, a sentence to read, an id to quote. Never a stack. */
import { z } from "zod";

export const ErrorCode = z.enum([
  "invalid",
  "unauthorized",
  "forbidden",
  "not_found",
  "stale_seq",
  "stale_revision",
  "conflict",
  "payload_too_large",
  "unsupported_media_type",
  "too_many_requests",
  "unavailable",
  "internal",
]);
export type ErrorCode = z.infer<typeof ErrorCode>;

export const ErrorBody = z.object({
  error: z.object({
    code: ErrorCode,
    message: z.string(),
    request_id: z.string(),
    /** 400: the field at fault, as a dotted path. */
    field: z.string().optional(),
    /** 409 stale_seq: the last sequence number the control plane has stored. */
    last_seq: z.number().int().optional(),
    /** 409 stale_revision: the revision in force. */
    revision: z.number().int().optional(),
  }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
