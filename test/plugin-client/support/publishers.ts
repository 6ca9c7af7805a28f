/** Keys, signatures and release files for the tests: real Ed25519, real zips. */
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { strToU8, type Zippable, zipSync } from "fflate";
import type { PublisherKeys, ReleaseManifest, SignedRelease } from "../../../src/contract/release.ts";

export const PRODUCT = "molam-shop";

export interface Signing {
  publicKey: string;
  sign(text: string): string;
}

export function aSigningKey(): Signing {
  const pair = generateKeyPairSync("ed25519");
  return { publicKey: rawPublicKey(pair.publicKey), sign: (text) => signText(pair.privateKey, text) };
}

function rawPublicKey(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
}

function signText(key: KeyObject, text: string): string {
  return sign(
    null,
    Buffer.from(text, "utf8"),
    createPrivateKey(key.export({ type: "pkcs8", format: "pem" })),
  ).toString("base64");
}

export const PUBLISHERS: Record<string, Signing> = {
  anna: aSigningKey(),
  bernard: aSigningKey(),
  carla: aSigningKey(),
};
export const PUBLISHER_KEYS: PublisherKeys = {
  threshold: 2,
  keys: Object.entries(PUBLISHERS).map(([key_id, { publicKey }]) => ({ key_id, public_key: publicKey })),
};

export interface ReleaseFile {
  manifest: ReleaseManifest;
  file: Uint8Array;
  signed: SignedRelease;
}

/** A release zip whose `main.mjs` is `main`; `files` adds or replaces entries, `manifest` replaces fields. */
export function aRelease(
  version: string,
  options: {
    main?: string;
    files?: Zippable;
    manifest?: Partial<ReleaseManifest>;
    signers?: string[];
    file?: Uint8Array;
  } = {},
): ReleaseFile {
  const packageFile = { product: PRODUCT, version, main: "main.mjs", smoke: "smoke.mjs" };
  const file =
    options.file ??
    zipSync({
      "plugin.json": strToU8(JSON.stringify(packageFile)),
      "main.mjs": strToU8(options.main ?? pluginMain(version)),
      "smoke.mjs": strToU8("process.exit(0)"),
      "lib/names.json": strToU8(JSON.stringify({ version })),
      ...options.files,
    });
  const manifest: ReleaseManifest = {
    spec: "vigie.release/1",
    product: PRODUCT,
    version,
    sha256: createHash("sha256").update(file).digest("hex"),
    size: file.byteLength,
    min_from: "1.0.0",
    reversible: true,
    expires: "2100-01-01T00:00:00Z",
    ...options.manifest,
  };
  return { manifest, file, signed: signRelease(JSON.stringify(manifest), options.signers) };
}

export function signRelease(manifest: string, signers = ["anna", "bernard"]): SignedRelease {
  return {
    manifest,
    signatures: signers.map((key_id) => ({ key_id, signature: PUBLISHERS[key_id]?.sign(manifest) ?? "" })),
  };
}

/** A plugin process that speaks the agent's protocol; `extra` is appended. */
export function pluginMain(version: string, extra = ""): string {
  return `
import { createInterface } from "node:readline";
const say = (m) => process.stdout.write(JSON.stringify(m) + "\\n");
createInterface({ input: process.stdin }).on("line", (line) => {
  const m = JSON.parse(line);
  if (m.vigie === "stop") process.exit(0);
  if (m.vigie === "probe") for (const name of m.names.length ? m.names : ["settings"])
    say({ vigie: "probe", id: m.id, name, ok: name !== "bad", ms: 3 });
}).on("close", () => process.exit(0));
${extra}
say({ vigie: "ready", version: ${JSON.stringify(version)} });
`;
}
