/** What the desks of a product's object share: its stores, and one way to record a change. */

import type { Environment } from "../../src/contract/heartbeat.ts";
import type { ReleaseRecord } from "../../src/contract/ops.ts";
import type { Remedy } from "../../src/contract/remedy.ts";
import type { EnvironmentHold } from "../../src/contract/rollout.ts";
import { environmentClass } from "../../src/core/rollout/environment-class.ts";
import { armAlarm, SAFETY_MS } from "../arm-alarm.ts";
import type { OutboxMessage, OutboxStore } from "../outbox/outbox-store.ts";
import { feedMessage, ledgerMessage } from "../outbox/receivers.ts";
import { AdmissionLease } from "./admission-lease.ts";
import { HoldStore } from "./hold-store.ts";
import { RevertStore } from "./revert-store.ts";
import { SlotStore } from "./slot-store.ts";
import { type Subject, SubjectStore } from "./subject-store.ts";

export interface Audit {
  actor: string;
  action: string;
  data: Record<string, unknown>;
}
type Storage = Pick<DurableObjectStorage, "sql" | "transactionSync" | "setAlarm" | "deleteAlarm" | "kv">;

export class ReleaseRoom {
  readonly storage: Storage;
  readonly outbox: OutboxStore;
  readonly subjects: SubjectStore;
  readonly slots: SlotStore;
  readonly holds: HoldStore;
  readonly reverts: RevertStore;
  readonly lease: AdmissionLease;

  constructor(storage: Storage, outbox: OutboxStore) {
    this.storage = storage;
    this.outbox = outbox;
    this.subjects = new SubjectStore(storage.sql);
    this.slots = new SlotStore(storage.sql);
    this.holds = new HoldStore(storage.sql);
    this.reverts = new RevertStore(storage.sql);
    this.lease = new AdmissionLease(storage.kv);
  }

  /** All of it or nothing, also of what is remembered of the slots. */
  transact<T>(body: () => T): T {
    try {
      return this.storage.transactionSync(body);
    } catch (error) {
      this.slots.forgetAll();
      throw error;
    }
  }

  /** Saves a change under a new revision, with its ledger rows, feed message and alarm, all or none. */
  commit<S extends Subject>(subject: S, audit: Audit, now: number): S["record"] {
    const changes = subject.changes + 1;
    const changed: Subject =
      subject.kind === "release"
        ? { ...subject, changes, record: { ...subject.record, revision: changes } }
        : { ...subject, changes, record: { ...subject.record, revision: changes } };
    const lane = laneOf(changed.record, changed.key);
    const at = new Date(now).toISOString();
    this.transact(() => {
      this.subjects.save(changed);
      this.send(
        [
          ledgerMessage(
            lane,
            changed.kind === "release"
              ? { kind: "release", row: changed.record }
              : { kind: "remedy", row: changed.record },
          ),
          ledgerMessage(lane, {
            kind: "audit",
            row: { id: `release:${lane}:${changes}:${at}`, stream: "releases", at, subject: lane, ...audit },
          }),
          feedMessage("releases"),
        ],
        now,
      );
    });
    return changed.record;
  }

  /** Appends to the outbox and sees to it that it is carried out. `dueAt`: not before then (ms since epoch). */
  send(messages: readonly OutboxMessage[], now: number, dueAt = now): void {
    this.outbox.append(messages, dueAt);
    armAlarm(this.storage, now + SAFETY_MS, now);
  }

  /** A hold in force, or lifted. What it explains is counted anew. */
  saveHold(key: string, hold: EnvironmentHold): void {
    this.holds.save(key, hold);
    this.slots.forget(key);
  }

  /** The class of environments that is kept from it and that this shop is in; null when there is none. */
  heldFor(key: string, env: Environment | undefined): string | null {
    if (env === undefined) return null;
    const environment = environmentClass(env);
    return this.holds.inForce(key).has(environment) ? environment : null;
  }
}

/** `product@version`, or `product@remedy`: the subject of audit lines, and the lane in which its records leave in order. */
export function laneOf(record: ReleaseRecord | Remedy, key: string): string {
  return `${record.product}@${key}`;
}
