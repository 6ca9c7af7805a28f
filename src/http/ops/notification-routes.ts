/** Who is told, and what was: lists from Postgres; merchants' addresses and test messages through the desk. */
import { Hono } from "hono";
import { noticesOf } from "../../../durable-objects/stubs.ts";
import { MerchantId } from "../../contract/ids.ts";
import {
  MerchantNotificationsPut,
  NotificationQuery,
  TestNoticeRequest,
} from "../../contract/notification.ts";
import { listNotifications, merchantExists } from "../../postgres/queries.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { type HttpRefusal, type HttpResult, refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson, readQuery } from "../read-request.ts";
import { allow } from "./ops-guard.ts";

const NO_MERCHANT: HttpRefusal = {
  reason: "not_found",
  message: "no such merchant: it is known from its first enrolled plugin on",
};

export const notificationRoutes = new Hono<AppEnv>()
  .get("/", allow("GET /api/ops/notifications"), async (c) => {
    const query = readQuery(c, NotificationQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const page = await readLedger(c, (db) => listNotifications(db, query.value));
    return resultResponse(c, page.ok ? page.value : page);
  })
  .post("/test", allow("POST /api/ops/notifications/test"), async (c) => {
    const input = await readJson(c, TestNoticeRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await noticesOf(c.env).sendTest(null, c.var.person));
  });

export const merchantRoutes = new Hono<AppEnv>()
  .get("/:id/notifications", allow("GET /api/ops/merchants/:id/notifications"), async (c) => {
    const id = await merchantIdOf(c);
    if (!id.ok) return refusalResponse(c, id.refusal);
    const set = await noticesOf(c.env).merchant(id.value);
    if (set === null)
      return refusalResponse(c, {
        reason: "not_found",
        message: "no address was ever set for this merchant",
      });
    return c.json(set);
  })
  .put("/:id/notifications", allow("PUT /api/ops/merchants/:id/notifications"), async (c) => {
    const input = await readJson(c, MerchantNotificationsPut);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const id = await merchantIdOf(c);
    if (!id.ok) return refusalResponse(c, id.refusal);
    return resultResponse(c, await noticesOf(c.env).setMerchant(id.value, input.value, c.var.person));
  })
  .post("/:id/notifications/test", allow("POST /api/ops/merchants/:id/notifications/test"), async (c) => {
    const input = await readJson(c, TestNoticeRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const id = MerchantId.safeParse(c.req.param("id"));
    if (!id.success) return refusalResponse(c, NO_MERCHANT);
    return resultResponse(c, await noticesOf(c.env).sendTest(id.data, c.var.person));
  });

/** The path's merchant, when the ledger knows it: an address for a mistyped id would never be used. */
async function merchantIdOf(c: AppContext): Promise<HttpResult<string>> {
  const id = MerchantId.safeParse(c.req.param("id"));
  if (!id.success) return { ok: false, refusal: NO_MERCHANT };
  const known = await readLedger(c, (db) => merchantExists(db, id.data));
  if (!known.ok) return known;
  return known.value ? { ok: true, value: id.data } : { ok: false, refusal: NO_MERCHANT };
}
