/**
 * The autonomy budget over storage: which outcomes count, the downgrade that latches, and the person who restores it. The
 * arithmetic is `src/core/fleet/autonomy.ts`. Counted are attempts that Vigie chose, whether or not a person allowed them; what is
 * taken back later, by a canary's revert or in an emergency, counts as rolled back then: somebody found that it should not stay.
 */
import type { AutonomyStanding } from "../../src/contract/guard.ts";
import type { Person } from "../../src/contract/ops.ts";
import { ok, type Result } from "../../src/contract/refusal.ts";
import type { FinishedReport } from "../../src/contract/rpc/fleet.ts";
import {
  type AutonomyRecord,
  type AutonomyVerdict,
  countsAfter,
  followAutonomy,
  judgeAutonomy,
  MAX_ROLLBACK_SHARE,
  MIN_FINISHED,
  MIN_SUCCESS_SHARE,
  restoreAutonomy,
} from "../../src/core/fleet/autonomy.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import { feedMessage } from "../outbox/receivers.ts";
import { fleetAudit, fleetNotice } from "./fleet-records.ts";
import type { FleetStore } from "./fleet-store.ts";

export class AutonomyDesk {
  readonly #storage: Pick<DurableObjectStorage, "transactionSync">;
  readonly #store: FleetStore;
  readonly #outbox: OutboxStore;

  constructor(
    storage: Pick<DurableObjectStorage, "transactionSync">,
    store: FleetStore,
    outbox: OutboxStore,
  ) {
    this.#storage = storage;
    this.#store = store;
    this.#outbox = outbox;
  }

  /** Counts one end, once per attempt. Reports of earlier versions do not say whether a person asked: they count, as they did. */
  finished({ attempt_id, outcome, automatic, revised, ending, reverts }: FinishedReport, now: number): void {
    // Taking a change back is no success of healing, and counts against the change alone.
    if (typeof reverts === "string") {
      if (ending === "success") this.#store.reviseOutcome(reverts, "rolled_back", now);
    } else if (automatic !== false && outcome !== "cancelled") {
      if (revised) this.#store.reviseOutcome(attempt_id, outcome, now);
      else this.#store.addOutcome(attempt_id, outcome, now);
    }
    this.judge(now);
  }

  /** The standing of this moment; a budget that is found spent is downgraded with it. */
  judge(now: number): { record: AutonomyRecord; verdict: AutonomyVerdict } {
    const before = this.#store.autonomy();
    const verdict = judgeAutonomy(this.#store.outcomesAfter(countsAfter(before, now)));
    const record = followAutonomy(before, verdict, now);
    if (record !== before) this.#downgrade(record, verdict.explanation, now);
    return { record, verdict };
  }

  restore(reason: string, by: Person, now: number): Result<AutonomyStanding> {
    const { record: before } = this.judge(now);
    const restored = restoreAutonomy(before, by.id, reason, now);
    if (!restored.ok) return restored;
    this.#storage.transactionSync(() => {
      this.#store.setAutonomy(restored.value);
      this.#outbox.append(
        [
          fleetAudit("autonomy.restored", "autonomy", by.id, { reason, downgraded: before.downgraded }, now),
          ...fleetNotice(
            "autonomy_restored",
            "notice",
            "Automatic healing is restored",
            `${by.name}: ${reason}`,
            now,
          ),
          feedMessage("policy"),
        ],
        now,
      );
    });
    return ok(this.standing(now));
  }

  standing(now: number): AutonomyStanding {
    const { record, verdict } = this.judge(now);
    const { downgraded, restored } = record;
    return {
      state: downgraded === null ? "normal" : "degraded",
      explanation: explanationOf(record, verdict),
      finished: verdict.finished,
      success: verdict.success,
      rolled_back: verdict.rolledBack,
      min_finished: MIN_FINISHED,
      max_rollback_share: MAX_ROLLBACK_SHARE,
      min_success_share: MIN_SUCCESS_SHARE,
      downgraded_at: downgraded === null ? null : new Date(downgraded.at).toISOString(),
      restored: restored === null ? null : { ...restored, at: new Date(restored.at).toISOString() },
    };
  }

  #downgrade(record: AutonomyRecord, why: string, now: number): void {
    console.warn(JSON.stringify({ event: "autonomy_downgraded", why }));
    const text = `${why}. Every automatic change asks a person, until one with role approver or admin restores autonomy.`;
    this.#storage.transactionSync(() => {
      this.#store.setAutonomy(record);
      this.#outbox.append(
        [
          fleetAudit("autonomy.downgraded", "autonomy", "vigie", { explanation: why }, now),
          ...fleetNotice(
            "autonomy_downgraded",
            "page",
            "Automatic healing asks people from now on",
            text,
            now,
          ),
          feedMessage("policy"),
        ],
        now,
      );
    });
  }
}

/** One sentence, without its full stop. */
export function explanationOf({ downgraded }: AutonomyRecord, verdict: AutonomyVerdict): string {
  if (downgraded === null) return verdict.explanation;
  return `automatic changes ask a person since ${new Date(downgraded.at).toISOString()}: ${downgraded.explanation}`;
}
