/**
 * Asks for a decision: the remote service, else the built-in one, else rules. Never a blocked plugin because a decision
 * service is down, and never a decision that was not on offer: a service chooses among candidates, it cannot invent one.
 */
import type {
  DecideReply,
  DecideRequest,
  Decision,
  DecisionSource,
  FeedbackRequest,
} from "../contract/decision.ts";
import { DecideReply as DecideReplySchema } from "../contract/decision.ts";
import type { SiraRpc } from "../contract/rpc.ts";
import { heuristicDecision } from "../core/heuristics.ts";
import type { Env } from "../env.ts";
import { type RemoteSira, remoteSira } from "./sira-remote.ts";

/** The built-in service is one RPC away; longer than this means its object is overloaded. */
const BUILTIN_TIMEOUT_MS = 2000;
const MAX_REASON = 300;

export interface SiraPorts {
  remote: RemoteSira | null;
  /** The SiraObject of the plugin's product. */
  builtin: Pick<SiraRpc, "decide" | "learn">;
  /** Milliseconds since epoch. */
  now(): number;
}

/** The ports of a running Worker; `builtin` is the stub of the product's SiraObject. */
export function siraPorts(
  env: Pick<Env, "SIRA_API_URL" | "SIRA_API_TOKEN">,
  builtin: SiraPorts["builtin"],
): SiraPorts {
  return { remote: remoteSira(env), builtin, now: () => Date.now() };
}

/** Always answers. `source` names who decided, `fallback_reason` why the better ones did not. Never rejects. */
export async function decide(request: DecideRequest, ports: SiraPorts): Promise<Decision> {
  const passedOver: string[] = [];
  const chain: [DecisionSource, () => Promise<DecideReply>][] = [
    ["builtin", () => builtinDecision(request, ports)],
    ["heuristic", async () => heuristicDecision(request)],
  ];
  const { remote } = ports;
  if (remote) chain.unshift(["sira", () => remoteDecision(request, remote)]);

  for (const [source, ask] of chain) {
    try {
      const reply = await ask();
      const objection = objectionTo(reply, request);
      if (objection === null) return decisionOf(reply, request, source, passedOver, ports.now());
      passedOver.push(`${source}: ${objection}`);
    } catch (error) {
      passedOver.push(`${source}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return decisionOf(LAST_RESORT, request, "heuristic", passedOver, ports.now());
}

/** Rules that fail are a defect; a person is asked rather than a plugin left alone. */
const LAST_RESORT: DecideReply = {
  action: "escalate",
  confidence: 0.5,
  explanation: "No decision service gave a usable answer; a person must look.",
  alternatives: [],
};

async function remoteDecision(request: DecideRequest, remote: RemoteSira): Promise<DecideReply> {
  const result = await remote.decide(request);
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.value;
}

async function builtinDecision(request: DecideRequest, ports: SiraPorts): Promise<DecideReply> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${BUILTIN_TIMEOUT_MS} ms`)),
      BUILTIN_TIMEOUT_MS,
    );
  });
  try {
    return DecideReplySchema.parse(await Promise.race([ports.builtin.decide(request), deadline]));
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

type Choice = Pick<DecideReply, "action" | "patch_version" | "config">;

/** Why this choice may not be taken; null when it may. Asking a person and watching on are always on offer. */
export function objectionTo(choice: Choice, request: DecideRequest): string | null {
  const { action, patch_version: version } = choice;
  const named = version === undefined ? action : `${action} to ${version}`;
  const failedHere = request.excluded.some(
    (fix) => fix.action === action && (fix.version === undefined || fix.version === version),
  );
  if (failedHere) return `proposed ${named}, which already failed here`;
  if (action === "escalate" || action === "monitor") return null;
  if (action === "config" && Object.keys(choice.config ?? {}).length === 0)
    return "proposed config without settings";
  const offered = request.candidates.some((c) => c.action === action && c.version === version);
  return offered ? null : `proposed ${named}, which is not among the candidates`;
}

function decisionOf(
  reply: DecideReply,
  request: DecideRequest,
  source: DecisionSource,
  passedOver: readonly string[],
  now: number,
): Decision {
  return {
    ...reply,
    alternatives: reply.alternatives.filter((choice) => objectionTo(choice, request) === null),
    source,
    decided_at: new Date(now).toISOString(),
    ...(passedOver.length === 0 ? {} : { fallback_reason: passedOver.join("; ").slice(0, MAX_REASON) }),
  };
}

export type FeedbackResult = { ok: true } | { ok: false; retryable: boolean; detail: string };

/**
 * Teaches the built-in service always, so that a fallback is not ignorant, and the remote one when there is one. Both
 * know an attempt they have learned from: sending again is harmless. Never rejects.
 */
export async function sendFeedback(feedback: FeedbackRequest, ports: SiraPorts): Promise<FeedbackResult> {
  try {
    await ports.builtin.learn(feedback);
  } catch (error) {
    return { ok: false, retryable: true, detail: error instanceof Error ? error.message : String(error) };
  }
  if (!ports.remote) return { ok: true };
  const result = await ports.remote.learn(feedback);
  return result.ok ? { ok: true } : { ok: false, retryable: result.retryable, detail: result.detail };
}
