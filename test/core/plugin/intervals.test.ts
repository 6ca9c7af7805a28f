import { describe, expect, it } from "vitest";
import { enrollPlugin } from "../../../src/core/plugin/enroll.ts";
import { nextIntervalS } from "../../../src/core/plugin/reply.ts";
import type { PluginState } from "../../../src/core/plugin/state.ts";
import { step } from "../../../src/core/plugin/step.ts";
import { aHeartbeat, T0 } from "../../builders/heartbeat.ts";
import { aPolicy } from "../../builders/release.ts";
import { seeded } from "../../builders/seeded.ts";

const policy = aPolicy();
const { intervals } = policy;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function aFleet(size: number): PluginState[] {
  const random = seeded(7);
  return Array.from({ length: size }, () => {
    const key = Array.from({ length: 27 }, () => ALPHABET[Math.floor(random() * 64)]).join("");
    const enrollment = {
      id: `plg_${key}`,
      merchantId: "shop-1",
      product: "molam-woocommerce",
      version: "1.2.2",
      env: {},
      siteUrl: null,
      credential: { kind: "hmac", sealed: "v1.x" } as const,
    };
    return enrollPlugin(enrollment, "Shop one", intervals.heartbeat_s, T0).state;
  });
}

/** The largest share of the fleet that beats in one and the same second. */
function crowd(seconds: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const second of seconds) counts.set(second, (counts.get(second) ?? 0) + 1);
  return Math.max(...counts.values()) / seconds.length;
}

describe("a thousand plugins enrolled in the same second", () => {
  const fleet = aFleet(1000);

  it("do not beat together, from the first beat on", () => {
    expect(crowd(fleet.map((state) => state.askedS))).toBeLessThan(0.07);
  });

  it("stay spread over the whole interval, hour after hour", () => {
    const perSecond = new Map<number, number>();
    for (const enrolled of fleet) {
      let state = enrolled;
      let now = T0 + 1000;
      while (now < T0 + 3 * 3_600_000) {
        const beat = aHeartbeat({ plugin_id: state.id, seq: state.seq + 1 });
        const stepped = step(state, { type: "beat", beat }, { now, policy });
        if (!stepped.ok) throw new Error("refused");
        state = stepped.value.state;
        now += state.askedS * 1000;
        const second = Math.floor(now / 1000);
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      }
    }
    // About 8 a second is the mean.
    expect(Math.max(...perSecond.values())).toBeLessThan(40);
  });

  it("are told the same interval every time: jitter that changes would hide a late beat", () => {
    for (const state of fleet.slice(0, 50))
      expect(nextIntervalS(state, intervals, T0 + 86_400_000)).toBe(nextIntervalS(state, intervals, T0));
  });

  it.each([
    ["probation", { runState: "probation" as const }, intervals.probation_s, 3],
    ["a storm", { stormSeenAt: T0 }, 2 * intervals.heartbeat_s, 40],
  ])("are spread during %s too, by a tenth to either side", (_, change, seconds, distinct) => {
    const asked = fleet.map((state) => nextIntervalS({ ...state, ...change }, intervals, T0 + 1));
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(Math.floor(seconds * 0.9));
    expect(Math.max(...asked)).toBeLessThanOrEqual(Math.ceil(seconds * 1.1));
    expect(new Set(asked).size).toBeGreaterThanOrEqual(distinct);
  });
});

it("forgets a storm that it has not heard of for five minutes", () => {
  const [state] = aFleet(1);
  if (state === undefined) throw new Error("no plugin");
  const ordinary = nextIntervalS(state, intervals, T0);
  expect(nextIntervalS({ ...state, stormSeenAt: T0 }, intervals, T0 + 299_000)).toBeGreaterThan(ordinary);
  expect(nextIntervalS({ ...state, stormSeenAt: T0 }, intervals, T0 + 300_000)).toBe(ordinary);
});

it("asks for faster beats for ten minutes after a change of version, whoever made it", () => {
  const [state] = aFleet(1);
  if (state === undefined) throw new Error("no plugin");
  const ordinary = nextIntervalS(state, intervals, T0);
  const changed = { ...state, lastChange: { from: "1.2.1", at: T0 } };
  expect(nextIntervalS(changed, intervals, T0 + 599_000)).toBeLessThan(ordinary / 2);
  expect(nextIntervalS(changed, intervals, T0 + 600_000)).toBe(ordinary);
});
