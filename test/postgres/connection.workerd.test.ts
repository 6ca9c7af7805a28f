import { afterEach, describe, expect, it, vi } from "vitest";
import { connect, ping } from "../../src/postgres/connection.ts";
import { classifyPgError } from "../../src/postgres/ledger.ts";

const ADDRESS = "postgresql://app:secret@ep-blue-1.eu.neon.tech/vigie";
const ANSWER = { rowAsArray: true, fields: [], rows: [], command: "SELECT", rowCount: 1 };

/** Stands in for the network: notes where each call goes. */
function network(answer: () => Response) {
  const calls: { url: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    calls.push({ url, init });
    return answer();
  });
  return calls;
}
afterEach(() => vi.unstubAllGlobals());

describe("connection in workerd", () => {
  it("speaks to Neon itself without a proxy, and to the proxy with one", async () => {
    const calls = network(() => Response.json(ANSWER));
    await ping(connect({ DATABASE_URL: ADDRESS }));
    await ping(connect({ DATABASE_URL: ADDRESS, NEON_PROXY_URL: "http://127.0.0.1:5000/" }));
    await ping(connect({ DATABASE_URL: ADDRESS, NEON_PROXY_URL: "" }));
    expect(calls.map(({ url }) => url)).toEqual([
      "https://api.eu.neon.tech/sql",
      "http://127.0.0.1:5000/sql",
      "https://api.eu.neon.tech/sql",
    ]);
    expect(calls.every(({ init }) => init.signal instanceof AbortSignal)).toBe(true);
  });

  it("takes a gateway's error for an outage", async () => {
    network(() => new Response("bad gateway", { status: 502 }));
    const failure = await ping(connect({ DATABASE_URL: ADDRESS })).then(() => null, classifyPgError);
    expect(failure?.kind).toBe("unavailable");
  });
});
