/** The desks of the fleet's object over one storage, and its outbox. */
import type { Env } from "../../src/env.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { OutboxStore } from "../outbox/outbox-store.ts";
import { pluginOf, policyOf } from "../stubs.ts";
import { AttemptRegister } from "./attempt-register.ts";
import { AutonomyDesk } from "./autonomy-desk.ts";
import { CohortDesk } from "./cohort-desk.ts";
import { CohortStore } from "./cohort-store.ts";
import { EmergencyDesk } from "./emergency-desk.ts";
import { FleetIncidents } from "./fleet-incidents.ts";
import { fleetReceivers } from "./fleet-receivers.ts";
import { FleetStore } from "./fleet-store.ts";
import { GuardDesk } from "./guard-desk.ts";
import { StormDesk } from "./storm-desk.ts";
import { StormStore } from "./storm-store.ts";

export interface FleetDesks {
  store: FleetStore;
  outbox: OutboxStore;
  drain: OutboxDrain;
  cohorts: CohortDesk;
  storms: StormDesk;
  attempts: AttemptRegister;
  autonomy: AutonomyDesk;
  emergencies: EmergencyDesk;
  guard: GuardDesk;
}

/** `flush`: what a receiver has put into the outbox is to leave soon. The storage is migrated. */
export function fleetDesks(storage: DurableObjectStorage, env: Env, flush: () => void): FleetDesks {
  const store = new FleetStore(storage);
  const outbox = new OutboxStore(storage.sql);
  const incidents = new FleetIncidents(storage, outbox);
  const cohortStore = new CohortStore(storage.sql);
  const storms = new StormDesk({
    storage,
    store: new StormStore(storage),
    cohorts: cohortStore,
    incidents,
    roster: () => store.roster(),
  });
  const attempts = new AttemptRegister(storage.sql);
  const autonomy = new AutonomyDesk(storage, store, outbox);
  const emergencies = new EmergencyDesk(storage, attempts, outbox, {
    plugin: (id) => pluginOf(env, id),
    policy: () => policyOf(env),
  });
  return {
    store,
    outbox,
    drain: new OutboxDrain({
      owner: "FleetObject",
      store: outbox,
      receivers: fleetReceivers(env, storage, outbox, flush),
    }),
    cohorts: new CohortDesk(cohortStore, incidents, outbox),
    storms,
    attempts,
    autonomy,
    emergencies,
    guard: new GuardDesk({ store, storms, autonomy, attempts, emergencies }),
  };
}
