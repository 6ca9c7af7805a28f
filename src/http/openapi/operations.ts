/** Every route of the API as a row: what it takes, what it answers, who may call it. A test holds it against the app. */
import type { OpsRoute } from "../ops/ops-roles.ts";
import { emergencyOperations } from "./operations/emergency.ts";
import { incidentsOperations } from "./operations/incidents.ts";
import { noticesOperations } from "./operations/notices.ts";
import type { Operation } from "./operations/operation.ts";
import { peopleOperations } from "./operations/people.ts";
import { pluginOperations } from "./operations/plugin.ts";
import { policyOperations } from "./operations/policy.ts";
import { releasesOperations } from "./operations/releases.ts";
import { serviceOperations } from "./operations/service.ts";

const opsOperations: Record<OpsRoute, Operation> = {
  ...peopleOperations,
  ...incidentsOperations,
  ...releasesOperations,
  ...policyOperations,
  ...noticesOperations,
  ...emergencyOperations,
};

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...pluginOperations,
  ...opsOperations,
  ...serviceOperations,
};
