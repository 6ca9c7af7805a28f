/** Planning a rollout: whom each wave may reach, and, unless it is only asked, the plan put in force. */

import type { PolicyDocument } from "../../contract/policy.ts";
import { refuse } from "../../contract/refusal.ts";
import type { PlanReply } from "../../contract/rollout.ts";
import type { PlanRequest } from "../../contract/rollout-plan.ts";
import type { ReleaseRpc } from "../../contract/rpc/release.ts";
import { shopsOfProduct } from "../../postgres/queries.ts";
import type { AppContext } from "../app-env.ts";
import type { HttpResult } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";

export interface RolledOut {
  product: string;
  /** Version or remedy id. */
  key: string;
  releases: ReleaseRpc;
}

/** As many as one answer of the ledger, and one call to an object, may carry. */
const MAX_SHOPS = 50_000;

/** Counts come from the ledger: while it is away the plan is taken all the same, and `shops` is null. */
export async function planReply(
  c: AppContext,
  { product, key, releases }: RolledOut,
  { plan, reason, dry_run }: PlanRequest,
  canary: PolicyDocument["canary"],
): Promise<HttpResult<PlanReply>> {
  const listed = await readLedger(c, (db) => shopsOfProduct(db, product, MAX_SHOPS + 1));
  const shops = listed.ok ? listed.value.slice(0, MAX_SHOPS) : [];
  const reach = await releases.reach(key, plan, shops, canary);
  if (!reach.ok) return reach;
  if (!dry_run) {
    const planned = await releases.plan(key, plan, reason, c.var.person);
    if (!planned.ok) return planned;
  }
  const rollout = (await releases.rollouts(canary, key))[key];
  if (rollout === undefined)
    return refuse({ reason: "not_found", message: `${product} has published nothing as ${key}` });
  return {
    ok: true,
    value: {
      planned: !dry_run,
      shops: listed.ok ? shops.length : null,
      ...reach.value,
      truncated: listed.ok && listed.value.length > MAX_SHOPS,
      rollout,
    },
  };
}
