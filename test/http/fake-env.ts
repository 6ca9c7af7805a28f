/** An Env whose bindings are small doubles in memory. Every object call is recorded: a refused request must make none. */
import { generateKeyPairSync } from "node:crypto";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import type { Role } from "../../src/contract/ops.ts";
import type { PublisherKeys } from "../../src/contract/release.ts";
import type { FleetRpc } from "../../src/contract/rpc/fleet.ts";
import type { NoticeRpc } from "../../src/contract/rpc/notice.ts";
import type { PluginRpc } from "../../src/contract/rpc/plugin.ts";
import type { PolicyRpc } from "../../src/contract/rpc/policy.ts";
import type { ReleaseRpc } from "../../src/contract/rpc/release.ts";
import type { SiraRpc } from "../../src/contract/rpc/sira.ts";
import { type ControlKey, loadControlKey } from "../../src/crypto/control-key.ts";
import { toBase64 } from "../../src/crypto/encoding.ts";
import type { Env } from "../../src/env.ts";

export const ORIGIN = "https://vigie.test";
export const PLUGIN_ID_KEY = new Uint8Array(32).fill(7);
export const VAULT_KEY = new Uint8Array(32).fill(9);
export const SIRA_TOKEN = "sira-token";
/** What the remote service is shown. */
export const SIRA_REMOTE_TOKEN = "sira-remote-token";

export interface Doubles {
  plugin?: Partial<PluginRpc>;
  policy?: Partial<PolicyRpc>;
  release?: Partial<ReleaseRpc>;
  fleet?: Partial<FleetRpc>;
  sira?: Partial<SiraRpc>;
  notices?: Partial<NoticeRpc>;
  feed?: { fetch(request: Request): Promise<Response> };
}

export interface FakeEnv {
  env: Env;
  /** `class/name.verb` of every call to an object, in order. */
  calls: string[];
  /** Arguments of those calls. */
  args: unknown[][];
  files: Map<string, Uint8Array>;
  floodKeys: string[];
}

const identity = await generateKeyPair("EdDSA", { extractable: true });
const identityPem = await exportSPKI(identity.publicKey);
export const identityPrivateKey = identity.privateKey;

async function aControlKey(): Promise<{ pkcs8: string; key: ControlKey }> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pkcs8 = privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
  return { pkcs8, key: await loadControlKey(pkcs8) };
}
export const control = await aControlKey();
export const publisher = (await aControlKey()).key;
export const PUBLISHER_KEYS: PublisherKeys = {
  threshold: 1,
  keys: [{ key_id: "release-1", public_key: publisher.publicKey }],
};

export const PEOPLE: Record<string, Role[]> = {
  vera: ["viewer"],
  otto: ["operator"],
  anna: ["approver"],
  ada: ["admin"],
  nils: [],
};

export function aFakeEnv(doubles: Doubles = {}, overrides: Partial<Env> = {}): FakeEnv {
  const calls: string[] = [];
  const args: unknown[][] = [];
  const files = new Map<string, Uint8Array>();
  const floodKeys: string[] = [];

  const namespace = (kind: string, double: object = {}) => ({
    getByName: (name: string) =>
      new Proxy(double, {
        get: (target, verb) => {
          const method: unknown = Reflect.get(target, verb);
          return async (...given: unknown[]) => {
            calls.push(`${kind}/${name}.${String(verb)}`);
            args.push(given);
            if (typeof method !== "function") throw new Error(`unexpected ${kind}.${String(verb)}`);
            return method(...given);
          };
        },
      }),
  });

  const bindings = {
    PLUGIN: namespace("plugin", doubles.plugin),
    POLICY: namespace("policy", doubles.policy),
    RELEASE: namespace("release", doubles.release),
    FLEET: namespace("fleet", doubles.fleet),
    SIRA: namespace("sira", doubles.sira),
    FEED: namespace("feed", doubles.feed),
    NOTICES: namespace("notices", doubles.notices),
    POLICY_CACHE: { get: async () => null },
    RELEASES: aBucket(files),
    ASSETS: {
      fetch: async () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
    },
    FLOOD: {
      limit: async ({ key }: { key: string }) => {
        floodKeys.push(key);
        return { success: true };
      },
    },
    // A closed port: Postgres is down unless a test brings one.
    DATABASE_URL: "postgres://vigie:x@db.test:5432/vigie",
    NEON_PROXY_URL: "http://127.0.0.1:1",
    MOLAM_ID_JWT_PUBLIC: identityPem,
    MOLAM_ID_ISSUER: "https://id.molam.example",
    MOLAM_ID_AUDIENCE: "vigie-ops",
    OPS_ROLES: JSON.stringify(PEOPLE),
    SIRA_API_TOKEN: SIRA_REMOTE_TOKEN,
    SIRA_INBOUND_TOKEN: SIRA_TOKEN,
    STAGING_RUNNER_URL: "http://127.0.0.1:1",
    STAGING_RUNNER_TOKEN: "staging-token",
    PUBLIC_URL: ORIGIN,
    LOG_LEVEL: "silent",
    PLUGIN_ID_KEY: toBase64(PLUGIN_ID_KEY),
    VAULT_KEY: toBase64(VAULT_KEY),
    CONTROL_SIGNING_KEY: control.pkcs8,
    PUBLISHER_KEYS: JSON.stringify(PUBLISHER_KEYS),
    ...overrides,
  };
  // Doubles carry only what the routes use of each binding.
  return { env: bindings as unknown as Env, calls, args, files, floodKeys };
}

function aBucket(files: Map<string, Uint8Array>) {
  return {
    head: async (key: string) => {
      const file = files.get(key);
      return file ? { size: file.length } : null;
    },
    get: async (key: string, { range }: { range: { offset: number; length: number } }) => {
      const file = files.get(key);
      if (!file) return null;
      return { body: new Blob([file.slice(range.offset, range.offset + range.length)]).stream() };
    },
    put: async (key: string, bytes: Uint8Array) => {
      files.set(key, bytes);
    },
  };
}

export interface TokenOptions {
  subject?: string | undefined;
  issuer?: string;
  audience?: string;
  /** Seconds from now; null for a token without expiry. */
  expiresInS?: number | null;
  key?: CryptoKey | Uint8Array;
  alg?: string;
}

export async function aToken(options: TokenOptions = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const token = new SignJWT({ name: "Ada Lovelace" })
    .setProtectedHeader({ alg: options.alg ?? "EdDSA" })
    .setIssuer(options.issuer ?? "https://id.molam.example")
    .setAudience(options.audience ?? "vigie-ops");
  if (!("subject" in options)) token.setSubject("ada");
  else if (options.subject !== undefined) token.setSubject(options.subject);
  if (options.expiresInS !== null) token.setExpirationTime(now + (options.expiresInS ?? 600));
  return token.sign(options.key ?? identity.privateKey);
}

/** Headers of a person's JSON request. */
export async function asPerson(subject: string): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await aToken({ subject })}`, "content-type": "application/json" };
}
