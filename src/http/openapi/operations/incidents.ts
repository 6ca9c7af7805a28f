/** Incidents, attempts and plugins. */

import type { OpsRoute } from "../../ops/ops-roles.ts";
import { json, LIST, type Operation, READ, WRITE } from "./operation.ts";

export const incidentsOperations = {
  "GET /api/ops/plugin-incidents": {
    summary: "Incidents, newest first",
    security: "ops",
    query: "IncidentQuery",
    replies: json("IncidentPage"),
    refusals: LIST,
  },
  "GET /api/ops/plugin-incidents/:id": {
    summary: "One incident with its timeline, decision, attempts, commands and evidence",
    security: "ops",
    replies: json("IncidentDetail"),
    refusals: [...READ, 404],
  },
  "POST /api/ops/plugin-incidents/:id/approve": {
    summary: "Approve or reject the attempt that awaits it, for the evidence seen",
    security: "ops",
    body: "ApproveRequest",
    replies: json("ActionReply"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/plugin-incidents/:id/manual-action": {
    summary: "Patch, rollback, config, retry, acknowledge, snooze, resolve, escalate, dismiss or vote",
    security: "ops",
    body: "ManualAction",
    replies: json("ActionReply"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/fleet-incidents": {
    summary: "Storms and cohorts across shops, newest first",
    security: "ops",
    query: "FleetIncidentQuery",
    replies: json("FleetIncidentPage"),
    refusals: LIST,
  },
  "GET /api/ops/fleet-incidents/:id": {
    summary: "One storm or cohort with the shops it is about",
    security: "ops",
    replies: json("FleetIncident"),
    refusals: [...READ, 404],
  },
  "GET /api/ops/autopatch-attempts": {
    summary: "Attempts, newest first",
    security: "ops",
    query: "AttemptQuery",
    replies: json("AttemptPage"),
    refusals: LIST,
  },
  "GET /api/ops/plugins": {
    summary: "Plugins as the ledger knows them",
    security: "ops",
    query: "PluginQuery",
    replies: json("PluginPage"),
    refusals: LIST,
  },
  "GET /api/ops/plugins/:id": {
    summary: "One plugin, live",
    security: "ops",
    replies: json("PluginDetail"),
    refusals: [...READ, 404],
  },
} as const satisfies Partial<Record<OpsRoute, Operation>>;
