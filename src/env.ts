/** Bindings, variables and secrets of the Worker (wrangler.toml), and the one typed look-up of object stubs. */
import type { FeedRpc } from "./contract/rpc/feed.ts";
import type { FleetRpc } from "./contract/rpc/fleet.ts";
import type { NoticeRpc } from "./contract/rpc/notice.ts";
import type { PluginRpc } from "./contract/rpc/plugin.ts";
import type { PolicyRpc } from "./contract/rpc/policy.ts";
import type { ReleaseRpc } from "./contract/rpc/release.ts";
import type { SiraRpc } from "./contract/rpc/sira.ts";

type Branded<T> = T & Rpc.DurableObjectBranded;

export interface Env {
  PLUGIN: DurableObjectNamespace<Branded<PluginRpc>>;
  POLICY: DurableObjectNamespace<Branded<PolicyRpc>>;
  RELEASE: DurableObjectNamespace<Branded<ReleaseRpc>>;
  FLEET: DurableObjectNamespace<Branded<FleetRpc>>;
  SIRA: DurableObjectNamespace<Branded<SiraRpc>>;
  FEED: DurableObjectNamespace<Branded<FeedRpc>>;
  NOTICES: DurableObjectNamespace<Branded<NoticeRpc>>;
  /** Cache of the policy; PolicyObject is the authority. */
  POLICY_CACHE: KVNamespace;
  /** Release files by sha256. */
  RELEASES: R2Bucket;
  /** The built dashboard. */
  ASSETS: Fetcher;
  /** Flood limit in front of the plugin routes, keyed by plugin id. */
  FLOOD: RateLimit;

  DATABASE_URL: string;
  /** Local stack only: where the Neon protocol is spoken; empty for Neon itself. */
  NEON_PROXY_URL?: string;
  /** SPKI PEM of the ops identity provider's EdDSA or RS256 key. */
  MOLAM_ID_JWT_PUBLIC: string;
  MOLAM_ID_ISSUER: string;
  MOLAM_ID_AUDIENCE: string;
  /** JSON object: subject -> roles. The token alone grants nothing. */
  OPS_ROLES: string;
  SIRA_API_URL?: string;
  /** Shown to the service at SIRA_API_URL with every request. */
  SIRA_API_TOKEN: string;
  /** What callers of our own /api/sira must show; unset: there are no such routes. */
  SIRA_INBOUND_TOKEN?: string;
  STAGING_RUNNER_URL: string;
  STAGING_RUNNER_TOKEN: string;
  /** This Worker's own origin as the staging runner and notifications reach it. */
  PUBLIC_URL: string;
  LOG_LEVEL?: string;
  /** "true" in development and tests only: shops on private addresses and other ports may be probed. */
  SITE_PROBE_ALLOW_PRIVATE?: string;
  /** base64, 32 bytes: MAC of plugin ids and claim codes. */
  PLUGIN_ID_KEY: string;
  /** base64, 32 bytes: key-encryption key of plugin secrets. */
  VAULT_KEY: string;
  /** base64 PKCS #8 Ed25519 private key that signs commands and commits. */
  CONTROL_SIGNING_KEY: string;
  /** JSON: PublisherKeys of the contract. */
  PUBLISHER_KEYS: string;
  /** Where notifications go, Standard Webhooks signed; empty to keep them in Postgres only. */
  NOTIFY_URL?: string;
  NOTIFY_SECRET?: string;
  /** `vigie` (the default) or `slack`: the body that the address takes. */
  NOTIFY_FORMAT?: string;
}
