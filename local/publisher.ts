/**
 * Stands for the offline publishers: two Ed25519 key pairs, both of which must sign a release. The private keys stay in
 * one file of the local data directory, readable by its owner only; the control plane never sees them.
 */
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  PublisherKeys,
  type PublisherSignature,
  ReleaseManifest,
  type SignedRelease,
} from "../src/contract/release.ts";
import type { DemoRelease } from "./demo/releases.ts";

const THRESHOLD = 2;
const KEY_FILE = "publisher-keys.json";

/** `private_key`: PKCS #8 in base64. */
const KeyFile = z.object({
  keys: z
    .array(z.object({ key_id: z.string(), public_key: z.string(), private_key: z.string() }))
    .min(THRESHOLD),
});
type KeyFile = z.infer<typeof KeyFile>;

export interface Publisher {
  publisherKeys: PublisherKeys;
  /** Signs with every key. */
  sign(manifest: ReleaseManifest): Promise<SignedRelease>;
}

export async function loadOrCreatePublisher(dir: string): Promise<Publisher> {
  const file = await load(join(dir, KEY_FILE)).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return create(dir);
  });
  const privateKeys = await Promise.all(
    file.keys.map(async ({ key_id, private_key }) => ({
      key_id,
      key: await crypto.subtle.importKey("pkcs8", fromBase64(private_key), "Ed25519", false, ["sign"]),
    })),
  );
  return {
    publisherKeys: PublisherKeys.parse({
      threshold: THRESHOLD,
      keys: file.keys.map(({ key_id, public_key }) => ({ key_id, public_key })),
    }),
    async sign(manifest) {
      const text = JSON.stringify(ReleaseManifest.parse(manifest));
      const bytes = new TextEncoder().encode(text);
      const signatures: PublisherSignature[] = await Promise.all(
        privateKeys.map(async ({ key_id, key }) => ({
          key_id,
          signature: toBase64(await crypto.subtle.sign("Ed25519", key, bytes)),
        })),
      );
      return { manifest: text, signatures };
    },
  };
}

/** The manifest of a demo release; `expires` is an ISO 8601 instant, a year from now when absent. */
export function manifestFor(
  release: Pick<DemoRelease, "product" | "version" | "sha256" | "size">,
  options: { min_from: string; reversible?: boolean; expires?: string },
): ReleaseManifest {
  return {
    spec: "vigie.release/1",
    product: release.product,
    version: release.version,
    sha256: release.sha256,
    size: release.size,
    min_from: options.min_from,
    reversible: options.reversible ?? true,
    expires: options.expires ?? new Date(Date.now() + 365 * 86_400_000).toISOString(),
  };
}

async function load(path: string): Promise<KeyFile> {
  return KeyFile.parse(JSON.parse(await readFile(path, "utf8")));
}

async function create(dir: string): Promise<KeyFile> {
  const keys = await Promise.all(
    Array.from({ length: THRESHOLD }, async (_, index) => {
      const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
      return {
        key_id: `publisher-${index + 1}`,
        public_key: toBase64(await crypto.subtle.exportKey("raw", pair.publicKey)),
        private_key: toBase64(await crypto.subtle.exportKey("pkcs8", pair.privateKey)),
      };
    }),
  );
  await mkdir(dir, { recursive: true });
  const path = join(dir, KEY_FILE);
  await writeFile(`${path}.new`, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
  return { keys };
}

function toBase64(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("base64");
}
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64"));
}
