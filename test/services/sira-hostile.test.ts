/** A remote service that is broken, slow or hostile: its answer is refused with the reason, and somebody else decides in time. */
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SiraMemory } from "../../sim/sira-memory.ts";
import type { DecideReply, DecideRequest } from "../../src/contract/decision.ts";
import { decide as builtinDecide } from "../../src/core/sira/decide.ts";
import { remoteBreakers, remoteSiraAt } from "../../src/services/sira-remote.ts";
import { decide, type SiraPorts } from "../../src/services/sira-service.ts";
import { aDecideRequest } from "../core/sira/decide-request.ts";
import { aServer, json } from "./loopback-server.ts";

// The two seconds that a service has pass when a test says so: a busy machine takes none of them.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const REQUEST = aDecideRequest({
  candidates: [
    { action: "patch", version: "1.2.3", reversible: true },
    { action: "patch", version: "1.2.4", reversible: true },
  ],
  excluded: [{ action: "patch", version: "1.2.4" }],
});
const GOOD: DecideReply = {
  action: "patch",
  patch_version: "1.2.3",
  confidence: 0.8,
  explanation: "mended elsewhere",
  alternatives: [],
};
const OVERLONG = "x".repeat(200 * 1024);

function portsTo(url: string, breakers = remoteBreakers()): SiraPorts {
  const memory = new SiraMemory();
  return {
    remote: remoteSiraAt(url, "token", breakers),
    builtin: {
      decide: async (request: DecideRequest) => builtinDecide(request, memory),
      learn: async () => ({ status: "learned" }),
      vote: async () => ({ status: "learned" }),
    },
    now: () => 0,
  };
}

async function decidedWith(answer: (response: ServerResponse) => void) {
  const { url } = await aServer((_, response) => answer(response));
  return decide(REQUEST, portsTo(url));
}
const text =
  (body: string, type = "application/json") =>
  (response: ServerResponse) =>
    void response.writeHead(200, { "content-type": type }).end(body);
const reply = (over: object) => (response: ServerResponse) => json(response, 200, { ...GOOD, ...over });

describe("an answer of a remote service", () => {
  it("is taken when it is good, and says whose it is", async () => {
    expect(await decidedWith(reply({ interval: [0.6, 0.9], n: 12 }))).toMatchObject({
      source: "sira",
      patch_version: "1.2.3",
      interval: [0.6, 0.9],
      n: 12,
    });
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ["a web page", text("<!doctype html><title>Sign in</title>", "text/html"), /not JSON/],
    ["nothing", text(""), /not JSON/],
    ["half a JSON", text('{"action":"pat'), /not JSON/],
    [
      "text that is no UTF-8",
      (r) => void r.writeHead(200).end(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
      /not JSON/,
    ],
    ["NaN", text(JSON.stringify(GOOD).replace("0.8", "NaN")), /not JSON/],
    ["an endless number", text(JSON.stringify(GOOD).replace("0.8", "1e999")), /wrong at "confidence"/],
    ["more confidence than there is", reply({ confidence: 1.01 }), /wrong at "confidence"/],
    ["less than none", reply({ confidence: -0.1 }), /wrong at "confidence"/],
    ["confidence in words", reply({ confidence: "very" }), /wrong at "confidence"/],
    ["an action that there is not", reply({ action: "rm -rf" }), /wrong at "action"/],
    [
      "an action that is not on offer",
      reply({ action: "rollback" }),
      /rollback to 1\.2\.3, which is not among/,
    ],
    [
      "a version that is not on offer",
      reply({ patch_version: "9.9.9" }),
      /patch to 9\.9\.9, which is not among/,
    ],
    ["a version that is none", reply({ patch_version: "../../etc/passwd" }), /wrong at "patch_version"/],
    ["a fix that failed here", reply({ patch_version: "1.2.4" }), /already failed here/],
    ["an interval the wrong way round", reply({ interval: [0.9, 0.1] }), /wrong at "interval"/],
    ["an interval without its confidence", reply({ interval: [0.1, 0.2] }), /gives the interval/],
    ["a fraction of an attempt", reply({ n: 0.5 }), /wrong at "n"/],
    [
      "too much evidence",
      reply({ evidence: Array(6).fill({ scope: "s", successes: 1, n: 1 }) }),
      /wrong at "evidence"/,
    ],
    ["too many alternatives", reply({ alternatives: Array(9).fill(GOOD) }), /wrong at "alternatives"/],
    ["no explanation", reply({ explanation: "" }), /wrong at "explanation"/],
    ["an explanation without end", reply({ explanation: "x".repeat(2001) }), /wrong at "explanation"/],
    ["settings beyond bounds", reply({ config: { ["k".repeat(65)]: 1 } }), /wrong at "config/],
    ["a list", text("[]"), /wrong at ""/],
    ["an abyss of lists", text("[".repeat(60_000) + "]".repeat(60_000)), /wrong at ""/],
    [
      "an abyss where a field should be",
      text(`{"action":${"[".repeat(50_000)}${"]".repeat(50_000)}}`),
      /wrong at "action"/,
    ],
    ["more than anybody reads", text(JSON.stringify({ ...GOOD, pad: OVERLONG })), /longer than/],
    ["a poisoned prototype", text('{"__proto__":{"action":"patch"},"confidence":1}'), /wrong at "action"/],
    [
      "a way elsewhere",
      (r) => void r.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      /answered 302/,
    ],
    ["no success", (r) => void r.writeHead(418).end(), /answered 418/],
    ["a broken line", (r) => void r.destroy(), /^sira: network/],
  ])("that is %s is refused, and the built-in service decides", async (_, answer, reason) => {
    const decision = await decidedWith(answer);
    expect(decision).toMatchObject({ source: "builtin", action: "patch", patch_version: "1.2.3" });
    expect(decision.fallback_reason).toMatch(/^sira: /);
    expect(decision.fallback_reason).toMatch(reason);
    expect(decision.fallback_reason?.length).toBeLessThanOrEqual(300);
  });

  it("that only watches what is critical is refused, as the built-in service would not", async () => {
    const { url } = await aServer((_, response) =>
      json(response, 200, { action: "monitor", confidence: 0.99, explanation: "all is well" }),
    );
    const grave = structuredClone(REQUEST);
    grave.incident.severity = "critical";
    expect(await decide(grave, portsTo(url))).toMatchObject({
      source: "builtin",
      action: "patch",
      fallback_reason: "sira: proposed only to watch what is critical",
    });
    expect(await decide(REQUEST, portsTo(url))).toMatchObject({ source: "sira", action: "monitor" });
  });

  it("that goes back to what never ran in the shop is refused, however sure, also as an alternative", async () => {
    const back = {
      action: "rollback",
      patch_version: "0.9.0",
      confidence: 1,
      explanation: "trust me",
    } as const;
    const candidates: DecideRequest["candidates"] = [
      ...REQUEST.candidates,
      { action: "rollback", version: "1.2.1", step: "downgrade", reversible: true },
      { action: "rollback", version: "0.9.0", step: "downgrade", reversible: true },
    ];
    const request = aDecideRequest({ candidates, changed_from: "1.2.1" });
    const asked = async (answer: object) => {
      const { url } = await aServer((_, response) => json(response, 200, answer));
      return decide(request, portsTo(url));
    };
    expect(await asked(back)).toMatchObject({
      source: "builtin",
      patch_version: "1.2.1",
      fallback_reason: "sira: proposed rollback to 0.9.0, which is not known to have run here",
    });
    const returns = { ...back, patch_version: "1.2.1" };
    expect(await asked({ ...returns, alternatives: [back] })).toMatchObject({
      source: "sira",
      patch_version: "1.2.1",
      alternatives: [],
    });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["never comes", () => undefined],
    [
      "comes drop by drop",
      (response) => {
        response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
        const drip = setInterval(() => response.write(" "), 100);
        response.on("close", () => clearInterval(drip));
      },
    ],
  ])("that %s is waited for two seconds, not longer", async (_, answer) => {
    const asked = Promise.withResolvers<void>();
    let isOver = false;
    const decided = decidedWith((response) => {
      answer(response);
      asked.resolve();
    }).finally(() => {
      isOver = true;
    });
    await asked.promise;
    vi.advanceTimersByTime(1_999);
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await decided).toMatchObject({
      source: "builtin",
      fallback_reason: "sira: timeout: no answer within 2000 ms",
    });
  });

  it("is not even asked for while the service is known to be broken", async () => {
    const { url, received } = await aServer((_, response) => text("<html>")(response));
    const ports = portsTo(url, remoteBreakers({ threshold: 2, openMs: 60_000 }));
    for (let i = 0; i < 5; i++) expect((await decide(REQUEST, ports)).source).toBe("builtin");
    expect(received).toHaveLength(2);
    expect((await decide(REQUEST, ports)).fallback_reason).toBe(
      "sira: network: circuit open after repeated failures",
    );
  });
});
