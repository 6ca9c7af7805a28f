/** SHA-256 as the contract writes it. */
import { toHex, unshared, utf8 } from "./encoding.ts";

/** Lower-case hexadecimal SHA-256 of bytes, or of a text's UTF-8 bytes. */
export async function sha256Hex(content: Uint8Array | string): Promise<string> {
  return toHex(await sha256(content));
}

export async function sha256(content: Uint8Array | string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = typeof content === "string" ? utf8(content) : unshared(content);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
