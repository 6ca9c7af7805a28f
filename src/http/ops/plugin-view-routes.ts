/** Plugins: the list from Postgres, one plugin live from its object. */
import { Hono } from "hono";
import { pluginOf } from "../../../durable-objects/stubs.ts";
import { PluginQuery } from "../../contract/ops.ts";
import { isGenuinePluginId } from "../../crypto/plugin-id.ts";
import { listPlugins } from "../../postgres/queries.ts";
import { pluginIdKey } from "../../settings.ts";
import type { AppEnv } from "../app-env.ts";
import { type HttpRefusal, refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readQuery } from "../read-request.ts";
import { allow } from "./ops-guard.ts";

const NO_PLUGIN: HttpRefusal = { reason: "not_found", message: "no such plugin" };

export const pluginViewRoutes = new Hono<AppEnv>()
  .get("/", allow("GET /api/ops/plugins"), async (c) => {
    const query = readQuery(c, PluginQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const page = await readLedger(c, (db) => listPlugins(db, query.value));
    return resultResponse(c, page.ok ? page.value : page);
  })
  .get("/:id", allow("GET /api/ops/plugins/:id"), async (c) => {
    const id = c.req.param("id");
    if (!(await isGenuinePluginId(pluginIdKey(c.env), id))) return refusalResponse(c, NO_PLUGIN);
    c.var.facts.plugin_id = id;
    const detail = await pluginOf(c.env, id).detail();
    return detail === null ? refusalResponse(c, NO_PLUGIN) : c.json(detail);
  });
