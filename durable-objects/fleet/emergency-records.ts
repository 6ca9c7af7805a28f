/** Each turn of an emergency action: its row, its line of audit, and what people are told, committed together by the caller. */
import type { EmergencyRow } from "../../src/core/fleet/emergency.ts";
import type { OutboxMessage, OutboxStore } from "../outbox/outbox-store.ts";
import { feedMessage } from "../outbox/receivers.ts";
import type { EmergencyStore } from "./emergency-store.ts";
import type { EmergencyTargets } from "./emergency-targets.ts";
import { fleetAudit, fleetNotice } from "./fleet-records.ts";

export type Turn = "planned" | "confirmed" | "aborted" | "stopped" | "done";

export class EmergencyRecords {
  readonly #store: EmergencyStore;
  readonly #targets: EmergencyTargets;
  readonly #outbox: OutboxStore;

  constructor(store: EmergencyStore, targets: EmergencyTargets, outbox: OutboxStore) {
    this.#store = store;
    this.#targets = targets;
    this.#outbox = outbox;
  }

  turn(turn: Turn, row: EmergencyRow, actor: string, now: number): void {
    this.#store.save(row);
    const counts = this.#targets.counts(row);
    const { kind, scope, minutes, digest, reason, ended_because } = row;
    const data = { kind, scope, minutes, digest, reason, counts, ended_because };
    const messages: OutboxMessage[] = [
      fleetAudit(`emergency.${turn}`, row.id, actor, data, now),
      feedMessage("policy"),
    ];
    if (turn !== "planned") messages.push(...this.#notice(turn, row, counts.targets, now));
    this.#outbox.append(messages, now);
    if (turn !== "planned")
      console.warn(JSON.stringify({ event: "emergency", id: row.id, kind, turn, counts, by: actor }));
  }

  #notice(turn: Exclude<Turn, "planned">, row: EmergencyRow, targets: number, now: number): OutboxMessage[] {
    const { done, failed, skipped } = this.#targets.counts(row);
    const what = row.kind === "cancel_pending" ? "Cancelling what waits" : "Taking back what was applied";
    const figures = `${done} done, ${failed} failed, ${skipped} left as they are, of ${targets}`;
    if (turn === "confirmed") {
      const text = `${row.confirmed_by} began ${row.id}: ${targets} target(s). ${row.reason}`;
      return fleetNotice("emergency_started", "notice", `${what} in ${targets} shop(s)`, text, now);
    }
    const ended = { aborted: "was aborted", stopped: "stopped: too many failed", done: "is over" }[turn];
    const urgency = turn === "stopped" || failed > 0 ? "page" : "notice";
    const text = `${row.id}: ${figures}. ${row.ended_because ?? ""}`;
    return fleetNotice("emergency_ended", urgency, `${what} ${ended}`, text, now);
  }
}
