/** Checks a release's publisher signatures over the exact manifest text, before that text is parsed. */
import type { PublisherKeys, SignedRelease } from "../src/contract/release.ts";
import { ReleaseManifest } from "../src/contract/release.ts";
import { fail, pass, type Verdict } from "./verdict.ts";

/** The manifest, when at least `threshold` distinct keys signed it and it has not expired at `nowMs`. */
export async function verifyRelease(
  release: SignedRelease,
  keys: PublisherKeys,
  nowMs: number,
): Promise<Verdict<ReleaseManifest>> {
  const signed = new TextEncoder().encode(release.manifest);
  // Counted by public key, so that one key listed under two names is one signer.
  const signers = new Set<string>();
  for (const { key_id, signature } of release.signatures) {
    const key = keys.keys.find((candidate) => candidate.key_id === key_id);
    if (key && (await verifies(key.public_key, signature, signed))) signers.add(key.public_key);
  }
  const count = `${signers.size} valid signatures, ${keys.threshold} needed`;
  if (signers.size < keys.threshold) return fail("bad-signature", count);
  const manifest = ReleaseManifest.safeParse(parseJson(release.manifest));
  if (!manifest.success) return fail("bad-manifest", manifest.error.issues[0]?.message);
  if (Date.parse(manifest.data.expires) <= nowMs) return fail("expired", `since ${manifest.data.expires}`);
  return pass(manifest.data, `${manifest.data.product} ${manifest.data.version}: ${count}`);
}

async function verifies(
  publicKey: string,
  signature: string,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", bytes(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, bytes(signature), signed);
  } catch {
    return false;
  }
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
