/** One release's or remedy's rollout: its plan, its holds, its taking-back; and the floor of its product. */
import { Hono } from "hono";
import { policyOf, releasesOf } from "../../../durable-objects/stubs.ts";
import { type FloorReply, FloorRequest } from "../../contract/floor.ts";
import { ProductName } from "../../contract/ids.ts";
import type { Person } from "../../contract/ops.ts";
import { ok, refuse } from "../../contract/refusal.ts";
import { RevertRequest } from "../../contract/revert.ts";
import {
  type EnvironmentHold,
  type HoldReply,
  HoldRequest,
  type RolloutState,
} from "../../contract/rollout.ts";
import { CancelPlanRequest, PlanRequest, SubjectKey } from "../../contract/rollout-plan.ts";
import type { ReleaseRpc } from "../../contract/rpc/release.ts";
import { shopsInEnvironment } from "../../postgres/queries.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { type HttpResult, refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson } from "../read-request.ts";
import { allow } from "./ops-guard.ts";
import { planReply, type RolledOut } from "./plan-reply.ts";

/** A plan of twenty waves of a thousand merchants each. */
const MAX_PLAN_BYTES = 2 * 1024 * 1024;
const PATH = "/:product/:version";

export const rolloutRoutes = new Hono<AppEnv>()
  .get(`${PATH}/rollout`, allow("GET /api/ops/releases/:product/:version/rollout"), async (c) => {
    const subject = subjectOf(c);
    if (!subject.ok) return refusalResponse(c, subject.refusal);
    const { releases, key } = subject.value;
    return resultResponse(c, await releases.rollout(key, await canaryOf(c)));
  })
  .put(`${PATH}/rollout`, allow("PUT /api/ops/releases/:product/:version/rollout"), async (c) => {
    const subject = subjectOf(c);
    if (!subject.ok) return refusalResponse(c, subject.refusal);
    const input = await readJson(c, PlanRequest, MAX_PLAN_BYTES);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await planReply(c, subject.value, input.value, await canaryOf(c)));
  })
  .delete(`${PATH}/rollout`, allow("DELETE /api/ops/releases/:product/:version/rollout"), async (c) => {
    const subject = subjectOf(c);
    if (!subject.ok) return refusalResponse(c, subject.refusal);
    const input = await readJson(c, CancelPlanRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const { releases, key } = subject.value;
    const cancelled = await releases.plan(key, null, input.value.reason, c.var.person);
    if (!cancelled.ok) return refusalResponse(c, cancelled.refusal);
    return resultResponse(c, await stateOf(c, subject.value));
  })
  .post(`${PATH}/holds`, allow("POST /api/ops/releases/:product/:version/holds"), async (c) => {
    const subject = subjectOf(c);
    if (!subject.ok) return refusalResponse(c, subject.refusal);
    const input = await readJson(c, HoldRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const { releases, key } = subject.value;
    const hold = await releases.hold(key, input.value, c.var.person);
    if (!hold.ok) return refusalResponse(c, hold.refusal);
    return resultResponse(c, await holdReply(c, subject.value, hold.value));
  })
  .post(`${PATH}/revert`, allow("POST /api/ops/releases/:product/:version/revert"), async (c) => {
    const subject = subjectOf(c);
    if (!subject.ok) return refusalResponse(c, subject.refusal);
    const input = await readJson(c, RevertRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const { releases, key } = subject.value;
    const request = { ...input.value, canary: await canaryOf(c) };
    return resultResponse(c, await releases.revert(key, request, c.var.person));
  })
  .get("/:product/floor", allow("GET /api/ops/releases/:product/floor"), async (c) => {
    const product = ProductName.safeParse(c.req.param("product"));
    if (!product.success) return refusalResponse(c, NO_PRODUCT);
    return c.json({ ...(await releasesOf(c.env, product.data).floor()), product: product.data });
  })
  .put("/:product/floor", allow("PUT /api/ops/releases/:product/floor"), async (c) => {
    const product = ProductName.safeParse(c.req.param("product"));
    if (!product.success) return refusalResponse(c, NO_PRODUCT);
    const input = await readJson(c, FloorRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const releases = releasesOf(c.env, product.data);
    return resultResponse(c, await floorReply(releases, product.data, input.value, c.var.person));
  });

const NO_PRODUCT = { reason: "not_found", message: "no such product" } as const;

function subjectOf(c: AppContext): HttpResult<RolledOut> {
  const product = ProductName.safeParse(c.req.param("product"));
  const key = SubjectKey.safeParse(c.req.param("version"));
  if (!product.success || !key.success) return refuse({ reason: "not_found", message: "no such release" });
  return {
    ok: true,
    value: { product: product.data, key: key.data, releases: releasesOf(c.env, product.data) },
  };
}

async function stateOf(c: AppContext, { releases, key }: RolledOut): Promise<HttpResult<RolloutState>> {
  const state = (await releases.rollouts(await canaryOf(c), key))[key];
  return state
    ? { ok: true, value: state }
    : refuse({ reason: "not_found", message: `no rollout of ${key}` });
}

async function floorReply(
  releases: ReleaseRpc,
  product: string,
  { dry_run = false, ...request }: FloorRequest,
  by: Person,
): Promise<HttpResult<FloorReply>> {
  const floor = dry_run ? ok(await releases.floor()) : await releases.setFloor({ ...request, product }, by);
  if (!floor.ok) return floor;
  const reach = await releases.tryFloor(request.version);
  return ok({ ...floor.value, product, dry_run, ...reach });
}

/** Says whom a hold concerns: a class that no shop is in is likely a slip of the pen. */
async function holdReply(
  c: AppContext,
  subject: RolledOut,
  hold: EnvironmentHold,
): Promise<HttpResult<HoldReply>> {
  const state = await stateOf(c, subject);
  if (!state.ok) return state;
  const { environment } = hold;
  const shops = await readLedger(c, (db) => shopsInEnvironment(db, subject.product, environment));
  return { ok: true, value: { ...state.value, hold, shops: shops.ok ? shops.value : null } };
}

async function canaryOf(c: AppContext) {
  return (await policyOf(c.env).read()).document.canary;
}
