/** The ops policy: read from and written through its authority, never the cache. */
import { Hono } from "hono";
import { policyOf } from "../../../durable-objects/stubs.ts";
import { KillRequest, PolicyPatch, PolicyPut } from "../../contract/policy.ts";
import { policyHistory } from "../../postgres/queries.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson, readQuery } from "../read-request.ts";
import { killPreview } from "./kill-preview.ts";
import { allow } from "./ops-guard.ts";
import { HistoryQuery } from "./ops-queries.ts";

/** A whitelist of 10,000 merchants of 64 characters. */
const MAX_POLICY_BYTES = 1024 * 1024;

export const policyRoutes = new Hono<AppEnv>()
  .get("/", allow("GET /api/ops/policy"), async (c) => c.json(await policyOf(c.env).read()))
  .put("/", allow("PUT /api/ops/policy"), async (c) => {
    const input = await readJson(c, PolicyPut, MAX_POLICY_BYTES);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await policyOf(c.env).put(input.value, c.var.person));
  })
  .patch("/", allow("PATCH /api/ops/policy"), async (c) => {
    const input = await readJson(c, PolicyPatch, MAX_POLICY_BYTES);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await policyOf(c.env).patch(input.value, c.var.person));
  })
  .get("/kill", allow("GET /api/ops/policy/kill"), async (c) => c.json(await killPreview(c.env)))
  .post("/kill", allow("POST /api/ops/policy/kill"), async (c) => {
    const input = await readJson(c, KillRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await policyOf(c.env).kill(input.value, c.var.person));
  })
  .get("/history", allow("GET /api/ops/policy/history"), async (c) => {
    const query = readQuery(c, HistoryQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const history = await readLedger(c, (db) => policyHistory(db, query.value.limit));
    return history.ok ? c.json({ items: history.value }) : refusalResponse(c, history.refusal);
  });
