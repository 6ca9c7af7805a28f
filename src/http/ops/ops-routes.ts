/** The ops API: its rooms, and the routes too small for one. */
import { Hono } from "hono";
import { feedOf, fleetOf } from "../../../durable-objects/stubs.ts";
import { type ClaimReply, ClaimRequest } from "../../contract/enroll.ts";
import type { Kpis } from "../../contract/ops.ts";
import { claimFits, mintClaim, newNonce } from "../../crypto/claim-code.ts";
import { kpis } from "../../postgres/queries.ts";
import { pluginIdKey } from "../../settings.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson, readQuery } from "../read-request.ts";
import { backtestRoute, shadowRoutes } from "./backtest-route.ts";
import { emergencyRoutes, guardRoutes } from "./emergency-routes.ts";
import { fleetIncidentRoutes } from "./fleet-incident-routes.ts";
import { attemptRoutes, incidentRoutes } from "./incident-routes.ts";
import { merchantRoutes, notificationRoutes } from "./notification-routes.ts";
import { allow, allowSocket, FEED_PROTOCOL } from "./ops-guard.ts";
import { KpiQuery } from "./ops-queries.ts";
import { pluginViewRoutes } from "./plugin-view-routes.ts";
import { policyRoutes } from "./policy-routes.ts";
import { releaseRoutes } from "./release-routes.ts";
import { remedyRoutes } from "./remedy-routes.ts";
import { rolloutRoutes } from "./rollout-routes.ts";
import { siraMemoryRoutes } from "./sira-memory-routes.ts";

export const opsRoutes = new Hono<AppEnv>()
  .route("/plugin-incidents", incidentRoutes)
  .route("/fleet-incidents", fleetIncidentRoutes)
  .route("/autopatch-attempts", attemptRoutes)
  .route("/plugins", pluginViewRoutes)
  .route("/releases", releaseRoutes)
  .route("/releases", rolloutRoutes)
  .route("/remedies", remedyRoutes)
  .route("/policy", policyRoutes)
  .route("/policy/backtest", backtestRoute)
  .route("/shadow-decisions", shadowRoutes)
  .route("/sira", siraMemoryRoutes)
  .route("/emergency", emergencyRoutes)
  .route("/", guardRoutes)
  .route("/notifications", notificationRoutes)
  .route("/merchants", merchantRoutes)
  .get("/me", allow("GET /api/ops/me"), (c) => c.json(c.var.person))
  .post("/claims", allow("POST /api/ops/claims"), async (c) => {
    const input = await readJson(c, ClaimRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const { valid_for_s, ...merchant } = input.value;
    const expires_at = new Date(Date.now() + valid_for_s * 1000).toISOString();
    const claim = { ...merchant, nonce: newNonce(), expires_at };
    if (!claimFits(claim)) {
      const message = "too long for a claim code";
      return refusalResponse(c, { reason: "invalid", field: "merchant_name", message });
    }
    const reply: ClaimReply = { claim_code: await mintClaim(pluginIdKey(c.env), claim), expires_at };
    return c.json(reply, 201);
  })
  .get("/kpis", allow("GET /api/ops/kpis"), async (c) => {
    const query = readQuery(c, KpiQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const [figures, guard] = await Promise.all([
      readLedger(c, (db) => kpis(db, query.value.window_s)),
      fleetOf(c.env).guard(),
    ]);
    if (!figures.ok) return refusalResponse(c, figures.refusal);
    const { storm, autonomy } = guard;
    return c.json({ ...figures.value, fleet: { storm, autonomy } } satisfies Kpis);
  })
  .get("/feed", allowSocket("GET /api/ops/feed"), async (c) => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      return refusalResponse(c, { reason: "invalid", message: "expected a WebSocket upgrade" });
    }
    // The token ends here: the object gets the protocol it is to answer with, and nothing to remember.
    const upgrade = new Request(c.req.raw);
    upgrade.headers.set("sec-websocket-protocol", FEED_PROTOCOL);
    return feedOf(c.env).fetch(upgrade);
  });
