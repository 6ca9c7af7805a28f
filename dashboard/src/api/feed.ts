/** The live feed: a WebSocket that says what has changed, and is given up when it does not answer any more. */
import { FeedMessage } from "../../../src/contract/feed.ts";
import type { ApiOptions } from "./call.ts";

/** A connection that is gone without a word shows only when it is asked. */
const PING_MS = 25_000;

export interface FeedHandlers {
  opened(): void;
  message(message: FeedMessage): void;
  /** Called once, whether or not the feed had opened. */
  closed(): void;
}

/**
 * Opens the live feed; the returned function closes it. The token travels as a subprotocol because a browser
 * cannot set headers on a WebSocket, and a query string would end up in logs.
 */
export function openFeed(options: ApiOptions, handlers: FeedHandlers): () => void {
  const Socket = options.WebSocket ?? WebSocket;
  const protocols = ["vigie.v1", `bearer.${options.token() ?? ""}`];
  const url = `${options.origin.replace(/^http/, "ws")}/api/ops/feed`;
  return watchSocket(new Socket(url, protocols), handlers);
}

/** Tells the handlers what the socket does, and closes a socket that has stopped to answer. */
function watchSocket(socket: WebSocket, handlers: FeedHandlers): () => void {
  let isOver = false;
  let isAnswered = true;
  const pings = setInterval(() => {
    if (!isAnswered) return end();
    if (socket.readyState !== socket.OPEN) return;
    isAnswered = false;
    socket.send("ping");
  }, PING_MS);
  function end(): void {
    if (isOver) return;
    leave();
    handlers.closed();
  }
  function leave(): void {
    isOver = true;
    clearInterval(pings);
    socket.close();
  }
  socket.addEventListener("open", () => {
    if (!isOver) handlers.opened();
  });
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  socket.addEventListener("message", (event) => {
    isAnswered = true;
    const message = parseFeedMessage(event.data);
    if (message && !isOver) handlers.message(message);
  });
  return leave;
}

/** A feed message, or null for anything else: an unknown message is skipped, a newer server may send more kinds. */
export function parseFeedMessage(data: unknown): FeedMessage | null {
  if (typeof data !== "string") return null;
  try {
    const parsed = FeedMessage.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
