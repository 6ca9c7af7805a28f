import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeartbeatData } from "../../../src/contract/heartbeat.ts";
import {
  anyFires,
  findings,
  isJudged,
  newDetection,
  observeBeat,
} from "../../../src/core/detect/detection.ts";
import { aGaugeHeartbeat, T0 } from "../../builders/heartbeat.ts";

const SUBSTANTIAL: ReadonlySet<string> = new Set(["webhook_fail_rate", "error_spike"]);
const UNKNOWN: ReadonlySet<string> = new Set(["learning", "not_enough_data"]);

const aBeat = fc.record({
  afterS: fc.constantFrom(15, 30, 120, 3600, 90_000),
  requests: fc.nat(300),
  errorShare: fc.constantFrom(0, 0, 0.01, 0.3, 1),
  sent: fc.nat(20),
  failShare: fc.constantFrom(0, 0, 0.1, 1),
  version: fc.constantFrom("1.2.2", "1.2.2", "1.2.3"),
  counted: fc.boolean(),
  fingerprint: fc.constantFrom("E1:a", "E1:b", "E1:c"),
  cadence: fc.constantFrom("resident" as const, "page-view" as const),
  subscription: fc.constantFrom(
    "active" as const,
    "active" as const,
    "disabled" as const,
    "unknown" as const,
  ),
});

describe("the short answers", () => {
  it("say what all the findings together say, whatever a plugin has told", () => {
    const seen = { fires: 0, calm: 0, judged: 0, unjudged: 0 };
    fc.assert(
      fc.property(fc.array(aBeat, { minLength: 1, maxLength: 30 }), fc.boolean(), (beats, gauges) => {
        let now = T0;
        let state = newDetection(now);
        const counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
        for (const [i, told] of beats.entries()) {
          now += told.afterS * 1000;
          const failed = Math.round(told.sent * told.failShare);
          const errors = Math.round(told.requests * told.errorShare);
          counters.requests += told.counted ? told.requests : 0;
          counters.errors += errors;
          counters.webhooks_sent += told.sent;
          counters.webhooks_failed += failed;
          const plain = aGaugeHeartbeat({
            seq: i + 1,
            version: told.version,
            cadence: told.cadence,
            webhook_subscription: told.subscription,
            errors: errors > 0 ? [{ fingerprint: told.fingerprint, message: "m", count: errors }] : [],
          });
          const figures = gauges
            ? { telemetry: { errors_last_24h: errors * 10, webhook_fail_rate: told.failShare } }
            : { counters: { ...counters } };
          state = observeBeat(state, { ...plain, ...figures } as HeartbeatData, now);
          for (const at of [now, now + 100_000, now + 90_000_000]) {
            const all = findings(state, at, 120_000);
            const fires = all.some(({ firing }) => firing);
            const judged = all.some(({ type, standing }) => SUBSTANTIAL.has(type) && !UNKNOWN.has(standing));
            expect(anyFires(state, at, 120_000)).toBe(fires);
            expect(isJudged(state, at)).toBe(judged);
            seen[fires ? "fires" : "calm"] += 1;
            seen[judged ? "judged" : "unjudged"] += 1;
          }
        }
      }),
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
  });
});
