/**
 * The one typed look-up of object stubs. The platform's stub types wrap every member in conditional types that lose
 * unions and `unknown`; callers see the contract's interfaces instead, which the classes implement. A stub is made per
 * call: after an exception the old one is broken.
 */
import type { FeedRpc } from "../src/contract/rpc/feed.ts";
import type { FleetRpc } from "../src/contract/rpc/fleet.ts";
import type { NoticeRpc } from "../src/contract/rpc/notice.ts";
import type { PluginRpc } from "../src/contract/rpc/plugin.ts";
import type { PolicyRpc } from "../src/contract/rpc/policy.ts";
import type { ReleaseRpc } from "../src/contract/rpc/release.ts";
import type { SiraRpc } from "../src/contract/rpc/sira.ts";
import type { Env } from "../src/env.ts";

/** The feed also takes the upgrade of a WebSocket. */
export interface FeedStub extends FeedRpc {
  fetch(request: Request): Promise<Response>;
}

export function policyOf(env: Pick<Env, "POLICY">): PolicyRpc {
  return byName<PolicyRpc>(env.POLICY, "policy");
}
export function fleetOf(env: Pick<Env, "FLEET">): FleetRpc {
  return byName<FleetRpc>(env.FLEET, "fleet");
}
export function feedOf(env: Pick<Env, "FEED">): FeedStub {
  return byName<FeedStub>(env.FEED, "feed");
}
/** One desk for all notices: limits and digests are over everything that a reader is told. */
export function noticesOf(env: Pick<Env, "NOTICES">): NoticeRpc {
  return byName<NoticeRpc>(env.NOTICES, "notices");
}
/** One object per plugin, named by its id. */
export function pluginOf(env: Pick<Env, "PLUGIN">, pluginId: string): PluginRpc {
  return byName<PluginRpc>(env.PLUGIN, pluginId);
}
/** One object per product: its catalogue and the slots of each release. */
export function releasesOf(env: Pick<Env, "RELEASE">, product: string): ReleaseRpc {
  return byName<ReleaseRpc>(env.RELEASE, product);
}
/** One object per product: what was learned about it. */
export function siraOf(env: Pick<Env, "SIRA">, product: string): SiraRpc {
  return byName<SiraRpc>(env.SIRA, product);
}

interface NamedNamespace {
  getByName(name: string): unknown;
}

function byName<T>(namespace: NamedNamespace, name: string): T {
  // The binding's class implements T (checked where the class is declared); see the head of this file for why the
  // platform's own type is not used.
  return namespace.getByName(name) as T;
}
