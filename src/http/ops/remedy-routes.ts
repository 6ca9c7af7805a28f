/** Remedies: settings published as a fix; halted, paused, resumed and blocked like releases. */
import { Hono } from "hono";
import { releasesOf } from "../../../durable-objects/stubs.ts";
import { ProductName, RemedyId } from "../../contract/ids.ts";
import { PublishRemedyRequest, type Remedy } from "../../contract/remedy.ts";
import { toBase64Url } from "../../crypto/encoding.ts";
import { listRemedies } from "../../postgres/queries.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson, readQuery } from "../read-request.ts";
import { liveRollouts } from "./live-rollouts.ts";
import { allow } from "./ops-guard.ts";
import { ReleaseQuery, ReleaseStatusRequest } from "./ops-queries.ts";

export const remedyRoutes = new Hono<AppEnv>()
  .get("/", allow("GET /api/ops/remedies"), async (c) => {
    const query = readQuery(c, ReleaseQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const list = await readLedger(c, (db) => listRemedies(db, query.value.product));
    if (!list.ok) return refusalResponse(c, list.refusal);
    const { items } = list.value;
    const rolloutOf = await liveRollouts(
      c.env,
      items.map(({ product }) => product),
    );
    return c.json({ items: items.map((item) => ({ ...item, rollout: rolloutOf(item.product, item.id) })) });
  })
  .post("/", allow("POST /api/ops/remedies"), async (c) => {
    const input = await readJson(c, PublishRemedyRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const remedy: Remedy = {
      ...input.value,
      id: newRemedyId(),
      status: "active",
      published_by: c.var.person.id,
      published_at: new Date().toISOString(),
      revision: 1,
    };
    return resultResponse(c, await releasesOf(c.env, remedy.product).publishRemedy(remedy), 201);
  })
  .post("/:product/:id/status", allow("POST /api/ops/remedies/:product/:id/status"), async (c) => {
    const product = ProductName.safeParse(c.req.param("product"));
    const id = RemedyId.safeParse(c.req.param("id"));
    if (!product.success || !id.success)
      return refusalResponse(c, { reason: "not_found", message: "no such remedy" });
    const input = await readJson(c, ReleaseStatusRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const { status, reason, ...seen } = input.value;
    const releases = releasesOf(c.env, product.data);
    return resultResponse(c, await releases.setStatus(id.data, status, reason, c.var.person, seen));
  });

function newRemedyId(): string {
  return `rmd_${toBase64Url(crypto.getRandomValues(new Uint8Array(12)))}`;
}
