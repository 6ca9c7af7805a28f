/** The one port a booting release may reach: counts its webhooks and checks each signature (Standard Webhooks 1.0.0). */
import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE_S = 300;
const MAX_BODY_BYTES = 256 * 1024;

export interface WebhookReceiver {
  port: number;
  url: string;
  /** `whsec_` and 32 random bytes in base64, new for each receiver. */
  secret: string;
  accepted(): number;
  refused(): number;
  /** Of the accepted ones, those with text beyond ASCII. */
  beyondAscii(): number;
  stop(): Promise<void>;
}

/** `onDelivery` is called after each webhook has been counted. */
export function startWebhookReceiver(onDelivery: () => void): WebhookReceiver {
  const key = crypto.getRandomValues(new Uint8Array(32));
  let accepted = 0;
  let refused = 0;
  let beyondAscii = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/webhooks/staging") {
      await request.body?.cancel();
      return new Response(null, { status: 404 });
    }
    const body = await readBody(request);
    const valid = body !== null && isSigned(request.headers, body, key);
    if (valid) accepted += 1;
    else refused += 1;
    if (valid && body.some((byte) => byte > 127)) beyondAscii += 1;
    onDelivery();
    return new Response(null, { status: valid ? 204 : 401 });
  });
  const { port } = server.addr;
  return {
    port,
    url: `http://127.0.0.1:${port}/webhooks/staging`,
    secret: `whsec_${btoa(String.fromCharCode(...key))}`,
    accepted: () => accepted,
    refused: () => refused,
    beyondAscii: () => beyondAscii,
    stop: () => server.shutdown(),
  };
}

function isSigned(headers: Headers, body: Uint8Array, key: Uint8Array): boolean {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  if (id === "" || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_S) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return (headers.get("webhook-signature") ?? "")
    .split(" ")
    .some((candidate) => equal(candidate, `v1,${expected}`));
}

function equal(a: string, b: string): boolean {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

async function readBody(request: Request): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  const body = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}
