/**
 * The dashboard's live feed; one object, "feed". Its WebSockets hibernate, so open dashboards cost nothing while nothing
 * changes. Messages say only what changed: a lost one is made good by the dashboard's next fetch.
 */
import { DurableObject } from "cloudflare:workers";
import type { FeedMessage } from "../../src/contract/feed.ts";
import type { FeedRpc } from "../../src/contract/rpc/feed.ts";
import { coalesce } from "../../src/core/feed-coalesce.ts";
import type { Env } from "../../src/env.ts";

const SUBPROTOCOL = "vigie.v1";
/** WebSocket close code 1011, "internal error" (RFC 6455, section 7.4.1). */
const CLOSE_BROKEN = 1011;

export class FeedObject extends DurableObject<Env> implements FeedRpc {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Answered by the platform without waking the object.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  /** Takes the upgrade of a request that the HTTP layer has authenticated; 426 for anything else. */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("expected a WebSocket upgrade", { status: 426, headers: { upgrade: "websocket" } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    // A subprotocol may be answered only when the client offered it (RFC 6455, section 4.2.2).
    const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((p) => p.trim());
    const headers = new Headers();
    if (offered.includes(SUBPROTOCOL)) headers.set("sec-websocket-protocol", SUBPROTOCOL);
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  async changed(messages: FeedMessage[]): Promise<void> {
    const texts = coalesce(messages).map((message) => JSON.stringify(message));
    for (const socket of this.ctx.getWebSockets()) {
      try {
        for (const text of texts) socket.send(text);
      } catch {
        // The peer is gone and its close has not arrived yet: drop it, and tell the others.
        close(socket, CLOSE_BROKEN, "cannot send");
      }
    }
  }

  /** The feed speaks one way; what a client says beyond "ping" is ignored. */
  override webSocketMessage(): void {}

  override webSocketClose(socket: WebSocket): void {
    close(socket, 1000, "bye");
  }

  override webSocketError(socket: WebSocket): void {
    close(socket, CLOSE_BROKEN, "error");
  }
}

/** Closing a socket that is already closed throws; either way it is gone. */
function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    return;
  }
}
