/** The contract's zod schemas as JSON Schema components, one for each exported name. */
import { z } from "zod";
import * as agentCommand from "../../contract/agent-command.ts";
import * as attempt from "../../contract/attempt.ts";
import * as backtest from "../../contract/backtest.ts";
import * as command from "../../contract/command.ts";
import * as decision from "../../contract/decision.ts";
import * as emergency from "../../contract/emergency.ts";
import * as enroll from "../../contract/enroll.ts";
import * as envelope from "../../contract/envelope.ts";
import * as error from "../../contract/error.ts";
import * as feed from "../../contract/feed.ts";
import * as fleetIncident from "../../contract/fleet-incident.ts";
import * as floor from "../../contract/floor.ts";
import * as gateSnapshot from "../../contract/gate-snapshot.ts";
import * as guard from "../../contract/guard.ts";
import * as heartbeat from "../../contract/heartbeat.ts";
import * as ids from "../../contract/ids.ts";
import * as incident from "../../contract/incident.ts";
import * as notification from "../../contract/notification.ts";
import * as ops from "../../contract/ops.ts";
import * as pluginRecord from "../../contract/plugin-record.ts";
import * as policy from "../../contract/policy.ts";
import * as release from "../../contract/release.ts";
import * as remedy from "../../contract/remedy.ts";
import * as revert from "../../contract/revert.ts";
import * as rollout from "../../contract/rollout.ts";
import * as rolloutPlan from "../../contract/rollout-plan.ts";
import * as shadow from "../../contract/shadow.ts";
import * as siraMemory from "../../contract/sira-memory.ts";
import * as staging from "../../contract/staging.ts";
import * as queries from "../ops/ops-queries.ts";

/** Answers that have no schema of their own in the contract. */
const local = {
  Health: z.object({ status: z.literal("ok") }),
  PolicyHistory: z.object({ items: z.array(policy.PolicyHistoryItem) }),
};

const sources = {
  ...ids,
  ...heartbeat,
  ...command,
  ...envelope,
  ...enroll,
  ...error,
  ...decision,
  ...release,
  ...remedy,
  ...rollout,
  ...rolloutPlan,
  ...revert,
  ...floor,
  ...siraMemory,
  ...staging,
  ...incident,
  ...attempt,
  ...agentCommand,
  ...pluginRecord,
  ...gateSnapshot,
  ...shadow,
  ...backtest,
  ...fleetIncident,
  ...guard,
  ...emergency,
  ...notification,
  ...ops,
  ...policy,
  ...feed,
  ...queries,
  ...local,
};

/** Every name under which a zod schema is exported. */
export type SchemaName = {
  [Name in keyof typeof sources]: (typeof sources)[Name] extends z.ZodType ? Name : never;
}[keyof typeof sources];

export type JsonSchema = { [keyword: string]: unknown };

export const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/**
 * All components. They describe what may be sent: a property with a default may be left out, and in answers is always
 * there. Refinements in code (a sum, an order) have no counterpart and are left to the server's 400.
 */
export function jsonSchemas(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of Object.entries(sources)) {
    if (schema instanceof z.ZodType) registry.add(schema, { id: name });
  }
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri: (id) => refTo(id).$ref });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      // A component is part of one document: it neither names its dialect nor has an address of its own. The cast only
      // forgets which keywords zod knows.
      const { $schema: _dialect, $id: _address, ...component } = schema as JsonSchema;
      return [name, component];
    }),
  );
}
