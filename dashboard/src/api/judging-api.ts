/** The API's routes that judge before anything happens: a draft over the past, what shadow mode saw, what the kill switch would stop. */
import { BacktestReply, type BacktestRequest } from "../../../src/contract/backtest.ts";
import { KillPreview } from "../../../src/contract/guard.ts";
import { ShadowPage } from "../../../src/contract/shadow.ts";
import { NEEDED_ROLES } from "../view/needed-roles.ts";
import { type Call, type Query, queryString } from "./call.ts";

/** @param call sends one request below `/api/ops` */
export function judgingApi(call: Call) {
  return {
    backtest: (body: BacktestRequest) =>
      call(BacktestReply, "/policy/backtest", {
        method: "POST",
        body,
        needs: NEEDED_ROLES["POST /api/ops/policy/backtest"],
      }),
    shadowDecisions: (query: Query) => call(ShadowPage, `/shadow-decisions${queryString(query)}`),
    killPreview: () => call(KillPreview, "/policy/kill"),
  };
}
