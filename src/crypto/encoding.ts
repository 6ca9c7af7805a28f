/** Bytes to text and back. Decoders are strict and answer null instead of throwing: what they read comes from outside. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Spreading a large array over the arguments of `fromCharCode` overflows the stack; this much never does. A multiple of 4. */
const CHUNK = 0x8000;

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return unshared(encoder.encode(text));
}

/** Null when the bytes are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  }
  return btoa(binary);
}

/**
 * Standard alphabet, padded, no white space (RFC 4648 section 4). Null when it is anything else. Decodes piece by piece:
 * a release file is megabytes, and `atob` would hold all of it a second time.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let at = 0;
  for (let i = 0; i < text.length; i += CHUNK) {
    const binary = decodeChunk(text.slice(i, i + CHUNK));
    if (binary === null) return null;
    for (let j = 0; j < binary.length; j++) bytes[at++] = binary.charCodeAt(j);
  }
  return bytes;
}

/** Null for padding without anything before it. */
function decodeChunk(text: string): string | null {
  try {
    return atob(text);
  } catch {
    return null;
  }
}

/** URL-safe alphabet without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Null when the text is not unpadded base64url. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, "="));
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/** Null when the text is not an even number of hexadecimal digits. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The same bytes as WebCrypto's types want them: over an ArrayBuffer, not over shared memory. Copies only when it must. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // The check above the cast is what makes it true; TypeScript does not narrow a type argument by a property.
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
