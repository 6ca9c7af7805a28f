/** Everything the dashboard asks of the API, one method a route; the groups that belong together have files of their own. */
import { z } from "zod";
import { FleetIncidentPage } from "../../../src/contract/fleet-incident.ts";
import {
  ActionReply,
  type ApproveRequest,
  AttemptPage,
  IncidentDetail,
  IncidentPage,
  Kpis,
  type ManualAction,
  Person,
  PluginDetail,
  PluginPage,
} from "../../../src/contract/ops.ts";
import { type KillRequest, Policy, PolicyHistoryItem, type PolicyPut } from "../../../src/contract/policy.ts";
import { NEEDED_ROLES, rolesToKill } from "../view/needed-roles.ts";
import { type ApiOptions, createCall, type Query, queryString } from "./call.ts";
import { type FeedHandlers, openFeed } from "./feed.ts";
import { fleetApi } from "./fleet-api.ts";
import { judgingApi } from "./judging-api.ts";
import { rolloutApi } from "./rollout-api.ts";

const PolicyHistory = z.object({ items: z.array(PolicyHistoryItem) });

export type Api = ReturnType<typeof createApi>;

/** Makes the client. Methods mirror the routes below `/api/ops`. */
export function createApi(options: ApiOptions) {
  const call = createCall(options);
  return {
    ...rolloutApi(call),
    ...fleetApi(call),
    ...judgingApi(call),
    me: () => call(Person, "/me"),
    incidents: (query: Query) => call(IncidentPage, `/plugin-incidents${queryString(query)}`),
    incident: (id: string) => call(IncidentDetail, `/plugin-incidents/${encodeURIComponent(id)}`),
    fleetIncidents: (query: Query) => call(FleetIncidentPage, `/fleet-incidents${queryString(query)}`),
    approve: (id: string, body: ApproveRequest) =>
      call(ActionReply, `/plugin-incidents/${encodeURIComponent(id)}/approve`, {
        method: "POST",
        body,
        needs: NEEDED_ROLES["POST /api/ops/plugin-incidents/:id/approve"],
      }),
    act: (id: string, body: ManualAction) =>
      call(ActionReply, `/plugin-incidents/${encodeURIComponent(id)}/manual-action`, {
        method: "POST",
        body,
        needs: NEEDED_ROLES["POST /api/ops/plugin-incidents/:id/manual-action"],
      }),
    attempts: (query: Query) => call(AttemptPage, `/autopatch-attempts${queryString(query)}`),
    plugins: (query: Query) => call(PluginPage, `/plugins${queryString(query)}`),
    plugin: (id: string) => call(PluginDetail, `/plugins/${encodeURIComponent(id)}`),
    policy: () => call(Policy, "/policy"),
    putPolicy: (body: PolicyPut) =>
      call(Policy, "/policy", { method: "PUT", body, needs: NEEDED_ROLES["PUT /api/ops/policy"] }),
    kill: (body: KillRequest) =>
      call(Policy, "/policy/kill", {
        method: "POST",
        body,
        needs: rolesToKill(body.engaged),
      }),
    policyHistory: () => call(PolicyHistory, "/policy/history"),
    kpis: (windowS: number) => call(Kpis, `/kpis?window_s=${windowS}`),

    openFeed: (handlers: FeedHandlers) => openFeed(options, handlers),
  };
}
