import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DecideReply, DecideRequest, FeedbackRequest } from "../../src/contract/decision.ts";
import type { VoteRequest } from "../../src/contract/sira-memory.ts";
import { type RemoteSira, remoteBreakers, remoteSira, remoteSiraAt } from "../../src/services/sira-remote.ts";
import { decide, type SiraPorts, sendFeedback, sendVote } from "../../src/services/sira-service.ts";
import { aServer, json } from "./loopback-server.ts";

// The service has two seconds to answer: here it has as long as the machine takes.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const T0 = Date.parse("2026-11-22T12:00:00.000Z");
const KEY = "A".repeat(27);

function aRequest(overrides: Partial<DecideRequest> = {}): DecideRequest {
  return {
    incident: {
      id: `inc_${KEY}_1`,
      type: "webhook_fail_rate",
      severity: "medium",
      signature: "webhook_fail_rate|1.2.2",
      value: 0.6,
      bound: 0.2,
      detected_at: new Date(T0).toISOString(),
    },
    plugin: { id: `plg_${KEY}`, product: "molam-pay", version: "1.2.2", env: {} },
    candidates: [
      { action: "patch", version: "1.2.3", step: "patch", reversible: true },
      { action: "patch", version: "1.2.4", step: "patch", reversible: true },
      { action: "rollback", version: "1.2.1" },
    ],
    excluded: [],
    ...overrides,
  };
}

function aReply(overrides: Partial<DecideReply> = {}): DecideReply {
  return {
    action: "patch",
    patch_version: "1.2.3",
    confidence: 0.8,
    explanation: "mended elsewhere",
    alternatives: [],
    ...overrides,
  };
}

const CONFIG = { action: "config", remedy: "rmd_timeouts" } as const;
const CONFIG_OFFER = aRequest({
  candidates: [
    ...aRequest().candidates,
    { ...CONFIG, config: { timeout_s: 20 } },
    { action: "config", remedy: "rmd_failed-1", config: { timeout_s: 40 } },
  ],
  excluded: [{ action: "config", remedy: "rmd_failed-1" }],
});
function anAnswer(choice: Partial<DecideReply>): DecideReply {
  return {
    action: "escalate",
    confidence: 0.8,
    explanation: "mended elsewhere",
    alternatives: [],
    ...choice,
  };
}

const aFeedback: FeedbackRequest = {
  attempt_id: `att_${KEY}_1`,
  incident_id: `inc_${KEY}_1`,
  plugin_id: `plg_${KEY}`,
  product: "molam-pay",
  signature: "s",
  env: {},
  from_version: "1.2.2",
  action: "patch",
  target_version: "1.2.3",
  confidence: 0.8,
  outcome: "success",
  reason: "healthy",
  finished_at: new Date(T0).toISOString(),
};

function ports(overrides: Partial<SiraPorts> = {}): SiraPorts {
  return {
    remote: null,
    builtin: {
      decide: async () => aReply({ explanation: "built-in" }),
      learn: async () => ({ status: "learned" }),
      vote: async () => ({ status: "learned" }),
    },
    now: () => T0,
    ...overrides,
  };
}

async function aRemote(status: number, body: unknown): Promise<RemoteSira> {
  const { url } = await aServer((_, response) => json(response, status, body));
  return remoteSiraAt(url, "token", remoteBreakers());
}

describe("a decision", () => {
  it("comes from the remote service when it answers well", async () => {
    const { url, received } = await aServer((_, response) => json(response, 200, aReply()));
    const decision = await decide(
      aRequest(),
      ports({ remote: remoteSiraAt(url, "token", remoteBreakers()) }),
    );
    expect(decision).toEqual({ ...aReply(), source: "sira", decided_at: "2026-11-22T12:00:00.000Z" });
    expect(received[0]).toMatchObject({
      url: "/api/sira/decide",
      headers: { authorization: "Bearer token" },
      body: JSON.stringify(aRequest()),
    });
  });

  it.each<[string, number, unknown, RegExp]>([
    ["fails", 503, {}, /^sira: status: answered 503$/],
    ["answers nonsense", 200, { action: "sing" }, /^sira: invalid/],
    ["invents a version", 200, aReply({ patch_version: "9.9.9" }), /^sira: proposed patch to 9\.9\.9/],
  ])(
    "comes from the built-in service when the remote one %s, with the reason",
    async (_, status, body, reason) => {
      const decision = await decide(aRequest(), ports({ remote: await aRemote(status, body) }));
      expect(decision.source).toBe("builtin");
      expect(decision.fallback_reason).toMatch(reason);
    },
  );

  it("comes from rules when both services fail", async () => {
    const broken = async () => Promise.reject(new Error("object overloaded"));
    const decision = await decide(
      aRequest(),
      ports({ remote: await aRemote(500, {}), builtin: { decide: broken, learn: broken, vote: broken } }),
    );
    expect(decision).toMatchObject({
      source: "heuristic",
      action: "patch",
      patch_version: "1.2.3",
      fallback_reason: "sira: status: answered 500; builtin: object overloaded",
    });
  });

  it("never repeats a fix that failed here, whoever proposes it", async () => {
    const excluded = [{ action: "patch" as const, version: "1.2.3" }];
    const decision = await decide(aRequest({ excluded }), ports());
    expect(decision).toMatchObject({ source: "heuristic", patch_version: "1.2.4" });
    expect(decision.fallback_reason).toMatch(/already failed here/);
  });

  it.each<[string, Partial<DecideReply>, RegExp]>([
    [
      "whose interval does not hold its confidence",
      { confidence: 0.99, interval: [0.1, 0.2] },
      /is 0\.99 sure, but/,
    ],
    ["that was tried in order to learn, unasked", { explored: true }, /which nothing allowed/],
    ["with settings of its own", { ...CONFIG, config: { timeout_s: 1 } }, /other settings than were offered/],
    ["with one setting too many", { ...CONFIG, config: { timeout_s: 20, debug: true } }, /other settings/],
    [
      "of a remedy that was not offered",
      { ...CONFIG, remedy: "rmd_invented" },
      /config to rmd_invented, which is not/,
    ],
    ["of a remedy that failed here", { ...CONFIG, remedy: "rmd_failed-1" }, /already failed here/],
  ])("refuses an answer %s", async (_, over, reason) => {
    const { patch_version: __, ...reply } = aReply();
    const answer = { ...reply, ...(over.action === "config" ? {} : { patch_version: "1.2.3" }), ...over };
    const decision = await decide(CONFIG_OFFER, ports({ remote: await aRemote(200, answer) }));
    expect(decision.source).toBe("builtin");
    expect(decision.fallback_reason).toMatch(reason);
  });

  it("takes a remedy's settings from the offer, and drops settings beside another action", async () => {
    const named = await decide(CONFIG_OFFER, ports({ remote: await aRemote(200, anAnswer(CONFIG)) }));
    expect(named).toMatchObject({ source: "sira", remedy: "rmd_timeouts", config: { timeout_s: 20 } });
    const slip = aReply({ config: { timeout_s: 1 } });
    const patched = await decide(CONFIG_OFFER, ports({ remote: await aRemote(200, slip) }));
    expect(patched).toMatchObject({ source: "sira", patch_version: "1.2.3" });
    expect(patched.config).toBeUndefined();
  });

  it("drops alternatives that were not on offer", async () => {
    const alternatives = [
      { action: "patch", patch_version: "1.2.4", confidence: 0.5, explanation: "next" },
      { action: "patch", patch_version: "7.0.0", confidence: 0.4, explanation: "invented" },
    ] as const;
    const builtin = { ...ports().builtin, decide: async () => aReply({ alternatives: [...alternatives] }) };
    expect((await decide(aRequest(), ports({ builtin }))).alternatives).toEqual([alternatives[0]]);
  });

  it.each([
    ["were refused", 400],
    ["found the service down", 503],
  ])("is asked for also after lessons that %s", async (_, status) => {
    const { url } = await aServer(({ url: path }, response) =>
      path.endsWith("/decide") ? json(response, 200, aReply()) : json(response, status, {}),
    );
    const remote = remoteSiraAt(url, "token", remoteBreakers({ threshold: 2, openMs: 60_000 }));
    for (let i = 0; i < 3; i++) await sendFeedback(aFeedback, ports({ remote }));
    expect(await decide(aRequest(), ports({ remote }))).toMatchObject({ source: "sira" });
  });

  it("that was refused is no reason to leave the service alone", async () => {
    const { url, received } = await aServer((_, response) => json(response, 400, {}));
    const remote = remoteSiraAt(url, "token", remoteBreakers({ threshold: 2, openMs: 60_000 }));
    for (let i = 0; i < 4; i++) await decide(aRequest(), ports({ remote }));
    expect(received).toHaveLength(4);
  });

  it("leaves a remote service alone after repeated failures", async () => {
    const { url, received } = await aServer((_, response) => json(response, 500, {}));
    const remote = remoteSiraAt(url, "token", remoteBreakers({ threshold: 2, openMs: 60_000 }));
    for (let i = 0; i < 4; i++) await decide(aRequest(), ports({ remote }));
    expect(received).toHaveLength(2);
    const decision = await decide(aRequest(), ports({ remote }));
    expect(decision.fallback_reason).toMatch(/circuit open/);
  });
});

it("has no remote service without its address", () => {
  expect(remoteSira({ SIRA_API_TOKEN: "t" })).toBeNull();
  expect(remoteSira({ SIRA_API_URL: "", SIRA_API_TOKEN: "t" })).toBeNull();
});

describe("feedback", () => {
  it("teaches both services", async () => {
    const taught: FeedbackRequest[] = [];
    const { url, received } = await aServer((_, response) => json(response, 200, { status: "learned" }));
    const builtin = {
      ...ports().builtin,
      learn: async (feedback: FeedbackRequest) => {
        taught.push(feedback);
        return { status: "learned" as const };
      },
    };
    const remote = remoteSiraAt(url, "token", remoteBreakers());
    expect(await sendFeedback(aFeedback, ports({ builtin, remote }))).toEqual({ ok: true });
    expect(taught).toEqual([aFeedback]);
    expect(received[0]).toMatchObject({ url: "/api/sira/feedback", body: JSON.stringify(aFeedback) });
  });

  it("says whether sending again can help", async () => {
    const down = ports({ remote: await aRemote(503, {}) });
    expect(await sendFeedback(aFeedback, down)).toMatchObject({ ok: false, retryable: true });
    const refused = ports({ remote: await aRemote(400, {}) });
    expect(await sendFeedback(aFeedback, refused)).toMatchObject({ ok: false, retryable: false });
  });
});

describe("a vote", () => {
  const vote: VoteRequest = {
    incident_id: `inc_${KEY}_1`,
    plugin_id: `plg_${KEY}`,
    product: "molam-pay",
    signature: "s",
    person: "vera",
    revision: 1,
    vote: "false_positive",
    at: new Date(T0).toISOString(),
  };

  it("is told to both services", async () => {
    const { url, received } = await aServer((_, response) => json(response, 200, { status: "learned" }));
    const remote = remoteSiraAt(url, "token", remoteBreakers());
    expect(await sendVote(vote, ports({ remote }))).toEqual({ ok: true });
    expect(received[0]).toMatchObject({ url: "/api/sira/votes", body: JSON.stringify(vote) });
  });

  it("is not held against a remote service that knows no votes", async () => {
    const breakers = remoteBreakers({ threshold: 1, openMs: 60_000 });
    const { url } = await aServer((_, response) => json(response, 404, {}));
    const remote = remoteSiraAt(url, "token", breakers);
    expect(await sendVote(vote, ports({ remote }))).toEqual({ ok: true });
    expect(breakers.lessons.permit(T0)).toBe(true);
  });

  it("is sent again when a service is down", async () => {
    expect(await sendVote(vote, ports({ remote: await aRemote(503, {}) }))).toMatchObject({
      retryable: true,
    });
  });
});
