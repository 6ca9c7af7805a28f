/** Against real servers on this machine; the addresses that must not be called are judged without one. */
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { probeDenied, probeOptions, probeSite, probeTarget } from "../../src/services/site-probe.ts";
import { PATIENCE } from "../builders/patience.ts";
import { aServer } from "./loopback-server.ts";

const LOCAL = { allowPrivate: true, timeoutMs: 10_000 };
const DEPLOYED = { allowPrivate: false, timeoutMs: 10_000 };

/** A port that nobody listens on. */
async function aClosedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

describe("a look at a shop", () => {
  it.each([200, 204, 301, 401, 403, 404, 429])("finds it up when it answers %i", async (status) => {
    const { url, received } = await aServer((_, response) => response.writeHead(status).end());
    expect(await probeSite(url, LOCAL)).toEqual({
      status: "up",
      reason: "answered",
      detail: `it answers ${status}.`,
      http_status: status,
      ms: expect.any(Number),
    });
    expect(received).toMatchObject([
      { method: "GET", url: "/", headers: { "user-agent": "Vigie-site-probe/1" } },
    ]);
  });

  it.each([500, 502, 503, 522, 530])("finds it down when it answers %i", async (status) => {
    const { url } = await aServer((_, response) => response.writeHead(status).end());
    expect(await probeSite(url, LOCAL)).toMatchObject({
      status: "down",
      reason: "server_error",
      http_status: status,
    });
  });

  it("finds it down when nobody listens", async () => {
    const found = await probeSite(`http://127.0.0.1:${await aClosedPort()}/`, LOCAL);
    expect(found).toMatchObject({ status: "down", reason: "no_connection", http_status: null });
  });

  it("finds it down when the connection breaks", async () => {
    const { url } = await aServer((_, response) => response.socket?.destroy());
    expect(await probeSite(url, LOCAL)).toMatchObject({ status: "down", reason: "no_connection" });
  });

  it("gives up on a slow one at its deadline", async () => {
    const { url } = await aServer(() => undefined);
    const found = await probeSite(url, { ...LOCAL, timeoutMs: 150 });
    expect(found).toMatchObject({ status: "down", reason: "timeout", detail: "no answer within 150 ms." });
    expect(found.ms).toBeLessThan(LOCAL.timeoutMs);
  });

  it("has one deadline for all redirects together", async () => {
    // Every hop takes most of the time there is: by a clock that the test moves, so that a busy machine takes no more.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { url, received } = await aServer((request, response) => {
      vi.advanceTimersByTime(120);
      response.writeHead(302, { location: `/${Number(request.url.slice(1)) + 1}` }).end();
    });
    const found = await probeSite(`${url}/0`, { ...LOCAL, timeoutMs: 200 });
    expect(found).toMatchObject({ status: "down", reason: "timeout", http_status: 302 });
    expect(received.map((request) => request.url)).toEqual(["/0", "/1"]);
  });

  it("does not read a body, however long", async () => {
    let sent = 0;
    let stopped = false;
    const { url } = await aServer((_, response) => {
      response.writeHead(200);
      response.on("close", () => {
        stopped = true;
      });
      const push = (): void => {
        while (!stopped && response.write(Buffer.alloc(65_536))) sent += 65_536;
        if (!stopped) response.once("drain", push);
      };
      push();
    });
    expect(await probeSite(url, LOCAL)).toMatchObject({ status: "up", http_status: 200 });
    await expect.poll(() => stopped, PATIENCE).toBe(true);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });
});

describe("a redirect", () => {
  it("is followed, three times at most", async () => {
    const { url, received } = await aServer((request, response) => {
      const n = Number(request.url.slice(1) || 0);
      if (n < 3) response.writeHead(302, { location: `/${n + 1}` }).end();
      else response.writeHead(200).end();
    });
    expect(await probeSite(`${url}/0`, LOCAL)).toMatchObject({ status: "up", http_status: 200 });
    expect(received.map((request) => request.url)).toEqual(["/0", "/1", "/2", "/3"]);
  });

  it("that never ends says nothing", async () => {
    const { url, received } = await aServer((_, response) =>
      response.writeHead(302, { location: "/" }).end(),
    );
    expect(await probeSite(url, LOCAL)).toMatchObject({ status: "unknown", reason: "too_many_redirects" });
    expect(received).toHaveLength(4);
  });

  it.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "ftp://shop.com/",
    "http://user:secret@shop.com/",
    "http://[nonsense",
  ])("to %s is not followed", async (location) => {
    const { url, received } = await aServer((_, response) => response.writeHead(302, { location }).end());
    expect(await probeSite(url, LOCAL)).toMatchObject({
      status: "unknown",
      reason: "refused_address",
      http_status: 302,
    });
    expect(received).toHaveLength(1);
  });

  it.each([
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://[::1]/",
    "http://localhost/",
    "//127.0.0.1/",
    "http://2130706433/",
  ])("from a public address to %s is not followed", async (location) => {
    const reached: string[] = [];
    const found = await throughAPublicName(async (url) => {
      reached.push(url);
      return new Response(null, { status: 302, headers: { location } });
    });
    expect(found).toMatchObject({ status: "unknown", reason: "refused_address", http_status: 302 });
    expect(reached).toEqual(["https://shop.com/"]);
  });
});

/** A public shop, answered here: no test leaves this machine. */
async function throughAPublicName(answer: (url: string) => Promise<Response>) {
  const real = globalThis.fetch;
  onTestFinished(() => {
    globalThis.fetch = real;
  });
  globalThis.fetch = (input) => answer(String(input instanceof Request ? input.url : input));
  return probeSite("https://shop.com/", DEPLOYED);
}

describe("an address that may not be called", () => {
  it.each([
    ["http://127.0.0.1/", "127.0.0.1 is not public (loopback)"],
    ["http://0x7f.1/", "127.0.0.1 is not public (loopback)"],
    ["http://017700000001/", "127.0.0.1 is not public (loopback)"],
    ["http://169.254.169.254/", "169.254.169.254 is not public (link-local)"],
    ["http://[::ffff:10.0.0.1]/", /in disguise/],
    ["http://localhost/", "localhost is a local name"],
    ["http://printer.local/", "printer.local is a local name"],
    ["http://vault.internal/", "vault.internal is a local name"],
    ["http://user@shop.com/", "the address holds credentials"],
    ["http://:secret@shop.com/", "the address holds credentials"],
    ["ftp://shop.com/", "ftp: is not looked at"],
    ["javascript:alert(1)", "javascript: is not looked at"],
    ["https://shop.com:22/", "port 22 is not looked at"],
    ["http://shop.com:8080/", "port 8080 is not looked at"],
    ["shop.com", "the address is no URL"],
    ["", "the address is no URL"],
  ])("is not called: %s", async (address, why) => {
    const target = probeTarget(address, false);
    if (typeof why === "string") expect(target).toBe(why);
    else expect(target).toMatch(why);
    expect(await probeSite(address, DEPLOYED)).toMatchObject({
      status: "unknown",
      reason: "refused_address",
    });
  });

  it.each([
    "https://shop.com/",
    "http://shop.com:80/",
    "https://shop.com:443/x",
    "http://shop.com:443/",
    "https://8.8.8.8/",
  ])("is none of %s", (address) => {
    expect(probeTarget(address, false)).toBeInstanceOf(URL);
  });

  it("may be one of this machine in development only", () => {
    expect(probeTarget("http://127.0.0.1:8080/", true)).toBeInstanceOf(URL);
    expect(probeTarget("http://user@127.0.0.1/", true)).toBe("the address holds credentials");
    expect(probeOptions({})).toEqual({ allowPrivate: false, timeoutMs: 5000 });
    expect(probeOptions({ SITE_PROBE_ALLOW_PRIVATE: "" }).allowPrivate).toBe(false);
    expect(probeOptions({ SITE_PROBE_ALLOW_PRIVATE: "1" }).allowPrivate).toBe(false);
    expect(probeOptions({ SITE_PROBE_ALLOW_PRIVATE: "true" }).allowPrivate).toBe(true);
  });
});

it("is no finding when there was no leave to look", () => {
  expect(probeDenied()).toMatchObject({ status: "unknown", reason: "budget" });
});
