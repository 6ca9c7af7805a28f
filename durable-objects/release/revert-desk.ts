/**
 * Takes a release back from the shops that have it. Orders leave through the outbox; who has its turn, and what came of it,
 * is in storage, so that an eviction loses nothing. It ends by itself, or when a person resumes the release.
 */
import type { OrderReply, PluginOrder } from "../../src/contract/order.ts";
import type { Result } from "../../src/contract/refusal.ts";
import type { RevertReport, RevertRun } from "../../src/contract/revert.ts";
import type { Delivery } from "../../src/core/outbox-drain.ts";
import type { SlotOutcome } from "../../src/core/rollout/canary.ts";
import {
  type AppliedSlot,
  afterAnswer,
  afterAttempt,
  afterSilence,
  afterTakingBack,
  nextRevertStep,
  nextTurn,
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
/** Why no command may leave now, in words for people; null when one may. Never rejects. */
export type AskHold = () => Promise<string | null>;

/** A run under way looks whether commands may leave: far more often than it gives up on anybody. */
const HOLD_CHECK_MS = 60_000;
/** While none may. */
const HELD_CHECK_MS = 10_000;

export class RevertDesk {
  readonly #room: ReleaseRoom;
  readonly #hold: AskHold;
  /** In memory only: after an eviction it is asked at once. */
  #askedAt = 0;

  constructor(room: ReleaseRoom, hold: AskHold) {
    this.#room = room;
    this.#hold = hold;
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

  /** A person resumed: whoever was not told keeps it, also where the order waits to leave. What was told goes on in its shop. */
  stop(key: string, now: number): void {
    const { reverts } = this.#room;
    const head = reverts.head(key);
    if (head?.state !== "running") return;
    reverts.stopUntold(key, now);
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

  async takenBack({ version, attempt_id, outcome }: RevertReport, clock: () => number): Promise<void> {
    const { reverts } = this.#room;
    const awaited = () => ["ordered", "unconfirmed"].includes(reverts.statusOf(version, attempt_id) ?? "");
    const running = () => reverts.head(version)?.state === "running";
    const cancelled = outcome === "cancelled" && awaited() && running();
    if (cancelled) await this.#askHold(clock);
    const now = clock();
    this.#room.transact(() => {
      // Also when it was taken back for another reason than a run of ours: there is nothing left to take back.
      if (outcome === "success") this.#room.slots.takenBack(version, attempt_id, now);
      if (!awaited()) return;
      const held = cancelled && running() && reverts.head(version)?.held != null;
      const text = `the taking-back ended: ${outcome}`;
      reverts.mark(version, attempt_id, afterTakingBack(outcome, held), text, now);
      this.#step(version, now);
    });
  }

  /** Looks whether commands may leave, gives up on who was waited for long enough, and goes on. */
  async tick(clock: () => number): Promise<void> {
    if (this.#room.reverts.running().length === 0) return;
    await this.#askHold(clock);
    const now = clock();
    for (const key of this.#room.reverts.running()) this.#room.transact(() => this.#step(key, now));
  }

  /** When `tick` is next due (ms since epoch); null when nothing runs. */
  nextDue(): number | null {
    const { reverts } = this.#room;
    const times = reverts.running().map((key) => {
      const soonest = this.#askedAt + HELD_CHECK_MS;
      if (reverts.head(key)?.held != null) return soonest;
      // Whose turn has come may have to wait for a place all the same.
      const turn = Math.max(soonest, nextTurn(reverts.entries(key)) ?? Infinity);
      return Math.min(this.#askedAt + HOLD_CHECK_MS, turn);
    });
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Writes on every run whether commands may leave. Once they may again, whoever was told is waited for anew. */
  async #askHold(clock: () => number): Promise<void> {
    const held = await this.#hold();
    const now = clock();
    const { reverts } = this.#room;
    this.#askedAt = now;
    for (const key of reverts.running()) {
      const head = reverts.head(key);
      if (head === null || (head.held ?? null) === held) continue;
      this.#room.transact(() => {
        reverts.save(key, { ...head, held });
        if (held === null) reverts.waitAfresh(key, now);
        this.#step(key, now);
      });
    }
  }

  #step(key: string, now: number): void {
    const { reverts } = this.#room;
    const head = reverts.head(key);
    if (head?.state !== "running") return;
    const { order, giveUp, done } = nextRevertStep(
      reverts.entries(key),
      head.in_flight_limit,
      now,
      head.held != null,
    );
    for (const { attemptId } of giveUp)
      reverts.mark(key, attemptId, "unconfirmed", "not heard of in time; its shop goes on with it", now);
    for (const { attemptId } of order) reverts.mark(key, attemptId, "ordered", "", now);
    if (done) reverts.save(key, { ...head, state: "done", ended_at: new Date(now).toISOString() });
    this.#room.send([...order.map((entry) => orderMessage(key, entry, head)), feedMessage("releases")], now);
  }

  /** The outbox's receiver. An order that cannot be given now has its turn again: in the outbox it would be overtaken. */
  deliver(give: GiveOrder, clock: () => number): (rows: readonly OutboxRow[]) => Promise<Delivery> {
    return async (rows) => {
      await this.#askHold(clock);
      for (const body of bodiesOf<OrderBody>(rows)) await this.#deliverOne(body, give, clock);
      return { status: "delivered" };
    };
  }

  async #deliverOne(
    { key, pluginId, order }: OrderBody,
    give: GiveOrder,
    clock: () => number,
  ): Promise<void> {
    const { reverts } = this.#room;
    const id = order.attempt_id;
    const wanted = () => reverts.head(key)?.state === "running" && reverts.statusOf(key, id) === "ordered";
    if (!wanted()) return;
    const held = reverts.head(key)?.held;
    if (held != null) return reverts.mark(key, id, "waiting", "", clock());
    const tries = reverts.countTry(key, id);
    const answer = await give(pluginId, order).then(
      (reply) => afterAnswer(reply, tries),
      (error: unknown) => afterSilence(error instanceof Error ? error.message : String(error), tries),
    );
    const now = clock();
    // Its end may have been reported while the order was on its way.
    this.#room.transact(() => {
      // Resumed while the order was on its way: what its shop has answered is so all the same.
      const resumed = reverts.statusOf(key, id) === "stopped";
      if (resumed && answer.status !== "waiting" && answer.status !== "failed")
        reverts.mark(key, id, answer.status, answer.text, now);
      if (!wanted()) return;
      const askAt = answer.retryInS === undefined ? null : now + answer.retryInS * 1000;
      reverts.mark(key, id, answer.status, answer.text, now, askAt);
      this.#step(key, now);
    });
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
