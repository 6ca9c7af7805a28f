/**
 * Standard Webhooks 1.0.0 signatures, both ways: `v1,` HMAC-SHA256 with a `whsec_` secret, `v1a,` Ed25519.
 * The signed bytes are `id.timestamp.body`; the header is a space-separated list, so that keys can be rotated.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { importEd25519Private, signEd25519, verifyEd25519 } from "./ed25519.ts";
import { concat, fromBase64, toBase64, unshared, utf8 } from "./encoding.ts";

export type VerifyingKey = { kind: "hmac"; secret: Uint8Array } | { kind: "ed25519"; publicKey: Uint8Array };
/** `pkcs8` is the private key's PKCS #8 encoding. */
export type SigningKey = { kind: "hmac"; secret: Uint8Array } | { kind: "ed25519"; pkcs8: Uint8Array };

export interface WebhookMessage {
  id: string;
  /** Unix seconds, as the header carries them. */
  timestamp: string;
  body: Uint8Array;
}

/** A longer list would let one request buy many verifications. */
const MAX_SIGNATURES = 8;
const PREFIX = { hmac: "v1,", ed25519: "v1a," } as const;
/** The specification asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

function signedBytes(message: WebhookMessage): Uint8Array {
  return concat(utf8(`${message.id}.${message.timestamp}.`), message.body);
}

async function hmacKey(secret: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", unshared(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
}

/**
 * Does one signature of the list fit the key? Only entries of the key's own kind are looked at: a public key must never
 * be taken for an HMAC secret. An id or timestamp with a dot is refused, since the dot separates the signed parts.
 */
export async function verifyWebhook(
  message: WebhookMessage & { signature: string },
  key: VerifyingKey,
): Promise<boolean> {
  if (message.id === "" || message.id.includes(".") || message.timestamp.includes(".")) return false;
  const entries = message.signature.split(" ").filter((entry) => entry !== "");
  if (entries.length > MAX_SIGNATURES) return false;

  const prefix = PREFIX[key.kind];
  const content = signedBytes(message);
  const imported = key.kind === "hmac" ? await hmacKey(key.secret) : null;
  for (const entry of entries) {
    if (!entry.startsWith(prefix)) continue;
    const signature = fromBase64(entry.slice(prefix.length));
    if (signature === null) continue;
    const fits =
      key.kind === "ed25519"
        ? await verifyEd25519(key.publicKey, signature, content)
        : imported !== null && (await crypto.subtle.verify("HMAC", imported, signature, unshared(content)));
    if (fits) return true;
  }
  return false;
}

/** One entry for the `webhook-signature` header. */
export async function signWebhook(message: WebhookMessage, key: SigningKey): Promise<string> {
  const content = signedBytes(message);
  if (key.kind === "ed25519") {
    const signature = await signEd25519(await importEd25519Private(key.pkcs8), content);
    return PREFIX.ed25519 + toBase64(signature);
  }
  const signature = await crypto.subtle.sign("HMAC", await hmacKey(key.secret), unshared(content));
  return PREFIX.hmac + toBase64(new Uint8Array(signature));
}

/** A new shared secret: its bytes, and its text for the plugin. */
export function newSecret(): { text: string; bytes: Uint8Array } {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return { text: `whsec_${toBase64(bytes)}`, bytes };
}

/** The bytes of a `whsec_` secret; null when the text is none. */
export function parseSecret(text: string): Uint8Array | null {
  const bytes = text.startsWith("whsec_") ? fromBase64(text.slice("whsec_".length)) : null;
  return bytes !== null && bytes.length >= 16 ? bytes : null;
}

/** Is the header's timestamp (unix seconds) within the tolerance, in the past or the future? `nowMs` since epoch. */
export function isFresh(timestampText: string, nowMs: number, toleranceS: number): boolean {
  if (!/^[0-9]{1,12}$/.test(timestampText)) return false;
  return Math.abs(nowMs / 1000 - Number(timestampText)) <= toleranceS;
}
