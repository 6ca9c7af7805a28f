/** Signs requests as Standard Webhooks 1.0.0: the bytes `id.timestamp.body`, by HMAC-SHA256 (`v1`) or Ed25519 (`v1a`). */
import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import type { Platform } from "./platform.ts";

/** Value of the `webhook-signature` header for one message. */
export type Signer = (messageId: string, timestampS: number, body: string) => Promise<string>;

/** PKCS #8 wrapping of a raw Ed25519 seed (RFC 8410, section 7): the same 16 bytes for every key. */
const PKCS8_PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/**
 * A signer for a `whsec_` secret (HMAC) or a `whsk_` key (base64 of a 32-byte Ed25519 seed, or of seed and public key).
 * The key is imported once. Throws on a credential that is neither; the message never quotes it.
 */
export async function createSigner(platform: Platform, credential: string): Promise<Signer> {
  const { subtle } = platform.crypto;
  const bytes = fromBase64(credential.replace(/^wh(sec|sk)_/, ""));
  if (bytes === null || bytes.length === 0) throw new Error("credential is not base64");
  const asymmetric = credential.startsWith("whsk_");
  if (!asymmetric && !credential.startsWith("whsec_")) throw new Error("credential has no known prefix");
  if (asymmetric && bytes.length !== 32 && bytes.length !== 64)
    throw new Error("signing key has a wrong length");
  const key = asymmetric
    ? await subtle.importKey("pkcs8", pkcs8(bytes.subarray(0, 32)), "Ed25519", false, ["sign"])
    : await subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return async (messageId, timestampS, body) => {
    const signed = utf8(`${messageId}.${timestampS}.${body}`);
    const signature = await subtle.sign(asymmetric ? "Ed25519" : "HMAC", key, signed);
    return `${asymmetric ? "v1a" : "v1"},${toBase64(new Uint8Array(signature))}`;
  };
}

/** A new Ed25519 identity: the control plane then stores no secret. `public_key` is raw, in base64. */
export async function generateSigningKey(
  platform: Platform,
): Promise<{ credential: string; public_key: string }> {
  const { subtle } = platform.crypto;
  const pair = (await subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair; // Ed25519 always makes a pair
  const seed = new Uint8Array(await subtle.exportKey("pkcs8", pair.privateKey)).slice(16, 48);
  const raw = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  return { credential: `whsk_${toBase64(seed)}`, public_key: toBase64(raw) };
}

function pkcs8(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  const der = new Uint8Array(PKCS8_PREFIX.length + seed.length);
  der.set(PKCS8_PREFIX);
  der.set(seed, PKCS8_PREFIX.length);
  return der;
}
