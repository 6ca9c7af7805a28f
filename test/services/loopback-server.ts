/** A real HTTP server on a free loopback port, for the outbound services. Closes with its test. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** `answer` gets the whole request; what came in is kept in `received`. */
export async function aServer(
  answer: (request: Received, response: ServerResponse) => void,
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = await listen((request, response) => {
    received.push(request);
    answer(request, response);
  });
  onTestFinished(() => server.close());
  return { url: server.url, received };
}

/** The same for longer than one test: whoever asked for it closes it. */
export async function listen(
  answer: (request: Received, response: ServerResponse) => void,
): Promise<{ url: string; close(): void }> {
  const server = createServer(async (incoming: IncomingMessage, response) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([k, v]) => [k, String(v)]));
    answer({ method: incoming.method ?? "", url: incoming.url ?? "", headers, body }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is an AddressInfo; only a pipe's is a string.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
