/** What holds automatic changes back, gathered from whoever keeps it: for the gate of one attempt, and for people. */
import type { AttemptUnderWay, FleetStanding } from "../../src/contract/guard.ts";
import type { ActionReservation, FleetGuard } from "../../src/contract/rpc/fleet.ts";
import type { AttemptRegister } from "./attempt-register.ts";
import { type AutonomyDesk, explanationOf } from "./autonomy-desk.ts";
import type { EmergencyDesk } from "./emergency-desk.ts";
import { ACTION_WINDOW_MS, type FleetStore } from "./fleet-store.ts";
import type { StormDesk } from "./storm-desk.ts";

interface Desks {
  store: FleetStore;
  storms: StormDesk;
  autonomy: AutonomyDesk;
  attempts: AttemptRegister;
  emergencies: EmergencyDesk;
}

export class GuardDesk {
  readonly #desks: Desks;

  constructor(desks: Desks) {
    this.#desks = desks;
  }

  /** With `reserve` the action is counted in the same breath, where the budget has room for it and nothing else holds it up. */
  guard(reserve: ActionReservation | undefined, now: number): FleetGuard {
    const { store, storms, autonomy } = this.#desks;
    const { explanation, ...storm } = storms.guard(now);
    const { record, verdict } = autonomy.judge(now);
    const actions = reserve
      ? store.otherActions(reserve.attempt_id, now)
      : store.actionsSince(now - ACTION_WINDOW_MS);
    const held = storm.storm || storm.rising || record.downgraded !== null;
    if (reserve && !held && actions < reserve.limit) store.reserveAction(reserve.attempt_id, now);
    return {
      ...storm,
      autonomy: record.downgraded === null ? "normal" : "degraded",
      actions_last_hour: actions,
      explanation: `${explanation}. ${explanationOf(record, verdict)}.`,
    };
  }

  standing(now: number): FleetStanding {
    const { store, storms, autonomy, attempts, emergencies } = this.#desks;
    const { storm, explanation } = storms.guard(now);
    return {
      storm,
      storm_explanation: explanation,
      autonomy: autonomy.standing(now),
      actions_last_hour: store.actionsSince(now - ACTION_WINDOW_MS),
      attempts: attempts.counts(),
      emergency: emergencies.running(),
    };
  }

  underWay(limit: number): AttemptUnderWay[] {
    return this.#desks.attempts
      .underWay(limit)
      .map(({ id, subject, automatic: _automatic, at, ...known }) => ({
        ...known,
        attempt_id: id,
        version: subject,
        at: new Date(at).toISOString(),
      }));
  }
}
