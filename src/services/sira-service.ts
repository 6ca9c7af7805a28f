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
import type { SiraRpc } from "../contract/rpc/sira.ts";
import type { VoteRequest } from "../contract/sira-memory.ts";
import { heuristicDecision } from "../core/sira/heuristics.ts";
import { type Choice, flawIn, objectionTo, offerOf } from "../core/sira/objection.ts";
import type { Env } from "../env.ts";
import { type RemoteSira, remoteSira } from "./sira-remote.ts";

/** The built-in service is one RPC away; longer than this means its object is overloaded. */
const BUILTIN_TIMEOUT_MS = 2000;
const MAX_REASON = 300;

export interface SiraPorts {
  remote: RemoteSira | null;
  /** The SiraObject of the plugin's product. */
  builtin: Pick<SiraRpc, "decide" | "learn" | "vote">;
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
      const objection = objectionTo(reply, request) ?? flawIn(reply, request);
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

/** A service may name a remedy and leave out what it sets: that is known from the offer, and is the offer's. */
function withSettings<C extends Choice>(choice: C, request: DecideRequest): C {
  const { config: _, ...rest } = choice;
  const config = choice.action === "config" ? offerOf(choice, request)?.config : undefined;
  // Settings beside another action are a slip of the service: nothing would ever bring them about.
  return { ...rest, ...(config === undefined ? {} : { config }) } as C; // C without its optional config, or with it
}

/** The evidence of alternatives is left out: a decision is kept in the plugin's state, which is small. */
function decisionOf(
  reply: DecideReply,
  request: DecideRequest,
  source: DecisionSource,
  passedOver: readonly string[],
  now: number,
): Decision {
  return {
    ...withSettings(reply, request),
    alternatives: reply.alternatives
      .filter((choice) => objectionTo(choice, request) === null)
      .map(({ evidence: _, ...choice }) => withSettings(choice, request)),
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
export function sendFeedback(feedback: FeedbackRequest, ports: SiraPorts): Promise<FeedbackResult> {
  return teach(
    ports,
    (builtin) => builtin.learn(feedback),
    (remote) => remote.learn(feedback),
  );
}

/** The same for a person's vote. */
export function sendVote(vote: VoteRequest, ports: SiraPorts): Promise<FeedbackResult> {
  return teach(
    ports,
    (builtin) => builtin.vote(vote),
    (remote) => remote.vote(vote),
  );
}

async function teach(
  ports: SiraPorts,
  tellBuiltin: (builtin: SiraPorts["builtin"]) => Promise<unknown>,
  tellRemote: (remote: RemoteSira) => ReturnType<RemoteSira["learn"]>,
): Promise<FeedbackResult> {
  try {
    await tellBuiltin(ports.builtin);
  } catch (error) {
    return { ok: false, retryable: true, detail: error instanceof Error ? error.message : String(error) };
  }
  if (!ports.remote) return { ok: true };
  const result = await tellRemote(ports.remote);
  return result.ok ? { ok: true } : { ok: false, retryable: result.retryable, detail: result.detail };
}
