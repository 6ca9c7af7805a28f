/** The remote decision service behind `SIRA_API_URL`: bearer token, 2 s budget, circuit breaker. */
import {
  DecideReply,
  type DecideRequest,
  FeedbackReply,
  type FeedbackRequest,
} from "../contract/decision.ts";
import type { Env } from "../env.ts";
import { type Breaker, createBreaker } from "./circuit-breaker.ts";
import { type CallResult, callJson } from "./http-call.ts";

/** The design's budget for a decision; beyond it the built-in service decides. */
const DECIDE_TIMEOUT_MS = 2000;
/** Feedback is not in anybody's way. */
const FEEDBACK_TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 128 * 1024;

export interface RemoteSira {
  decide(request: DecideRequest): Promise<CallResult<DecideReply>>;
  learn(feedback: FeedbackRequest): Promise<CallResult<FeedbackReply>>;
}

/** One breaker per address and isolate: what this isolate saw is all it needs to know. */
const breakers = new Map<string, Breaker>();

/** Null when no remote service is configured. */
export function remoteSira(env: Pick<Env, "SIRA_API_URL" | "SIRA_API_TOKEN">): RemoteSira | null {
  const base = env.SIRA_API_URL?.replace(/\/+$/, "");
  if (!base) return null;
  const known = breakers.get(base) ?? createBreaker();
  breakers.set(base, known);
  return remoteSiraAt(base, env.SIRA_API_TOKEN, known);
}

export function remoteSiraAt(base: string, token: string, breaker: Breaker): RemoteSira {
  const headers = { authorization: `Bearer ${token}` };

  async function guarded<T>(call: () => Promise<CallResult<T>>): Promise<CallResult<T>> {
    if (!breaker.permit(Date.now())) {
      return {
        ok: false,
        reason: "network",
        detail: "circuit open after repeated failures",
        retryable: true,
      };
    }
    const result = await call();
    breaker.settle(result.ok, Date.now());
    return result;
  }

  return {
    decide: (request) =>
      guarded(() =>
        callJson({
          url: `${base}/api/sira/decide`,
          headers,
          body: JSON.stringify(request),
          timeoutMs: DECIDE_TIMEOUT_MS,
          maxBytes: MAX_REPLY_BYTES,
          reply: DecideReply,
        }),
      ),
    learn: (feedback) =>
      guarded(() =>
        callJson({
          url: `${base}/api/sira/feedback`,
          headers,
          body: JSON.stringify(feedback),
          timeoutMs: FEEDBACK_TIMEOUT_MS,
          maxBytes: MAX_REPLY_BYTES,
          reply: FeedbackReply,
        }),
      ),
  };
}
