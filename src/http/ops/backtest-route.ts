/** Judging a policy before it is in force: what was recorded in mode shadow, and the past under a draft. Changes nothing. */
import { Hono } from "hono";
import { policyOf } from "../../../durable-objects/stubs.ts";
import { BacktestRequest } from "../../contract/backtest.ts";
import { ShadowQuery } from "../../contract/shadow.ts";
import { listShadowDecisions, pastJudgements } from "../../postgres/queries.ts";
import { draftOf, runBacktest } from "../../services/backtest-service.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson, readQuery } from "../read-request.ts";
import { allow } from "./ops-guard.ts";

/** As a policy: a whitelist of 10,000 merchants of 64 characters. */
const MAX_BYTES = 1024 * 1024;

export const backtestRoute = new Hono<AppEnv>().post(
  "/",
  allow("POST /api/ops/policy/backtest"),
  async (c) => {
    const input = await readJson(c, BacktestRequest, MAX_BYTES);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const { document: inForce } = await policyOf(c.env).read();
    const draft = draftOf(input.value, inForce);
    if (!draft.ok) return refusalResponse(c, draft.refusal);
    const until = new Date().toISOString();
    const past = await readLedger(c, (db) => pastJudgements(db, input.value.days, until));
    if (!past.ok) return refusalResponse(c, past.refusal);
    return c.json(runBacktest(past.value, draft.value, inForce));
  },
);

export const shadowRoutes = new Hono<AppEnv>().get("/", allow("GET /api/ops/shadow-decisions"), async (c) => {
  const query = readQuery(c, ShadowQuery);
  if (!query.ok) return refusalResponse(c, query.refusal);
  const page = await readLedger(c, (db) => listShadowDecisions(db, query.value));
  return resultResponse(c, page.ok ? page.value : page);
});
