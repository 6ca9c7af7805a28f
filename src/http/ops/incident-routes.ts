/** Incidents and attempts: lists from Postgres, verbs to the plugin's own object. */
import { Hono } from "hono";
import { pluginOf } from "../../../durable-objects/stubs.ts";
import { IncidentId, pluginIdOf } from "../../contract/ids.ts";
import {
  type ActionReply,
  ApproveRequest,
  AttemptQuery,
  IncidentQuery,
  ManualAction,
} from "../../contract/ops.ts";
import type { PluginRpc } from "../../contract/rpc/plugin.ts";
import { isGenuinePluginId } from "../../crypto/plugin-id.ts";
import { incidentDetail, listAttempts, listIncidents } from "../../postgres/queries.ts";
import { pluginIdKey } from "../../settings.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { type HttpRefusal, refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson, readQuery } from "../read-request.ts";
import { allow } from "./ops-guard.ts";

const NO_INCIDENT: HttpRefusal = { reason: "not_found", message: "no such incident" };

export const incidentRoutes = new Hono<AppEnv>()
  .get("/", allow("GET /api/ops/plugin-incidents"), async (c) => {
    const query = readQuery(c, IncidentQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const page = await readLedger(c, (db) => listIncidents(db, query.value));
    return resultResponse(c, page.ok ? page.value : page);
  })
  .get("/:id", allow("GET /api/ops/plugin-incidents/:id"), async (c) => {
    const id = IncidentId.safeParse(c.req.param("id"));
    if (!id.success) return refusalResponse(c, NO_INCIDENT);
    const detail = await readLedger(c, (db) => incidentDetail(db, id.data));
    if (detail.ok && detail.value === null) return refusalResponse(c, NO_INCIDENT);
    return resultResponse(c, detail);
  })
  .post("/:id/approve", allow("POST /api/ops/plugin-incidents/:id/approve"), async (c) => {
    const target = await targetOf(c);
    if (target === null) return refusalResponse(c, NO_INCIDENT);
    const input = await readJson(c, ApproveRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await target.plugin.approve(target.incidentId, input.value, c.var.person));
  })
  .post("/:id/manual-action", allow("POST /api/ops/plugin-incidents/:id/manual-action"), async (c) => {
    const target = await targetOf(c);
    if (target === null) return refusalResponse(c, NO_INCIDENT);
    const input = await readJson(c, ManualAction);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const done = await target.plugin.act(target.incidentId, input.value, c.var.person);
    if (!done.ok) return refusalResponse(c, done.refusal);
    const { incident, attempt } = done.value;
    if (incident !== null) return c.json({ incident, attempt } satisfies ActionReply);
    // A vote on an incident that its plugin has forgotten: the ledger still has it.
    const detail = await readLedger(c, (db) => incidentDetail(db, target.incidentId));
    if (!detail.ok) return refusalResponse(c, detail.refusal);
    if (detail.value === null) return refusalResponse(c, NO_INCIDENT);
    return c.json({ incident: detail.value.incident, attempt } satisfies ActionReply);
  });

export const attemptRoutes = new Hono<AppEnv>().get(
  "/",
  allow("GET /api/ops/autopatch-attempts"),
  async (c) => {
    const query = readQuery(c, AttemptQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const page = await readLedger(c, (db) => listAttempts(db, query.value));
    return resultResponse(c, page.ok ? page.value : page);
  },
);

/** The object that owns the path's incident; null for an id that we cannot have minted, which wakes nothing. */
async function targetOf(c: AppContext): Promise<{ incidentId: string; plugin: PluginRpc } | null> {
  const id = IncidentId.safeParse(c.req.param("id"));
  const pluginId = id.success ? pluginIdOf(id.data) : null;
  if (!id.success || pluginId === null) return null;
  if (!(await isGenuinePluginId(pluginIdKey(c.env), pluginId))) return null;
  c.var.facts.plugin_id = pluginId;
  return { incidentId: id.data, plugin: pluginOf(c.env, pluginId) };
}
