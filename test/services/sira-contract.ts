/**
 * What every decision service must do, in the words of its contract: run against the built-in one behind the Worker's routes, and
 * against a remote one behind a real HTTP server. It says nothing of how a service thinks.
 */
import { describe, expect, it } from "vitest";
import {
  DecideReply,
  type DecideRequest,
  FeedbackReply,
  type FeedbackRequest,
} from "../../src/contract/decision.ts";
import type { VoteRequest } from "../../src/contract/sira-memory.ts";
import { objectionTo } from "../../src/core/sira/objection.ts";
import { aDecideRequest, PLUGIN_KEY } from "../core/sira/decide-request.ts";

export interface SiraUnderTest {
  token: string;
  /** POST with this body as it is; the answer's status and text. */
  post(
    path: string,
    body: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string }>;
}

const REMEDY = "rmd_timeouts";

export function siraContract(name: string, open: () => Promise<SiraUnderTest>): void {
  /** Each test has a product of its own: a service remembers. */
  let products = 0;
  const aProduct = () => `contract-${++products}`;

  async function send(path: string, body: unknown, over: Record<string, string> = {}) {
    const { token, post } = await open();
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}`, ...over };
    return post(path, typeof body === "string" ? body : JSON.stringify(body), headers);
  }
  async function decide(request: DecideRequest): Promise<DecideReply> {
    const { status, text } = await send("/api/sira/decide", request);
    expect([status, text.slice(0, 300)]).toEqual([200, expect.any(String)]);
    return DecideReply.parse(JSON.parse(text));
  }
  async function learn(feedback: FeedbackRequest): Promise<FeedbackReply["status"]> {
    const { status, text } = await send("/api/sira/feedback", feedback);
    expect(status).toBe(200);
    return FeedbackReply.parse(JSON.parse(text)).status;
  }

  const aRequest = (product: string, over: Parameters<typeof aDecideRequest>[0] = {}): DecideRequest => {
    const request = aDecideRequest({
      candidates: [
        { action: "patch", version: "1.2.3", step: "patch", reversible: true },
        { action: "patch", version: "1.2.4", step: "patch", reversible: true },
        { action: "escalate" },
        { action: "monitor" },
      ],
      ...over,
    });
    return { ...request, plugin: { ...request.plugin, product } };
  };
  const aFeedback = (
    product: string,
    number: number,
    over: Partial<FeedbackRequest> = {},
  ): FeedbackRequest => {
    const { incident, plugin } = aRequest(product);
    return {
      attempt_id: `att_${PLUGIN_KEY}_${number}`,
      incident_id: incident.id,
      plugin_id: plugin.id,
      product,
      signature: incident.signature,
      env: plugin.env,
      from_version: plugin.version,
      action: "patch",
      target_version: "1.2.3",
      confidence: 0.7,
      outcome: "rolled_back",
      reason: "errors rose",
      finished_at: "2026-11-22T12:00:00Z",
      ...over,
    };
  };
  const aVote = (product: string, revision: number): VoteRequest => ({
    incident_id: `inc_${PLUGIN_KEY}_1`,
    plugin_id: `plg_${PLUGIN_KEY}`,
    product,
    signature: aRequest(product).incident.signature,
    person: "vera",
    revision,
    vote: "false_positive",
    at: "2026-11-22T12:00:00Z",
  });

  describe(`${name}: the contract of a decision service`, () => {
    it.each([
      "webhook_fail_rate",
      "error_spike",
      "new_error",
      "webhook_disabled",
      "heartbeat_missed",
      "unheard_of",
    ])("chooses only what is on offer for %s, also from a request of an earlier version", async (type) => {
      const request = aRequest(aProduct(), { type });
      expect(objectionTo(await decide(request), request)).toBeNull();
      const nothing = aRequest(aProduct(), { type, candidates: [] });
      expect(["escalate", "monitor"]).toContain((await decide(nothing)).action);
    });

    it("does not only watch what is grave", async () => {
      for (const severity of ["high", "critical"] as const) {
        const request = aRequest(aProduct());
        request.incident.severity = severity;
        expect((await decide(request)).action).not.toBe("monitor");
        const nothing = aRequest(aProduct(), { candidates: [{ action: "monitor" }] });
        nothing.incident.severity = severity;
        expect((await decide(nothing)).action).toBe("escalate");
      }
    });

    it("goes back only to what ran in the shop before", async () => {
      const older: DecideRequest["candidates"] = [
        { action: "rollback", version: "0.9.0", step: "downgrade", reversible: true },
      ];
      for (const changed_from of [undefined, "1.2.1"]) {
        const request = aRequest(aProduct(), {
          candidates: older,
          ...(changed_from === undefined ? {} : { changed_from }),
        });
        expect((await decide(request)).action).not.toBe("rollback");
      }
    });

    it("understands a request with everything that one may carry", async () => {
      const request = aRequest(aProduct(), { changed_from: "1.2.1" });
      request.candidates.push(
        { action: "rollback", version: "1.2.1", step: "downgrade", reversible: true },
        { action: "config", remedy: REMEDY, config: { timeout_s: 20 }, reversible: true },
      );
      request.excluded.push({ action: "config", remedy: "rmd_other-one" });
      request.allowed = { actions: ["patch", "rollback", "config"], min_confidence: 0.6, steps: ["patch"] };
      const reply = await decide(request);
      expect(objectionTo(reply, request)).toBeNull();
      const [low, high] = reply.interval ?? [reply.confidence, reply.confidence];
      expect(low).toBeLessThanOrEqual(reply.confidence);
      expect(high).toBeGreaterThanOrEqual(reply.confidence);
    });

    it("passes over fields that it does not know", async () => {
      const request = { ...aRequest(aProduct()), of_the_future: { deep: [1, 2, 3] } };
      expect(await decide(request)).toMatchObject({ action: expect.any(String) });
    });

    it("never chooses a fix that failed on this plugin", async () => {
      const excluded: DecideRequest["excluded"] = [{ action: "patch", version: "1.2.3" }];
      expect((await decide(aRequest(aProduct(), { excluded }))).patch_version).not.toBe("1.2.3");
      const all: DecideRequest["excluded"] = [{ action: "patch" }];
      expect((await decide(aRequest(aProduct(), { excluded: all }))).action).not.toBe("patch");
    });

    it("gives the same answer to the same question", async () => {
      const request = aRequest(aProduct());
      expect(await decide(request)).toEqual(await decide(request));
    });

    it("learns from failures, and prefers what has not failed", async () => {
      const product = aProduct();
      const { patch_version: first } = await decide(aRequest(product));
      const target_version = first ?? "1.2.3";
      for (let i = 1; i <= 6; i++)
        expect(await learn(aFeedback(product, i, { target_version }))).toBe("learned");
      expect((await decide(aRequest(product))).patch_version).not.toBe(target_version);
    });

    it("is surer of a fix that healed", async () => {
      const product = aProduct();
      const before = await decide(aRequest(product));
      const target_version = before.patch_version ?? "1.2.3";
      for (let i = 1; i <= 12; i++)
        await learn(aFeedback(product, i, { target_version, outcome: "success" }));
      const after = await decide(aRequest(product));
      expect(after.patch_version).toBe(target_version);
      expect(after.confidence).toBeGreaterThan(before.confidence);
    });

    it("learns from an attempt once, and from a newer account of it once more", async () => {
      const product = aProduct();
      const healed = aFeedback(product, 1, { outcome: "success" });
      expect(await learn(healed)).toBe("learned");
      expect(await learn(healed)).toBe("known");
      const relapsed = aFeedback(product, 1, { outcome: "failed", revision: 2, reason: "came back" });
      expect(await learn(relapsed)).toBe("learned");
      expect(await learn(relapsed)).toBe("known");
      expect(await learn(healed)).toBe("known");
    });

    it("takes every outcome, with and without what an earlier version does not send", async () => {
      const product = aProduct();
      for (const [i, outcome] of (["success", "rolled_back", "failed", "inconclusive"] as const).entries())
        expect(await learn(aFeedback(product, i + 1, { outcome }))).toBe("learned");
      const { target_version: _, ...rest } = aFeedback(product, 9);
      const config = { ...rest, action: "config" as const, remedy: REMEDY, incident_type: "error_spike" };
      expect(await learn(config)).toBe("learned");
    });

    it("takes a person's vote once by its revision", async () => {
      const product = aProduct();
      const cast = async (revision: number) =>
        FeedbackReply.parse(JSON.parse((await send("/api/sira/votes", aVote(product, revision))).text))
          .status;
      expect([await cast(2), await cast(2), await cast(1), await cast(3)]).toEqual([
        "learned",
        "known",
        "known",
        "learned",
      ]);
    });

    it.each(["/api/sira/decide", "/api/sira/feedback", "/api/sira/votes"])(
      "%s answers nobody without its token",
      async (path) => {
        for (const authorization of ["", "Bearer wrong", "Basic dG9rZW4=", "Bearer "]) {
          const { status, text } = await send(path, aRequest(aProduct()), { authorization });
          expect(status).toBe(401);
          expect(text).not.toContain("patch");
        }
      },
    );

    it.each<[string, string, string, Record<string, string>, number]>([
      ["what is no JSON", "/api/sira/decide", "{", {}, 400],
      ["what is not of the shape", "/api/sira/decide", "{}", {}, 400],
      ["a lesson without an attempt", "/api/sira/feedback", JSON.stringify({ outcome: "success" }), {}, 400],
      ["a vote without a person", "/api/sira/votes", JSON.stringify({ vote: "useful" }), {}, 400],
      ["another media type", "/api/sira/decide", "{}", { "content-type": "text/plain" }, 415],
      ["what is too long", "/api/sira/decide", JSON.stringify({ pad: "x".repeat(100_000) }), {}, 413],
    ])("refuses %s", async (_, path, body, headers, status) => {
      expect((await send(path, body, headers)).status).toBe(status);
    });

    it("learns nothing from what it refuses", async () => {
      const product = aProduct();
      const before = await decide(aRequest(product));
      const bad = { ...aFeedback(product, 1), outcome: "splendid" };
      expect((await send("/api/sira/feedback", bad)).status).toBe(400);
      expect(await decide(aRequest(product))).toEqual(before);
      expect(await learn(aFeedback(product, 1))).toBe("learned");
    });
  });
}
