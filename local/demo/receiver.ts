/** The merchants' webhook receiver of the demo: verifies each delivery with the `standardwebhooks` library. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

const MAX_BODY_BYTES = 256 * 1024;

export interface ReceiverCounts {
  accepted: number;
  refused: number;
}

export interface Receiver {
  port: number;
  /** Where a shop's plugin posts to. */
  urlFor(shop: string): string;
  counts(shop: string): ReceiverCounts;
  /** Adds a shop, or gives it a new secret. */
  setSecret(shop: string, secret: string): void;
  stop(): Promise<void>;
}

/** Listens on 127.0.0.1 (`port` 0 or absent: a free one). `secrets`: shop -> `whsec_` secret. Answers 204, or 401. */
export async function startReceiver(options: {
  port?: number;
  secrets?: Readonly<Record<string, string>>;
}): Promise<Receiver> {
  const webhooks = new Map(
    Object.entries(options.secrets ?? {}).map(([shop, secret]) => [shop, new Webhook(secret)]),
  );
  const counts = new Map<string, ReceiverCounts>();
  const countsOf = (shop: string): ReceiverCounts => {
    const found = counts.get(shop) ?? { accepted: 0, refused: 0 };
    counts.set(shop, found);
    return found;
  };

  const server = createServer(async (request, response) => {
    const shop = /^\/webhooks\/([A-Za-z0-9._-]{1,64})$/.exec(request.url ?? "")?.[1];
    const webhook = shop === undefined ? undefined : webhooks.get(shop);
    const body = await readBody(request).catch(() => null);
    if (shop === undefined || webhook === undefined) return void response.writeHead(404).end();
    if (request.method !== "POST") return void response.writeHead(405, { allow: "POST" }).end();
    if (body === null) return void response.writeHead(413, { connection: "close" }).end();
    const accepted = verifies(webhook, body, request);
    countsOf(shop)[accepted ? "accepted" : "refused"] += 1;
    response.writeHead(accepted ? 204 : 401).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  // A TCP server's address is always an AddressInfo; a string only for pipes.
  const { port } = server.address() as AddressInfo;

  return {
    port,
    urlFor: (shop) => `http://127.0.0.1:${port}/webhooks/${shop}`,
    counts: (shop) => ({ ...countsOf(shop) }),
    setSecret: (shop, secret) => void webhooks.set(shop, new Webhook(secret)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function verifies(webhook: Webhook, body: Buffer, request: IncomingMessage): boolean {
  const header = (name: string) => String(request.headers[name] ?? "");
  try {
    webhook.verify(body, {
      "webhook-id": header("webhook-id"),
      "webhook-timestamp": header("webhook-timestamp"),
      "webhook-signature": header("webhook-signature"),
    });
    return true;
  } catch {
    return false;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error("body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
