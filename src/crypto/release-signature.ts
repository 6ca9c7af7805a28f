/** Releases are signed offline by a threshold of pinned publisher keys (TUF 1.0.34, section 4.3 and 5.7: targets). */
import { type Result, refuse } from "../contract/refusal.ts";
import { type PublisherKeys, ReleaseManifest, type SignedRelease } from "../contract/release.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { fromBase64, toBase64, utf8 } from "./encoding.ts";

/**
 * The manifest, when enough distinct publishers signed exactly this text and it has not expired. Nothing of it is parsed
 * before the threshold is met. `now` in milliseconds since epoch.
 */
export async function verifyRelease(
  signed: SignedRelease,
  keys: PublisherKeys,
  now: number,
): Promise<Result<ReleaseManifest>> {
  const agreeing = await countSigners(signed, keys);
  if (agreeing < keys.threshold) {
    return refuse({
      reason: "invalid",
      field: "signatures",
      message: `${agreeing} of ${keys.threshold} publisher signatures are valid`,
    });
  }
  const manifest = parse(signed.manifest);
  if (manifest === null) {
    return refuse({
      reason: "invalid",
      field: "manifest",
      message: "the signed text is not a release manifest",
    });
  }
  if (Date.parse(manifest.expires) <= now) {
    return refuse({
      reason: "invalid",
      field: "manifest",
      message: `the release expired at ${manifest.expires}`,
    });
  }
  return { ok: true, value: manifest };
}

/** Distinct pinned keys with a valid signature: neither a repeated signature nor one key under two ids counts twice. */
async function countSigners(signed: SignedRelease, keys: PublisherKeys): Promise<number> {
  const message = utf8(signed.manifest);
  const signers = new Set<string>();
  for (const { key_id, signature } of signed.signatures) {
    const pinned = keys.keys.find((key) => key.key_id === key_id);
    const publicKey = pinned && fromBase64(pinned.public_key);
    const bytes = fromBase64(signature);
    if (!publicKey || !bytes) continue;
    if (await verifyEd25519(publicKey, bytes, message)) signers.add(toBase64(publicKey));
  }
  return signers.size;
}

function parse(text: string): ReleaseManifest | null {
  try {
    return ReleaseManifest.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
