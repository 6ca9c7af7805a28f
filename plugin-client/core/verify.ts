/** Ed25519 over the UTF-8 bytes of a text, as control plane and publishers sign (RFC 8032). */
import { fromBase64, utf8 } from "./bytes.ts";
import type { Platform } from "./platform.ts";

/** True when `signature` (base64) over `text` is by `publicKey` (raw 32 bytes in base64). Malformed input is simply false. */
export async function isSignedBy(
  platform: Platform,
  publicKey: string,
  text: string,
  signature: string,
): Promise<boolean> {
  const key = fromBase64(publicKey);
  const bytes = fromBase64(signature);
  if (key?.length !== 32 || bytes?.length !== 64) return false;
  try {
    const { subtle } = platform.crypto;
    const imported = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await subtle.verify("Ed25519", imported, bytes, utf8(text));
  } catch {
    return false;
  }
}
