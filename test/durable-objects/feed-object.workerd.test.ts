import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { feedOf } from "../../durable-objects/stubs.ts";
import { bindings } from "./bindings.ts";

const upgrade = { upgrade: "websocket", "sec-websocket-protocol": "vigie.v1, bearer.abc" };

/** An open dashboard: its socket and every text it got; `next` waits for one more. */
async function aDashboard(headers: Record<string, string> = upgrade) {
  const response = await feedOf(bindings).fetch(new Request("https://feed/", { headers }));
  const socket = response.webSocket;
  if (!socket) throw new Error(`no socket: ${response.status}`);
  const got: string[] = [];
  const waiting: (() => void)[] = [];
  socket.addEventListener("message", (event) => {
    got.push(String(event.data));
    waiting.shift()?.();
  });
  socket.accept();
  const next = () => new Promise<void>((resolve) => waiting.push(resolve));
  return { response, socket, got, next };
}
const incident = { type: "changed" as const, topic: "incidents" as const, id: "inc_1" };
const policy = { type: "changed" as const, topic: "policy" as const };

describe("feed object", () => {
  it("answers the subprotocol that the client offered, and only then", async () => {
    const offered = await aDashboard();
    expect(offered.response.status).toBe(101);
    expect(offered.response.headers.get("sec-websocket-protocol")).toBe("vigie.v1");
    const silent = await aDashboard({ upgrade: "websocket" });
    expect(silent.response.headers.get("sec-websocket-protocol")).toBeNull();
  });

  it("refuses anything but an upgrade", async () => {
    const response = await feedOf(bindings).fetch(new Request("https://feed/"));
    expect(response.status).toBe(426);
    await response.body?.cancel();
  });

  it("tells every open dashboard once what changed, also after it slept", async () => {
    const [a, b] = [await aDashboard(), await aDashboard()];
    const both = () => Promise.all([a.next(), b.next()]);
    let told = both();
    await feedOf(bindings).changed([incident, incident]);
    await told;
    await evictDurableObject(bindings.FEED.getByName("feed"));
    told = both();
    await feedOf(bindings).changed([policy]);
    await told;
    const texts = [JSON.stringify(incident), JSON.stringify(policy)];
    expect([a.got, b.got]).toEqual([texts, texts]);
  });

  it("goes on telling the others when a dashboard has left", async () => {
    const [leaver, stayer] = [await aDashboard(), await aDashboard()];
    leaver.socket.close(1000, "bye");
    const told = stayer.next();
    await feedOf(bindings).changed([policy]);
    await told;
    expect(stayer.got).toEqual([JSON.stringify(policy)]);
  });

  it("answers a ping without a word about it to the object", async () => {
    const dashboard = await aDashboard();
    const told = dashboard.next();
    dashboard.socket.send("ping");
    await told;
    expect(dashboard.got).toEqual(["pong"]);
  });
});
