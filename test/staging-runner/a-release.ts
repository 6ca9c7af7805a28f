/** Builds release zips for tests: a sound plugin, with files replaced at will. */
import { createHash } from "node:crypto";
import { strToU8, zipSync } from "fflate";

export const PRODUCT = "molam-test";
export const VERSION = "2.0.0";

/** Boots, and sends what the settings ask for, rightly signed. */
export const SOUND_MAIN = `
  import { Buffer } from "node:buffer";
  import { createHmac, randomUUID } from "node:crypto";
  import { readFileSync } from "node:fs";
  import process from "node:process";
  const settings = JSON.parse(readFileSync(process.env.VIGIE_SETTINGS, "utf8"));
  const key = Buffer.from(settings.receiver_secret.slice(6), "base64");
  const say = (message) => process.stdout.write(JSON.stringify(message) + "\\n");
  say({ vigie: "ready", version: "${VERSION}" });
  export async function send() {
    const id = "msg_" + randomUUID();
    const timestamp = String(Math.floor(Date.now() / 1000));
    const body = JSON.stringify({ type: "order.created", data: { name: "Chloé" } });
    const signature = "v1," + createHmac("sha256", key).update(id + "." + timestamp + "." + body).digest("base64");
    const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
    const response = await fetch(settings.receiver_url, { method: "POST", headers, body });
    await response.arrayBuffer();
    say({ vigie: "webhook", ok: response.ok });
  }
  const timer = setInterval(send, 50);
  process.stdin.on("data", (chunk) => {
    if (String(chunk).includes('"stop"')) process.exit(0);
  });
`;

export interface TestRelease {
  product: string;
  version: string;
  file: Uint8Array;
  sha256: string;
  size: number;
}

/** `files` replace or add to plugin.json, main.mjs and smoke.mjs; null leaves one out. */
export function aRelease(files: Record<string, string | null> = {}): TestRelease {
  const all: Record<string, string | null> = {
    "plugin.json": JSON.stringify({
      product: PRODUCT,
      version: VERSION,
      main: "main.mjs",
      smoke: "smoke.mjs",
    }),
    "main.mjs": SOUND_MAIN,
    "smoke.mjs": 'console.log("sound");',
    ...files,
  };
  const entries = Object.entries(all).flatMap(([name, text]) =>
    text === null ? [] : [[name, strToU8(text)] as const],
  );
  return releaseOf(zipSync(Object.fromEntries(entries), { mtime: new Date(2026, 0, 1) }));
}

export function releaseOf(file: Uint8Array): TestRelease {
  const sha256 = createHash("sha256").update(file).digest("hex");
  return { product: PRODUCT, version: VERSION, file, sha256, size: file.byteLength };
}
