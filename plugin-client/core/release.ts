/**
 * Releases: a manifest is believed only when enough of the publishers pinned at enrolment signed it. The control plane can
 * choose among genuine releases; it cannot make one (TUF 1.0.34, 5.6: threshold of keys, expiry, no rollback).
 */
import type { FailCode } from "../../src/contract/command.ts";
import type { PublisherKeys, ReleaseManifest, SignedRelease } from "../../src/contract/release.ts";
import type { Platform } from "./platform.ts";
import * as shape from "./shape.ts";
import { isSignedBy } from "./verify.ts";
import { compareVersions, isVersion } from "./version.ts";

export const MAX_RELEASE_BYTES = 16 * 1024 * 1024;

/** A refusal in the words of the contract: what `/fail` will say. */
export interface Failure {
  code: FailCode;
  message: string;
}

export function isFailure(value: object): value is Failure {
  return "code" in value && "message" in value;
}

export function parseManifest(text: string): ReleaseManifest {
  const from = shape.parseFields(text, "manifest", 4096);
  const expires = shape.text(from, "expires", 40);
  shape.instant(from, "expires");
  const version = shape.text(from, "version", 64);
  const min_from = shape.text(from, "min_from", 64);
  if (!isVersion(version)) throw new shape.ShapeError("version");
  if (!isVersion(min_from)) throw new shape.ShapeError("min_from");
  if (shape.text(from, "spec", 64) !== "vigie.release/1") throw new shape.ShapeError("spec");
  return {
    spec: "vigie.release/1",
    product: shape.text(from, "product", 49, /^[a-z][a-z0-9-]{1,48}$/),
    version,
    sha256: shape.text(from, "sha256", 64, /^[0-9a-f]{64}$/),
    size: shape.whole(from, "size", 1, MAX_RELEASE_BYTES),
    min_from,
    reversible: shape.flag(from, "reversible"),
    expires,
  };
}

/**
 * The manifest inside, once `threshold` distinct pinned keys have signed exactly these bytes; otherwise `bad_release`.
 * Two key ids that hold the same key count as one. Nothing is parsed before the signatures hold.
 */
export async function verifyRelease(
  platform: Platform,
  release: SignedRelease,
  pinned: PublisherKeys,
): Promise<ReleaseManifest | Failure> {
  const agreed = new Set<string>();
  for (const { key_id, signature } of release.signatures) {
    const key = pinned.keys.find((candidate) => candidate.key_id === key_id)?.public_key;
    if (key === undefined || agreed.has(key)) continue;
    if (await isSignedBy(platform, key, release.manifest, signature)) agreed.add(key);
  }
  const threshold = Math.max(1, pinned.threshold);
  if (agreed.size < threshold)
    return { code: "bad_release", message: `${agreed.size} of ${threshold} publisher signatures hold` };
  try {
    return parseManifest(release.manifest);
  } catch (error) {
    return { code: "bad_release", message: `manifest is malformed: ${(error as Error).message}` }; // ShapeError only
  }
}

export interface ReleaseFit {
  product: string;
  currentVersion: string;
  now: number;
  allowDowngrade: boolean;
}

/** Why a genuine release must not be applied to this shop now; null when it may. */
export function unfit(manifest: ReleaseManifest, fit: ReleaseFit): Failure | null {
  if (manifest.product !== fit.product)
    return { code: "bad_release", message: `release is for ${manifest.product}` };
  if (Date.parse(manifest.expires) <= fit.now)
    return { code: "bad_release", message: `manifest expired at ${manifest.expires}` };
  if (compareVersions(fit.currentVersion, manifest.min_from) < 0)
    return { code: "min_from", message: `needs ${manifest.min_from}, this is ${fit.currentVersion}` };
  if (!fit.allowDowngrade && compareVersions(manifest.version, fit.currentVersion) < 0)
    return { code: "downgrade", message: `${manifest.version} is older than ${fit.currentVersion}` };
  return null;
}
