/** The releases and the remedy of the simulated week, signed as a publisher signs them. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { rawKey } from "../../sim/control-plane.ts";
import type { ReleaseRecord } from "../../src/contract/ops.ts";
import type { PublisherKeys } from "../../src/contract/release.ts";
import type { Remedy } from "../../src/contract/remedy.ts";
import { DAY_MS, REMEDY_SET, type WorldRelease } from "./world.ts";

const publisher = generateKeyPairSync("ed25519");
export const PUBLISHER_KEYS: PublisherKeys = {
  threshold: 1,
  keys: [{ key_id: "publisher", public_key: rawKey(publisher.publicKey) }],
};

/** The file of a release: what is in it is in world.ts. */
export function fileOf(product: string, version: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(`${product} ${version}`));
}

export function digestOf(product: string, version: string): string {
  return createHash("sha256").update(fileOf(product, version)).digest("hex");
}

export function recordOf(
  product: string,
  release: WorldRelease,
  startAt: number,
  now: number,
): ReleaseRecord {
  const { version, min_from, reversible } = release;
  const sha256 = digestOf(product, version);
  const { byteLength: size } = fileOf(product, version);
  const expires = new Date(startAt + 365 * DAY_MS).toISOString();
  const manifest = JSON.stringify({
    spec: "vigie.release/1",
    product,
    version,
    sha256,
    size,
    min_from,
    reversible,
    expires,
  });
  const signature = sign(null, Buffer.from(manifest), publisher.privateKey).toString("base64");
  return {
    revision: 1,
    product,
    version,
    sha256,
    size,
    min_from,
    reversible,
    expires,
    status: "active",
    signed: { manifest, signatures: [{ key_id: "publisher", signature }] },
    notes: "",
    published_by: "publisher",
    published_at: new Date(now).toISOString(),
  };
}

export function remedyFor(product: string, now: number): Remedy {
  return {
    id: `rmd_${createHash("sha256").update(product).digest("base64url").slice(0, 20)}`,
    product,
    title: "The new webhook endpoint",
    for: ["webhook_fail_rate"],
    set: { ...REMEDY_SET },
    status: "active",
    published_by: "ops",
    published_at: new Date(now).toISOString(),
    revision: 1,
  };
}
