/** Ed25519 (RFC 8032) over WebCrypto: raw public keys, PKCS #8 private keys. */
import { unshared } from "./encoding.ts";

const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;

/** False also for a key or signature of the wrong length, and for bytes that are no point on the curve. */
export async function verifyEd25519(
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const key = await crypto.subtle.importKey("raw", unshared(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, unshared(signature), unshared(message));
  } catch {
    return false;
  }
}

/** `extractable` only where the public half must be derived from it. Throws when the bytes are no Ed25519 key. */
export async function importEd25519Private(pkcs8: Uint8Array, extractable = false): Promise<CryptoKey> {
  return crypto.subtle.importKey("pkcs8", unshared(pkcs8), "Ed25519", extractable, ["sign"]);
}

export async function signEd25519(key: CryptoKey, message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key, unshared(message)));
}
