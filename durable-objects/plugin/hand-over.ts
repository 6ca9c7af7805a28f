/**
 * Leave for one command to go out with one reply. The authority's lease is counted from the moment we asked, so that no
 * clock but our own matters; whoever is late, or cannot be reached, gets nothing: the plugin asks again at its next beat.
 * The product's object is asked within the lease and counts on its length: what stops a release waits so long for us.
 */
import type { Grant } from "../../src/contract/rpc/policy.ts";
import { CALM } from "../../src/core/plugin/action-place.ts";
import type { GateFacts } from "../../src/core/plugin/event.ts";
import { skipsGate } from "../../src/core/plugin/on-hand-over.ts";
import type { CommandState, PluginState } from "../../src/core/plugin/state.ts";
import { LEASE_MS } from "../../src/core/policy/leases.ts";
import type { Env } from "../../src/env.ts";
import { fleetOf, policyOf, releasesOf } from "../stubs.ts";
import { admissionRequest, placeFor } from "./gate-requests.ts";

/** Part of the lease kept unused, for the way out of this object and through the Worker. */
const LEASE_MARGIN_MS = 250;
/** A reply does not wait longer than this for leave; the command goes with the next one. */
const FACTS_TIMEOUT_MS = 1_500;

export interface Leave {
  facts: GateFacts;
  leaseId: string | null;
  /** Milliseconds since the epoch on this object's clock. */
  validUntil: number;
}

/** Null when leave cannot be had now. A refusal by policy is a fact: the reducer must see it. */
export async function askLeave(state: PluginState, command: CommandState, env: Env): Promise<Leave | null> {
  const askedAt = Date.now();
  const policy = policyOf(env);
  const grant = await inTime(policy.grant({ plugin_id: state.id, command_id: command.row.id }));
  if (grant === null) return null;
  const others = await inTime(gatherOthers(state, command, grant, env));
  if (others === null) {
    if (grant.granted) await policy.release(grant.lease_id).catch(() => undefined);
    return null;
  }
  return {
    facts: { policy: grant.policy.document, policyRevision: grant.policy.revision, ...others },
    leaseId: grant.granted ? grant.lease_id : null,
    validUntil: grant.granted ? askedAt + Math.min(grant.lease_ms, LEASE_MS) - LEASE_MARGIN_MS : askedAt,
  };
}

async function gatherOthers(state: PluginState, command: CommandState, grant: Grant, env: Env) {
  const { attempt } = state;
  // Of no matter for the way back.
  if (attempt === null || skipsGate(state, command)) return { admission: null, guard: CALM };
  const policy = grant.policy.document;
  const request = admissionRequest(state, attempt, policy);
  const admission = request === null ? null : await releasesOf(env, state.product).admit(request);
  const place = grant.granted ? placeFor(state, attempt, policy, admission) : undefined;
  return { admission, guard: await fleetOf(env).guard(place) };
}

async function inTime<T>(promise: Promise<T>): Promise<T | null> {
  let timer: number | null = null;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), FACTS_TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    console.warn(JSON.stringify({ event: "leave_unavailable", why: String(error) }));
    return null;
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
