/**
 * The Worker's secrets and variables, parsed once per isolate. A malformed setting throws: that is a fault of the
 * deployment, and answers 500.
 */
import { importSPKI } from "jose";
import { z } from "zod";
import { Role } from "./contract/ops.ts";
import { PublisherKeys } from "./contract/release.ts";
import { type ControlKey, loadControlKey } from "./crypto/control-key.ts";
import { fromBase64 } from "./crypto/encoding.ts";
import { type KeyVault, workerSecretVault } from "./crypto/vault.ts";
import type { Env } from "./env.ts";

/** Remembers the last value only: an isolate sees one environment, tests see a few. */
function remembered<T>(parse: (raw: string) => T): (raw: string) => T {
  let last: { raw: string; value: T } | null = null;
  return (raw) => {
    if (last?.raw !== raw) last = { raw, value: parse(raw) };
    return last.value;
  };
}

/** As `remembered`, for values that take a promise. The value is kept, not the promise: a promise belongs to one request. */
function rememberedLater<T>(parse: (raw: string) => Promise<T>): (raw: string) => Promise<T> {
  let last: { raw: string; value: T } | null = null;
  return async (raw) => {
    if (last?.raw === raw) return last.value;
    const value = await parse(raw);
    last = { raw, value };
    return value;
  };
}

const keyBytes = (name: string) =>
  remembered((raw: string): Uint8Array => {
    const bytes = fromBase64(raw.trim());
    if (bytes?.length !== 32) throw new Error(`${name} is not 32 bytes of base64`);
    return bytes;
  });

const pluginIdKeyOf = keyBytes("PLUGIN_ID_KEY");
/** MAC key of plugin ids and claim codes. */
export const pluginIdKey = (env: Pick<Env, "PLUGIN_ID_KEY">): Uint8Array => pluginIdKeyOf(env.PLUGIN_ID_KEY);

const vaultKeyOf = keyBytes("VAULT_KEY");
const vaultOf = remembered((raw: string) => workerSecretVault(vaultKeyOf(raw)));
export const vault = (env: Pick<Env, "VAULT_KEY">): KeyVault => vaultOf(env.VAULT_KEY);

const controlKeyOf = rememberedLater(loadControlKey);
export const controlKey = (env: Pick<Env, "CONTROL_SIGNING_KEY">): Promise<ControlKey> =>
  controlKeyOf(env.CONTROL_SIGNING_KEY);

const publisherKeysOf = remembered((raw: string) => PublisherKeys.parse(JSON.parse(raw)));
export const publisherKeys = (env: Pick<Env, "PUBLISHER_KEYS">): PublisherKeys =>
  publisherKeysOf(env.PUBLISHER_KEYS);

const OpsRoles = z.record(z.string(), z.array(Role));
const opsRolesOf = remembered((raw: string) => new Map(Object.entries(OpsRoles.parse(JSON.parse(raw)))));
/** Roles by subject. */
export const opsRoles = (env: Pick<Env, "OPS_ROLES">): ReadonlyMap<string, readonly Role[]> =>
  opsRolesOf(env.OPS_ROLES);

export interface IdentityKey {
  algorithm: "EdDSA" | "RS256";
  key: CryptoKey;
}
const identityKeyOf = rememberedLater(async (raw: string): Promise<IdentityKey> => {
  // A line-based secret store keeps a PEM with escaped line ends.
  const pem = raw.replaceAll("\\n", "\n").trim();
  // The key's type decides the algorithm, never the token's header (RFC 8725, section 3.1).
  for (const algorithm of ["EdDSA", "RS256"] as const) {
    const key = await importSPKI(pem, algorithm).catch(() => null);
    if (key) return { algorithm, key };
  }
  throw new Error("MOLAM_ID_JWT_PUBLIC is neither an Ed25519 nor an RSA public key in SPKI PEM");
});
export const identityKey = (env: Pick<Env, "MOLAM_ID_JWT_PUBLIC">): Promise<IdentityKey> =>
  identityKeyOf(env.MOLAM_ID_JWT_PUBLIC);
