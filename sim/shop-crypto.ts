/**
 * WebCrypto as the plugin's client uses it, over Node's synchronous cryptography: real signatures and digests, and every promise ends at
 * the virtual instant at which it began.
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import type { Platform } from "../plugin-client/core/platform.ts";
import type { Random } from "./random.ts";

/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

type SimKey = { kind: "hmac"; secret: Buffer } | { kind: "public" | "private"; key: KeyObject };

const imported = new Map<string, SimKey>();

function importKey(format: string, bytes: Uint8Array, algorithm: unknown): SimKey {
  const raw = Buffer.from(bytes);
  if (format === "pkcs8")
    return { kind: "private", key: createPrivateKey({ key: raw, format: "der", type: "pkcs8" }) };
  if (algorithm !== "Ed25519") return { kind: "hmac", secret: raw };
  const id = raw.toString("base64");
  const known = imported.get(id);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
  const made: SimKey = { kind: "public", key };
  imported.set(id, made);
  return made;
}

function buffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** `random` fills ids; no secret is drawn with it. */
export function shopCrypto(random: Random): Platform["crypto"] {
  const subtle = {
    importKey: async (format: string, bytes: Uint8Array, algorithm: unknown) =>
      importKey(format, bytes, algorithm),
    sign: async (_algorithm: unknown, key: SimKey, data: Uint8Array) =>
      key.kind === "hmac"
        ? buffer(createHmac("sha256", key.secret).update(data).digest())
        : buffer(sign(null, data, key.key)),
    verify: async (_algorithm: unknown, key: SimKey, signature: Uint8Array, data: Uint8Array) =>
      key.kind !== "hmac" && verify(null, data, key.key, signature),
    digest: async (_algorithm: unknown, data: Uint8Array) =>
      buffer(createHash("sha256").update(data).digest()),
  };
  const getRandomValues = <T extends ArrayBufferView>(view: T): T => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
    return view;
  };
  return { subtle, getRandomValues } as unknown as Platform["crypto"]; // the members that the client calls
}
