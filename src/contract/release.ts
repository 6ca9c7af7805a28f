/** A release: a file in R2 named by its digest, and a manifest signed offline by a threshold of publisher keys. */
import { z } from "zod";
import { Base64, Instant, ProductName, Sha256, Version } from "./ids.ts";

/** A release crosses the ops API as base64 inside JSON; an isolate of 128 MB holds that several times over only up to here. */
export const MAX_RELEASE_BYTES = 16 * 1024 * 1024;

/**
 * `paused`: a person lets nobody new have it; what is under way goes on, and what waits waits on. `halted`: it failed, or is
 * blamed; what waits with it is cancelled. `blocked`: for good, only an admin may undo it.
 */
export const ReleaseStatus = z.enum(["active", "paused", "halted", "blocked"]);
export type ReleaseStatus = z.infer<typeof ReleaseStatus>;

/** Who brought something to its present standing, when and why. */
export const Standing = z.object({ by: z.string().max(200), at: Instant, reason: z.string().max(500) });
export type Standing = z.infer<typeof Standing>;

/** The standing that a person saw when they decided to let something go on. */
export const SeenStanding = z.object({
  from: ReleaseStatus.optional(),
  /** The moment of that standing (`standing.at`); null when it never had one. */
  since: Instant.nullable().optional(),
});
export type SeenStanding = z.infer<typeof SeenStanding>;

/** What the publishers sign. Carried as a JSON *string*, verified before it is parsed (TUF 1.0.34, targets role). */
export const ReleaseManifest = z.object({
  spec: z.literal("vigie.release/1"),
  product: ProductName,
  version: Version,
  sha256: Sha256,
  size: z.number().int().positive().max(MAX_RELEASE_BYTES),
  /** The oldest version this release may be applied to. */
  min_from: Version,
  /** False when going back would be worse than the failure (a one-way migration): freeze and page instead. */
  reversible: z.boolean(),
  expires: Instant,
});
export type ReleaseManifest = z.infer<typeof ReleaseManifest>;

export const PublisherSignature = z.object({ key_id: z.string().min(1).max(64), signature: Base64.max(128) });
export type PublisherSignature = z.infer<typeof PublisherSignature>;

export const SignedRelease = z.object({
  /** JSON text of a ReleaseManifest; the signatures are Ed25519 over its UTF-8 bytes. */
  manifest: z.string().min(2).max(4096),
  signatures: z.array(PublisherSignature).min(1).max(8),
});
export type SignedRelease = z.infer<typeof SignedRelease>;

/** Publisher keys pinned at enrolment: raw 32-byte Ed25519 public keys in base64, and how many distinct ones must agree. */
export const PublisherKeys = z.object({
  threshold: z.number().int().min(1).max(8),
  keys: z
    .array(z.object({ key_id: z.string().min(1).max(64), public_key: Base64.max(64) }))
    .min(1)
    .max(8),
});
export type PublisherKeys = z.infer<typeof PublisherKeys>;

/** `plugin.json` at the root of every release zip. Paths are relative, forward slashes. */
export const PackageFile = z.object({
  product: ProductName,
  version: Version,
  /** Entry module of the plugin process. */
  main: z.string().min(1).max(128),
  /** Module that tests the release by itself: exits 0 when it is sound. */
  smoke: z.string().min(1).max(128),
});
export type PackageFile = z.infer<typeof PackageFile>;
