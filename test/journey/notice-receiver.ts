/** Somebody's own tool, as notices reach it: keeps what came, answers what the test says. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Receiver {
  url: string;
  received: { headers: Record<string, string>; body: string }[];
  /** Status of the next answers. */
  answer: number;
  /** Kinds that were taken, in order. */
  kinds(): string[];
  stop(): Promise<void>;
}

export async function aReceiver(): Promise<Receiver> {
  const taken: string[] = [];
  const server = createServer(async (incoming, response) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([k, v]) => [k, String(v)]));
    receiver.received.push({ headers, body });
    if (receiver.answer < 300) taken.push(String(JSON.parse(body).type).replace("vigie.", ""));
    response.writeHead(receiver.answer).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is an AddressInfo; only a pipe's is a string.
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    received: [],
    answer: 200,
    kinds: () => taken,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
