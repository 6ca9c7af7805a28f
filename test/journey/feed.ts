/** The dashboard's live feed, from Node: says when something has changed, and comes back by itself after a restart of the Worker. */
import WebSocket from "ws";

const RECONNECT_MS = 200;

export interface Feed {
  /** Resolves at the next message, or after `timeoutMs`. A message that came since the last call counts. */
  nextChange(timeoutMs: number): Promise<void>;
  close(): void;
}

export function createFeed(url: string, token: string): Feed {
  let socket: WebSocket | undefined;
  let reconnect: NodeJS.Timeout | undefined;
  let closed = false;
  let news = false;
  const waiting = new Set<() => void>();

  function connect(): void {
    const address = `${url.replace(/^http/, "ws")}/api/ops/feed`;
    socket = new WebSocket(address, ["vigie.v1", `bearer.${token}`], { origin: url });
    socket.on("message", ring);
    socket.on("error", () => {});
    socket.on("close", () => {
      if (!closed) reconnect = setTimeout(connect, RECONNECT_MS);
    });
  }
  function ring(): void {
    news = true;
    for (const wake of waiting) wake();
  }
  connect();

  return {
    async nextChange(timeoutMs) {
      if (!news)
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(late);
            waiting.delete(done);
            resolve();
          };
          const late = setTimeout(done, timeoutMs);
          waiting.add(done);
        });
      news = false;
    },
    close() {
      closed = true;
      clearTimeout(reconnect);
      socket?.terminate();
    },
  };
}
