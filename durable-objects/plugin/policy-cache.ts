/**
 * The policy as this isolate last read it, for intervals and limits only: KV first, the authority when KV is empty. What may
 * leave is never decided from here.
 */
import {
  defaultPolicyDocument,
  POLICY_CACHE_KEY,
  Policy,
  type PolicyDocument,
} from "../../src/contract/policy.ts";
import type { Env } from "../../src/env.ts";
import { policyOf } from "../stubs.ts";

/** One read per isolate in this time, however many plugins beat in it. */
const FRESH_MS = 10_000;

let cached: { document: PolicyDocument; at: number } | null = null;

export async function policyForIntervals(env: Env, now: number): Promise<PolicyDocument> {
  if (cached && now - cached.at < FRESH_MS && now >= cached.at) return cached.document;
  try {
    cached = { document: await readPolicy(env), at: now };
  } catch (error) {
    // Beats go on with the last known intervals: an outage of the policy must not become one of the fleet.
    console.warn(JSON.stringify({ event: "policy_unreadable", why: String(error) }));
    cached = { document: cached?.document ?? defaultPolicyDocument(), at: now };
  }
  return cached.document;
}

async function readPolicy(env: Env): Promise<PolicyDocument> {
  const stored = await env.POLICY_CACHE.get(POLICY_CACHE_KEY, "json");
  const parsed = Policy.safeParse(stored);
  return parsed.success ? parsed.data.document : (await policyOf(env).read()).document;
}
