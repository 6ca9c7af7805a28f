/**
 * Takes a release back from the shops that have it. Orders leave through the outbox; who has its turn, and what came of it,
 * is in storage, so that an eviction loses nothing. It ends by itself, or when a person resumes the release.
 */
import type { OrderReply, PluginOrder } from "../../src/contract/order.ts";
import type { Result } from "../../src/contract/refusal.ts";
import type { RevertReport, RevertRun } from "../../src/contract/rollout.ts";
import type { Delivery } from "../../src/core/outbox-drain.ts";
import type { SlotOutcome } from "../../src/core/rollout/canary.ts";
import {
  type AppliedSlot,
  afterAnswer,
  afterAttempt,
  afterTakingBack,
  nextGivingUp,
  nextRevertStep,
  type RevertEntry,
  type RevertStatus,
  toTakeBack,
} from "../../src/core/rollout/revert-run.ts";
import type { OutboxMessage, OutboxRow } from "../outbox/outbox-store.ts";
import { bodiesOf, feedMessage } from "../outbox/receivers.ts";
import type { ReleaseRoom } from "./release-room.ts";
import type { RunHead } from "./revert-store.ts";
import type { Subject } from "./subject-store.ts";

interface OrderBody {
  key: string;
  pluginId: string;
  order: PluginOrder & { attempt_id: string };
}
export interface RevertCause {
  cause: "canary" | "person";
  by: string;
  reason: string;
}
/** Gives the order to one plugin's object. */
export type GiveOrder = (pluginId: string, order: PluginOrder) => Promise<Result<OrderReply>>;

export class RevertDesk {
  readonly #room: ReleaseRoom;

  constructor(room: ReleaseRoom) {
    this.#room = room;
  }

  /** What a run would take back, without beginning one. */
  preview(subject: Subject, why: RevertCause, now: number): { head: RunHead; slots: AppliedSlot[] } {
    const head: RunHead = {
      state: "running",
      ...why,
      started_at: new Date(now).toISOString(),
      ended_at: null,
      in_flight_limit: subject.canary.in_flight,
    };
    return { head, slots: toTakeBack(this.#room.slots.applied(subject.key)) };
  }

  /** Begins a run; one that is under way goes on as it is. */
  begin(subject: Subject, why: RevertCause, now: number): void {
    const { reverts } = this.#room;
    if (reverts.head(subject.key)?.state === "running") return;
    const { head, slots } = this.preview(subject, why, now);
    this.#room.transact(() => {
      reverts.begin(subject.key, head, slots);
      this.#step(subject.key, now);
    });
  }

  /** A person resumed: what waits stays as it is. What was ordered goes on in its shop. */
  stop(key: string, now: number): void {
    const { reverts } = this.#room;
    const head = reverts.head(key);
    if (head?.state !== "running") return;
    reverts.stopWaiting(key, now);
    reverts.save(key, { ...head, state: "stopped", ended_at: new Date(now).toISOString() });
  }

  /** An attempt has ended: one that got through while its release goes back has to go back too. */
  attemptEnded(key: string, slot: AppliedSlot, outcome: SlotOutcome | "cancelled", now: number): void {
    const { reverts } = this.#room;
    if (reverts.head(key)?.state !== "running") return;
    const status = afterAttempt(outcome);
    const known = reverts.statusOf(key, slot.attemptId);
    if (known === null && status === "waiting") reverts.addFirst(key, slot);
    if (known !== null && !isOver(known))
      reverts.mark(key, slot.attemptId, status, `its attempt ended: ${outcome}`, now);
    this.#step(key, now);
  }

  takenBack({ version, attempt_id, outcome }: RevertReport, now: number): void {
    // Also when it was taken back for another reason than a run of ours: there is nothing left to take back.
    if (outcome === "success") this.#room.slots.takenBack(version, attempt_id, now);
    const known = this.#room.reverts.statusOf(version, attempt_id);
    if (known !== "ordered" && known !== "unconfirmed") return;
    this.#room.transact(() => {
      const text = `the taking-back ended: ${outcome}`;
      this.#room.reverts.mark(version, attempt_id, afterTakingBack(outcome), text, now);
      this.#step(version, now);
    });
  }

  /** Gives up on who was waited for long enough, and goes on. */
  tick(now: number): void {
    for (const key of this.#room.reverts.running()) this.#room.transact(() => this.#step(key, now));
  }

  /** When `tick` is next due (ms since epoch); null when nothing is awaited. */
  nextDue(): number | null {
    const { reverts } = this.#room;
    const times = reverts
      .running()
      .map((key) => nextGivingUp(reverts.entries(key)))
      .filter((at) => at !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  #step(key: string, now: number): void {
    const { reverts } = this.#room;
    const head = reverts.head(key);
    if (head?.state !== "running") return;
    const { order, giveUp, done } = nextRevertStep(reverts.entries(key), head.in_flight_limit, now);
    for (const { attemptId } of giveUp)
      reverts.mark(key, attemptId, "unconfirmed", "not heard of in time; its shop goes on with it", now);
    for (const { attemptId } of order) reverts.mark(key, attemptId, "ordered", "", now);
    if (done) reverts.save(key, { ...head, state: "done", ended_at: new Date(now).toISOString() });
    this.#room.send([...order.map((entry) => orderMessage(key, entry, head)), feedMessage("releases")], now);
  }

  /** The outbox's receiver. Of a shop that does not answer only its own order waits. */
  deliver(give: GiveOrder, clock: () => number): (rows: readonly OutboxRow[]) => Promise<Delivery> {
    return async (rows) => {
      for (const body of bodiesOf<OrderBody>(rows)) {
        const failure = await this.#deliverOne(body, give, clock);
        if (failure !== null) return { status: "rejected", why: failure };
      }
      return { status: "delivered" };
    };
  }

  async #deliverOne(
    { key, pluginId, order }: OrderBody,
    give: GiveOrder,
    clock: () => number,
  ): Promise<string | null> {
    const { reverts } = this.#room;
    const wanted = () => reverts.statusOf(key, order.attempt_id) === "ordered";
    if (reverts.head(key)?.state !== "running" || !wanted()) return null;
    try {
      const answer = afterAnswer(await give(pluginId, order));
      if (answer === null) return "its object is not available";
      const now = clock();
      // Its end may have been reported while the order was on its way.
      this.#room.transact(() => {
        if (!wanted()) return;
        reverts.mark(key, order.attempt_id, answer.status, answer.text, now);
        this.#step(key, now);
      });
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  view(key: string, options: { items: boolean }): RevertRun | null {
    return this.#room.reverts.run(key, options);
  }
}

function orderMessage(key: string, entry: RevertEntry, head: RunHead): OutboxMessage {
  const body: OrderBody = {
    key,
    pluginId: entry.pluginId,
    order: {
      kind: "revert",
      attempt_id: entry.attemptId,
      reason: head.reason,
      by: head.by,
      cause: head.cause,
    },
  };
  return { kind: "order", lane: entry.pluginId, body: JSON.stringify(body) };
}

function isOver(status: RevertStatus): boolean {
  return status !== "waiting" && status !== "ordered";
}
