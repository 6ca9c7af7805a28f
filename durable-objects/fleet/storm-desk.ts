/**
 * The storm guard of each type of incident: counts from the tables, judgement from `src/core/fleet/storm.ts`, one fleet incident for each
 * storm. Called inside the transaction of the change that it judges, and by the clock.
 */
import { FLEET_INCIDENT_PLUGINS } from "../../src/contract/fleet-incident.ts";
import { INCIDENT_TYPES, type IncidentType } from "../../src/contract/incident.ts";
import type { FleetGuard, SignalReport } from "../../src/contract/rpc/fleet.ts";
import { judgeStorm, type StormFacts, type StormVerdict, stormWake } from "../../src/core/fleet/storm.ts";
import { restOf } from "../../src/core/fleet/storm-spread.ts";
import { stormTest } from "../../src/core/fleet/storm-tests.ts";
import { COHORT_KEYS, type CohortStore } from "./cohort-store.ts";
import type { FleetIncidents } from "./fleet-incidents.ts";
import type { StormStore } from "./storm-store.ts";

export class StormDesk {
  readonly #storage: Pick<DurableObjectStorage, "transactionSync">;
  readonly #store: StormStore;
  readonly #cohorts: CohortStore;
  readonly #incidents: FleetIncidents;
  readonly #roster: () => number;

  constructor(parts: {
    storage: Pick<DurableObjectStorage, "transactionSync">;
    store: StormStore;
    cohorts: CohortStore;
    incidents: FleetIncidents;
    roster: () => number;
  }) {
    this.#storage = parts.storage;
    this.#store = parts.store;
    this.#cohorts = parts.cohorts;
    this.#incidents = parts.incidents;
    this.#roster = parts.roster;
  }

  presence(pluginId: string, silent: boolean, now: number): void {
    const changed = this.#store.setSilent(pluginId, silent, now);
    if (changed) this.#judge("heartbeat_missed", now, silent ? 1 : 0);
  }

  signal(report: SignalReport, now: number): void {
    if (this.#store.setAffected(report, now)) this.#judge(report.type, now, report.open ? 1 : 0);
  }

  /** The guard's answer now, and what it is made of. Entering and leaving a storm open and close its fleet incident. */
  guard(now: number): Required<Pick<FleetGuard, "storm" | "storms" | "rising" | "explanation">> {
    const verdicts = INCIDENT_TYPES.map((type) => ({ type, ...this.#judge(type, now, 0) }));
    const storms = verdicts
      .filter(({ storm }) => storm)
      .map(({ type, explanation }) => ({ type, explanation: explanation.slice(0, 300) }));
    // In calm the silences stand for all, and any rise that was looked at and found to be no storm.
    const told = verdicts.filter(({ storm, type, value, bound }) =>
      storms.length > 0 ? storm : type === "heartbeat_missed" || value >= bound,
    );
    const explanation = told.map((verdict) => verdict.explanation).join(". ");
    const rising = verdicts.some((verdict) => verdict.rising);
    return { storm: storms.length > 0, storms, rising, explanation };
  }

  /** Time alone: storms end by it. */
  judgeAll(now: number): void {
    for (const type of INCIDENT_TYPES) this.#judge(type, now, 0);
  }

  /** When a storm must be judged again though nobody reports, ms since epoch; null when all is calm. */
  nextWake(now: number): number | null {
    const wakes = INCIDENT_TYPES.map((type) =>
      stormWake(this.#store.state(type, now), now, stormTest(type)),
    ).filter((at) => at !== null);
    return wakes.length === 0 ? null : Math.min(...wakes);
  }

  #judge(type: IncidentType, now: number, newly: number): StormVerdict {
    const before = this.#store.state(type, now);
    const facts: StormFacts = { now, roster: this.#roster(), ...this.#store.counts(type, now), newly };
    if (type !== "heartbeat_missed") facts.rest = () => this.#rest(type, facts);
    const verdict = judgeStorm(before, facts, stormTest(type));
    const { state, storm } = verdict;
    const key = stormKey(type);
    const turned = storm !== (this.#incidents.open(key) !== null);
    // Time alone need not be written: in calm the next report catches up with it, in a storm only its own figures count.
    const unmoved =
      before.storm?.peak === state.storm?.peak && before.storm?.calmSince === state.storm?.calmSince;
    if (newly === 0 && !turned && unmoved) return verdict;
    this.#storage.transactionSync(() => {
      this.#store.setState(type, state);
      const affected = () => this.#affected(type, facts.silent);
      if (!turned) {
        if (state.storm !== null) this.#incidents.grow(key, affected, facts.silent, now);
        return;
      }
      console.warn(JSON.stringify({ event: "storm", type, storm, why: verdict.explanation }));
      if (storm) return this.#open(type, verdict, facts, now);
      const { peak } = before.storm ?? { peak: 0 };
      this.#incidents.end(key, `${stormTest(type).words.over}. ${verdict.explanation}.`, now, peak);
    });
    return verdict;
  }

  #rest(type: IncidentType, { now, roster, lost }: StormFacts) {
    const open = new Set(this.#incidents.openKeys(COHORT_KEYS));
    const sizeOf = (key: string) => this.#cohorts.cohort(key)?.cohort.members ?? 0;
    return restOf(this.#store.fresh(type, now), roster - lost, open, sizeOf);
  }

  #open(type: IncidentType, verdict: StormVerdict, facts: StormFacts, now: number): void {
    this.#incidents.begin(
      {
        kind: "storm",
        key: stormKey(type),
        product: null,
        version: null,
        platform_version: null,
        signal: {
          type: type === "heartbeat_missed" ? "storm" : `storm_${type}`,
          method: "poisson-limit",
          value: verdict.value,
          bound: verdict.bound,
          sample: facts.roster,
          window_s: stormTest(type).windowMs / 1000,
          onset_at: null,
          explanation: verdict.explanation.slice(0, 500),
        },
      },
      this.#affected(type, facts.silent),
      now,
    );
  }

  #affected(type: IncidentType, count: number) {
    return { ids: this.#store.newest(type, FLEET_INCIDENT_PLUGINS), count };
  }
}

/** Of the fleet incident: there is one storm of a type at a time. */
function stormKey(type: IncidentType): string {
  return type === "heartbeat_missed" ? "storm" : `storm:${type}`;
}
