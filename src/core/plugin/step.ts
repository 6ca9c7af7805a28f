/**
 * The heart: one reducer over one plugin. step(state, event, context) -> next state and what must leave, or a named refusal.
 * Pure: no I/O, no clock, no randomness. What must be asked of the outside is in `state.work`, derived again after any crash.
 */
import type { OrderReply } from "../../contract/order.ts";
import { type Result, refuse } from "../../contract/refusal.ts";
import { beginDraft, type Draft, type OutboxMessage } from "./draft.ts";
import type { PluginEvent, StepContext } from "./event.ts";
import { onGateFacts } from "./gating.ts";
import { onAct } from "./on-act.ts";
import { onApprove } from "./on-approve.ts";
import { onBeat } from "./on-beat.ts";
import { onHandOver } from "./on-hand-over.ts";
import { onAck, onFail } from "./on-report.ts";
import { onTick } from "./on-tick.ts";
import { onDecided, onStaged, onWorkFailed } from "./on-work.ts";
import { onOrder } from "./orders.ts";
import { nextIntervalS } from "./reply.ts";
import { hearGuard } from "./silence-guard.ts";
import { type CommandState, inShopsHands, type PluginState } from "./state.ts";
import { onTriaged } from "./triage.ts";
import { recordPlugin, reportToFleet } from "./view.ts";
import { takeWork } from "./work.ts";

export interface Step {
  state: PluginState;
  outbox: OutboxMessage[];
  /** The command that may leave with the reply (event `hand_over` only). */
  handOver: CommandState | null;
  /** Event `order` only. */
  order: OrderReply | null;
}

export function step(state: PluginState, event: PluginEvent, context: StepContext): Result<Step> {
  const draft = beginDraft(state, context.now, context.policy);
  let handOver: CommandState | null = null;
  let order: OrderReply | null = null;
  switch (event.type) {
    case "beat":
      if (event.beat.seq <= state.seq) return refuse({ reason: "stale_seq", last_seq: state.seq });
      onBeat(draft, event.beat);
      break;
    case "ack":
      if (!onAck(draft, event.data)) return unknownCommand();
      break;
    case "fail":
      if (!onFail(draft, event.data)) return unknownCommand();
      break;
    case "tick":
      onTick(draft);
      break;
    case "triaged":
    case "decided":
    case "gate_facts":
    case "staged":
    case "work_failed":
      onAnswer(draft, event);
      break;
    case "hand_over":
      handOver = onHandOver(draft, event.commandId, event.facts);
      break;
    case "approve": {
      const done = onApprove(draft, event.incidentId, event.input, event.person);
      if (!done.ok) return done;
      break;
    }
    case "act": {
      const done = onAct(draft, event.incidentId, event.action, event.person, event.release);
      if (!done.ok) return done;
      break;
    }
    case "order": {
      const done = onOrder(draft, event.order, event.release);
      if (!done.ok) return done;
      order = done.value;
      // What would happen has been tried on the working copy, which goes no further.
      if (event.order.dry_run) return { ok: true, value: { state, outbox: [], handOver, order } };
      break;
    }
    default:
      return event satisfies never;
  }
  if (event.type === "beat")
    draft.state.askedS = nextIntervalS(draft.state, context.policy.intervals, context.now);
  recordPlugin(draft);
  reportToFleet(draft);
  return { ok: true, value: { state: draft.state, outbox: draft.outbox, handOver, order } };
}

function unknownCommand(): Result<never> {
  return refuse({ reason: "not_found", message: "no such command" });
}

type Answer = Extract<PluginEvent, { workId: string }>;

/** An answer whose request is no longer in the state is late, and changes nothing. */
function onAnswer(draft: Draft, event: Answer): void {
  const work = takeWork(draft, event.workId);
  if (work === null) return;
  switch (event.type) {
    case "triaged":
      return onTriaged(draft, work, event.facts);
    case "decided":
      return onDecided(draft, work, event.decision, event.release, event.shadow ?? null);
    case "gate_facts":
      if (inShopsHands(draft.state.attempt)) return hearGuard(draft, event.facts.guard);
      return onGateFacts(draft, event.facts);
    case "staged":
      return onStaged(draft, work, event.reply);
    case "work_failed":
      return onWorkFailed(draft, work, event.why, event.final);
    default:
      return event satisfies never;
  }
}
