/** The remote decision service behind `SIRA_API_URL`: bearer token, 2 s budget, circuit breakers. */
import type { z } from "zod";
import {
  DecideReply,
  type DecideRequest,
  FeedbackReply,
  type FeedbackRequest,
} from "../contract/decision.ts";
import type { VoteRequest } from "../contract/sira-memory.ts";
import type { Env } from "../env.ts";
import { type Breaker, type BreakerTuning, createBreaker } from "./circuit-breaker.ts";
import { type CallResult, callJson } from "./http-call.ts";

/** The design's budget for a decision; beyond it the built-in service decides. */
const DECIDE_TIMEOUT_MS = 2000;
/** Feedback is not in anybody's way. */
const FEEDBACK_TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 128 * 1024;

export interface RemoteSira {
  decide(request: DecideRequest): Promise<CallResult<DecideReply>>;
  learn(feedback: FeedbackRequest): Promise<CallResult<FeedbackReply>>;
  /** A service that knows no votes has nothing to learn from them: that is no failure. */
  vote(vote: VoteRequest): Promise<CallResult<FeedbackReply>>;
}

/** What a service of an earlier version answers on a route that it does not have. */
const NO_SUCH_ROUTE: readonly (number | undefined)[] = [404, 405, 501];

/** Apart, so that a service that takes no lessons still decides. */
export interface RemoteBreakers {
  decisions: Breaker;
  /** Feedback and votes. */
  lessons: Breaker;
}

export function remoteBreakers(tuning?: BreakerTuning): RemoteBreakers {
  return { decisions: createBreaker(tuning), lessons: createBreaker(tuning) };
}

/** Per address and isolate: what this isolate saw is all it needs to know. */
const breakersAt = new Map<string, RemoteBreakers>();

/** Null when no remote service is configured. */
export function remoteSira(env: Pick<Env, "SIRA_API_URL" | "SIRA_API_TOKEN">): RemoteSira | null {
  const base = env.SIRA_API_URL?.replace(/\/+$/, "");
  if (!base) return null;
  const known = breakersAt.get(base) ?? remoteBreakers();
  breakersAt.set(base, known);
  return remoteSiraAt(base, env.SIRA_API_TOKEN, known);
}

/** A request that was refused says something of that request; the service itself is well enough to refuse it. */
function isWell<T>(result: CallResult<T>): boolean {
  return result.ok || (result.reason === "status" && !result.retryable);
}

export function remoteSiraAt(base: string, token: string, breakers: RemoteBreakers): RemoteSira {
  const headers = { authorization: `Bearer ${token}` };

  async function guarded<T>(breaker: Breaker, call: () => Promise<CallResult<T>>): Promise<CallResult<T>> {
    if (!breaker.permit(Date.now())) {
      return {
        ok: false,
        reason: "network",
        detail: "circuit open after repeated failures",
        retryable: true,
      };
    }
    const result = await call();
    breaker.settle(isWell(result), Date.now());
    return result;
  }

  const post = <T>(path: string, body: unknown, timeoutMs: number, reply: z.ZodType<T>) =>
    callJson({
      url: `${base}${path}`,
      headers,
      body: JSON.stringify(body),
      timeoutMs,
      maxBytes: MAX_REPLY_BYTES,
      reply,
    });

  return {
    decide: (request) =>
      guarded(breakers.decisions, () => post("/api/sira/decide", request, DECIDE_TIMEOUT_MS, DecideReply)),
    learn: (feedback) =>
      guarded(breakers.lessons, () =>
        post("/api/sira/feedback", feedback, FEEDBACK_TIMEOUT_MS, FeedbackReply),
      ),
    vote: (vote) =>
      guarded(breakers.lessons, async () => {
        const sent = await post("/api/sira/votes", vote, FEEDBACK_TIMEOUT_MS, FeedbackReply);
        if (sent.ok || !NO_SUCH_ROUTE.includes(sent.status)) return sent;
        return { ok: true, status: sent.status ?? 404, value: { status: "known" } };
      }),
  };
}
