import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { siraOf } from "../../durable-objects/stubs.ts";
import type { FeedbackRequest } from "../../src/contract/decision.ts";
import { aDecideRequest, PLUGIN_KEY } from "../core/decide-request.ts";
import { bindings } from "./bindings.ts";

const request = aDecideRequest({
  candidates: [
    { action: "patch", version: "1.2.3" },
    { action: "patch", version: "1.2.4" },
  ],
});

function aFeedback(number: number, overrides: Partial<FeedbackRequest> = {}): FeedbackRequest {
  return {
    attempt_id: `att_${PLUGIN_KEY}_${number}`,
    incident_id: request.incident.id,
    plugin_id: request.plugin.id,
    product: "demo-pay",
    signature: request.incident.signature,
    env: {},
    from_version: "1.2.2",
    action: "patch",
    target_version: "1.2.3",
    confidence: 0.7,
    outcome: "rolled_back",
    reason: "errors rose",
    finished_at: "2026-11-22T12:00:00Z",
    ...overrides,
  };
}

describe("SIRA object", () => {
  it("learns from an attempt once, keeps it across an eviction, and decides differently", async () => {
    const sira = siraOf(bindings, "learner");
    expect((await sira.decide(request)).patch_version).toBe("1.2.3");
    expect(await sira.learn(aFeedback(1))).toEqual({ status: "learned" });
    expect(await sira.learn(aFeedback(1))).toEqual({ status: "known" });
    await evictDurableObject(bindings.SIRA.getByName("learner"));
    expect(await sira.learn(aFeedback(1))).toEqual({ status: "known" });
    const reply = await sira.decide(request);
    expect(reply.patch_version).toBe("1.2.4");
    expect(reply.alternatives[0]?.explanation).toContain("0 of 1 shops recovered");
  });

  it("keeps signatures and products apart", async () => {
    const sira = siraOf(bindings, "other-product");
    await sira.learn(aFeedback(1, { signature: "error_spike|1.2.2|x" }));
    expect((await sira.decide(request)).patch_version).toBe("1.2.3");
  });
});
