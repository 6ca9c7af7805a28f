/** The HTTP face of Vigie: rooms under their paths, guards around all of them. */
import { Hono } from "hono";
import type { AppEnv } from "./app-env.ts";
import { artifactRoute } from "./artifact-route.ts";
import { faultResponse, refusalResponse } from "./error-response.ts";
import { healthRoutes } from "./health-routes.ts";
import { openApiRoute } from "./openapi/openapi-route.ts";
import { opsRoutes } from "./ops/ops-routes.ts";
import { enrollRoute } from "./plugin/enroll-route.ts";
import { pluginCors } from "./plugin/plugin-cors.ts";
import { pluginRoutes } from "./plugin/plugin-routes.ts";
import { requestLog } from "./request-log.ts";
import { securityHeaders } from "./security-headers.ts";
import { siraRoutes } from "./sira-routes.ts";

/** Everything that is not the dashboard's: an unknown path below is 404, not the dashboard's page. */
const OWN_PATHS = /^\/(?:api|artifacts)(?:\/|$)/;

export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestLog, securityHeaders);
  app.use("/api/plugins/*", pluginCors);
  app.route("/api/plugins/enroll", enrollRoute);
  app.route("/api/plugins", pluginRoutes);
  app.route("/api/ops", opsRoutes);
  app.route("/api/sira", siraRoutes);
  app.route("/artifacts", artifactRoute);
  app.route("/openapi.json", openApiRoute);
  app.route("/", healthRoutes);
  app.get("*", (c, next) => (OWN_PATHS.test(c.req.path) ? next() : c.env.ASSETS.fetch(c.req.raw)));
  app.notFound((c) => refusalResponse(c, { reason: "not_found", message: "no such route" }));
  app.onError((error, c) => faultResponse(c, error));
  return app;
}
