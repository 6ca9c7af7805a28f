/** The control plane's own signing key: commands and commits. */
import { importEd25519Private, signEd25519 } from "./ed25519.ts";
import { fromBase64, fromBase64Url, toBase64, utf8 } from "./encoding.ts";

export interface ControlKey {
  /** Raw 32 bytes, base64: what plugins pin at enrolment. */
  publicKey: string;
  /** Ed25519 over the text's UTF-8 bytes, base64. */
  sign(text: string): Promise<string>;
}

/** Throws when the text is no base64 PKCS #8 Ed25519 key. The public half is derived: two settings could disagree. */
export async function loadControlKey(pkcs8Base64: string): Promise<ControlKey> {
  const pkcs8 = fromBase64(pkcs8Base64.trim());
  if (pkcs8 === null) throw new Error("the control signing key is not base64");
  // The full export is the only way WebCrypto offers to the public half; the key used for signing stays unextractable.
  const jwk = await crypto.subtle.exportKey("jwk", await importEd25519Private(pkcs8, true));
  // workers-types declare the result of every format at once; "jwk" always gives a JsonWebKey (W3C WebCrypto 14.3.10).
  const x = fromBase64Url((jwk as JsonWebKey).x ?? "");
  if (x === null || x.length !== 32) throw new Error("the control signing key is not Ed25519");
  const key = await importEd25519Private(pkcs8);
  return {
    publicKey: toBase64(x),
    sign: async (text) => toBase64(await signEd25519(key, utf8(text))),
  };
}
