/**
 * Secrets at rest by envelope encryption: each value has its own AES-256-GCM key, wrapped by a key-encryption key (KEK)
 * with AES-KW (RFC 3394). `KeyVault` is the port: a Workers secret today, an HSM or KMS by another adapter.
 *
 * Text: `v1.<KEK id>.<wrapped key>.<IV>.<ciphertext>`, the last three base64url. The owner, the KEK id and the purpose
 * are associated data: a sealed value moved to another plugin, merchant or purpose does not open.
 */
import { sha256 } from "./digest.ts";
import { concat, fromBase64Url, toBase64Url, toHex, unshared, utf8 } from "./encoding.ts";

/** Whose value it is, and what it is for. */
export type VaultContext = ({ plugin_id: string } | { merchant_id: string }) & { purpose: string };

export interface KeyVault {
  seal(plain: Uint8Array, context: VaultContext): Promise<string>;
  /** Throws a VaultError when the text was altered, belongs to another context, or its KEK is unknown. */
  open(sealed: string, context: VaultContext): Promise<Uint8Array>;
}

/** The purpose under which enrolment seals a plugin's secret and its object opens it. */
export const WEBHOOK_SECRET_PURPOSE = "webhook-secret";

export class VaultError extends Error {
  override name = "VaultError";
}

const IV_BYTES = 12;
const KEK_BYTES = 32;

interface Kek {
  id: string;
  key: CryptoKey;
}

/** The id is a fingerprint, so that a sealed value names its KEK without configuration. */
async function loadKek(keyBytes: Uint8Array): Promise<Kek> {
  if (keyBytes.length !== KEK_BYTES) throw new RangeError("a key-encryption key has 32 bytes");
  const fingerprint = await sha256(concat(utf8("vigie.kek.v1\n"), keyBytes));
  const key = await crypto.subtle.importKey("raw", unshared(keyBytes), "AES-KW", false, [
    "wrapKey",
    "unwrapKey",
  ]);
  return { id: toHex(fingerprint.subarray(0, 6)), key };
}

function associatedData(context: VaultContext, kekId: string): Uint8Array<ArrayBuffer> {
  // No plugin id holds a slash: a merchant's value never passes for a plugin's.
  const owner = "plugin_id" in context ? context.plugin_id : `merchant/${context.merchant_id}`;
  return utf8(JSON.stringify([owner, kekId, context.purpose]));
}

/** `keyBytes` seals and opens; `earlier` keys only open, during a rotation. */
export function workerSecretVault(keyBytes: Uint8Array, earlier: readonly Uint8Array[] = []): KeyVault {
  let keks: readonly Kek[] | null = null;
  async function known(): Promise<readonly Kek[]> {
    keks ??= await Promise.all([keyBytes, ...earlier].map(loadKek));
    return keks;
  }

  return {
    async seal(plain, context) {
      const [kek] = await known();
      if (kek === undefined) throw new VaultError("no key-encryption key");
      // A CryptoKey, not a pair: AES-GCM is symmetric, which the overloads of generateKey cannot tell.
      const dataKey = (await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, [
        "encrypt",
        "decrypt",
      ])) as CryptoKey;
      const wrapped = await crypto.subtle.wrapKey("raw", dataKey, kek.key, "AES-KW");
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const sealed = await crypto.subtle.encrypt(
        { name: "AES-GCM", iv, additionalData: associatedData(context, kek.id) },
        dataKey,
        unshared(plain),
      );
      const parts = [new Uint8Array(wrapped), iv, new Uint8Array(sealed)].map(toBase64Url);
      return `v1.${kek.id}.${parts.join(".")}`;
    },

    async open(sealed, context) {
      const [version, kekId, ...parts] = sealed.split(".");
      const [wrapped, iv, ciphertext] = parts.map(fromBase64Url);
      if (version !== "v1" || parts.length !== 3 || !wrapped || !iv || !ciphertext) {
        throw new VaultError("not a sealed value");
      }
      const kek = (await known()).find((k) => k.id === kekId);
      if (kek === undefined) throw new VaultError("sealed under an unknown key-encryption key");
      try {
        const dataKey = await crypto.subtle.unwrapKey(
          "raw",
          wrapped,
          kek.key,
          "AES-KW",
          { name: "AES-GCM", length: 256 },
          false,
          ["decrypt"],
        );
        const plain = await crypto.subtle.decrypt(
          { name: "AES-GCM", iv, additionalData: associatedData(context, kek.id) },
          dataKey,
          ciphertext,
        );
        return new Uint8Array(plain);
      } catch {
        throw new VaultError("the sealed value was altered or belongs elsewhere");
      }
    },
  };
}
