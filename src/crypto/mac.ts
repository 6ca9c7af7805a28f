/** HMAC-SHA256 with a domain in front of the message, so that one key serves several purposes without one's MAC passing as another's. */
import { concat, unshared, utf8 } from "./encoding.ts";

export type MacDomain = "vigie.plugin-id.v1" | "vigie.claim.v1";

/** Importing a key costs as much as the MAC itself; the holder of the bytes keeps the same array for the isolate's life. */
const imported = new WeakMap<Uint8Array, CryptoKey>();

async function macKey(keyBytes: Uint8Array): Promise<CryptoKey> {
  const known = imported.get(keyBytes);
  if (known) return known;
  if (keyBytes.length < 32) throw new RangeError("a MAC key has at least 32 bytes");
  const key = await crypto.subtle.importKey(
    "raw",
    unshared(keyBytes),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign", "verify"],
  );
  imported.set(keyBytes, key);
  return key;
}

const framed = (domain: MacDomain, message: Uint8Array) => concat(utf8(`${domain}\n`), message);

/** 32 bytes. */
export async function mac(keyBytes: Uint8Array, domain: MacDomain, message: Uint8Array): Promise<Uint8Array> {
  const key = await macKey(keyBytes);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, framed(domain, message)));
}

/** Constant time. `tag` is the whole 32 bytes. */
export async function macMatches(
  keyBytes: Uint8Array,
  domain: MacDomain,
  message: Uint8Array,
  tag: Uint8Array,
): Promise<boolean> {
  const key = await macKey(keyBytes);
  return crypto.subtle.verify("HMAC", key, unshared(tag), framed(domain, message));
}
