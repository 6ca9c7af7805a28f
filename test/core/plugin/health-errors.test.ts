/** How often the health check errs, counted over simulated watches with fixed seeds: bounds, not exact figures. */
import { describe, expect, it } from "vitest";
import { binomial, type Random, seededRandom } from "../../../sim/random.ts";
import type { HealthVerdict } from "../../../src/contract/attempt.ts";
import type { Level } from "../../../src/core/plugin/yardstick.ts";
import { aBaseline, type Conditions, drawnVerdict } from "./watched-shop.ts";

const WATCHES = 800;

type Draw = (random: Random) => Partial<Conditions>;

/** Shares of the watches that ended in each verdict. */
function shares(draw: Draw): Record<HealthVerdict["verdict"], number> {
  const random = seededRandom(20_260_302);
  const ended = { healthy: 0, unhealthy: 0, inconclusive: 0 };
  for (let i = 0; i < WATCHES; i++) {
    const conditions: Conditions = {
      original: "webhook_fail_rate",
      baseline: aBaseline(),
      webhooksPerHour: 0,
      webhooksFail: 0.01,
      requestsPerHour: 0,
      requestsFail: 0.001,
      clump: 1,
      probes: 0,
      ...draw(random),
    };
    ended[drawnVerdict(conditions, random)] += 1 / WATCHES;
  }
  return ended;
}

/** What a baseline of so many trials shows of a true share: it is drawn, too. */
function known(share: number, trials: number, usual: number, random: Random): Level {
  return { failures: binomial(trials, share, random), trials, usual };
}

interface Good {
  name: string;
  draw: Draw;
  healthy: number;
}
const webhooks =
  (share: number, trials: number, perHour: number): Draw =>
  (random) => ({
    baseline: aBaseline({ webhooks: known(share, trials, Math.min(share, 0.015), random) }),
    webhooksPerHour: perHour,
    webhooksFail: share,
  });
const errors =
  (share: number, since: number, perHour: number, clump = 1, spread = 1): Draw =>
  (random) => ({
    original: "error_spike",
    baseline: aBaseline({
      errors: known(share, 20_000, share, random),
      spread,
      fault: { errors: 0.3 },
    }),
    requestsPerHour: perHour,
    requestsFail: since,
    clump,
  });

/** Two probes with every beat that passed before the change, too. */
const probed =
  (draw: Draw): Draw =>
  (random) => ({ ...draw(random), probes: 2 });

/** The fault goes on as it was. */
const goingOn =
  (share: number, perHour: number): Draw =>
  (random) => ({
    ...webhooks(0.01, 2_000, perHour)(random),
    baseline: aBaseline({ fault: { webhooks: share } }),
    webhooksFail: share,
  });

const AS_BEFORE: Good[] = [
  { name: "1 % of webhooks, 60 an hour", draw: webhooks(0.01, 2_000, 60), healthy: 0.9 },
  {
    name: "1 % of webhooks, 300 an hour, of a shop little known",
    draw: webhooks(0.01, 100, 300),
    healthy: 0.98,
  },
  { name: "3 % of webhooks, 300 an hour", draw: webhooks(0.03, 2_000, 300), healthy: 0.98 },
  { name: "3 % of webhooks, 3,000 an hour", draw: webhooks(0.03, 5_000, 3_000), healthy: 0.99 },
  { name: "10 % of webhooks, 3,000 an hour", draw: webhooks(0.1, 5_000, 3_000), healthy: 0.99 },
  { name: "0.1 % of requests, 2,000 an hour", draw: errors(0.001, 0.001, 2_000), healthy: 0.99 },
  { name: "3 % of requests, 20,000 an hour", draw: errors(0.03, 0.03, 20_000), healthy: 0.99 },
  { name: "2 % of requests in clumps of three", draw: errors(0.02, 0.02, 20_000, 3, 5), healthy: 0.98 },
  {
    name: "2 webhooks an hour, and a probe that failed before with every beat",
    draw: (random) => ({ ...webhooks(0.01, 40, 2)(random), probes: 1, probesFailedBefore: true }),
    healthy: 0.95,
  },
  { name: "10 webhooks an hour, and green probes", draw: probed(webhooks(0.01, 200, 10)), healthy: 0.35 },
  { name: "30 webhooks an hour, and green probes", draw: probed(webhooks(0.01, 2_000, 30)), healthy: 0.97 },
  { name: "60 webhooks an hour, and green probes", draw: probed(webhooks(0.01, 2_000, 60)), healthy: 0.99 },
];

const WORSE: { name: string; draw: Draw; missed: number }[] = [
  {
    name: "an outage that goes on, 60 webhooks an hour",
    draw: (r) => ({ ...webhooks(0.01, 2_000, 60)(r), webhooksFail: 1 }),
    missed: 0,
  },
  {
    name: "60 % of the webhooks, as during the fault",
    draw: (r) => ({ ...webhooks(0.01, 2_000, 300)(r), webhooksFail: 0.6 }),
    missed: 0.01,
  },
  {
    name: "25 % of the webhooks, as during the fault",
    draw: (r) => {
      const given = webhooks(0.01, 2_000, 300)(r);
      return { ...given, baseline: aBaseline({ fault: { webhooks: 0.25 } }), webhooksFail: 0.25 };
    },
    missed: 0.05,
  },
  ...[2, 10, 60].map((perHour) => ({
    name: `an outage that goes on, ${perHour} webhooks an hour, and green probes`,
    draw: probed(goingOn(1, perHour)),
    missed: 0,
  })),
  ...[2, 10, 60].map((perHour) => ({
    name: `60 % of ${perHour} webhooks an hour, as during the fault, and green probes`,
    draw: probed(goingOn(0.6, perHour)),
    missed: 0.02,
  })),
  ...[2, 10, 60].map((perHour) => ({
    name: `25 % of ${perHour} webhooks an hour, as during the fault, and green probes`,
    draw: probed(goingOn(0.25, perHour)),
    missed: 0.12,
  })),
  {
    name: "30 % of 20 requests an hour, as during the fault, and green probes",
    draw: probed(errors(0.001, 0.3, 20)),
    missed: 0,
  },
  { name: "30 % of the requests, as during the fault", draw: errors(0.001, 0.3, 2_000), missed: 0.01 },
  {
    name: "from 0.1 % of the requests to 5 %, 20,000 an hour",
    draw: errors(0.001, 0.05, 20_000),
    missed: 0.01,
  },
  { name: "from 3 % of the requests to 20 %", draw: errors(0.03, 0.2, 2_000), missed: 0.02 },
];

describe("a change that is as good as before the fault", () => {
  it.each(AS_BEFORE)("is rolled back in fewer than 1 of 200 watches: $name", ({ draw, healthy }) => {
    const ended = shares(draw);
    expect(ended.unhealthy).toBeLessThan(0.005);
    expect(ended.healthy).toBeGreaterThanOrEqual(healthy);
  });
});

describe("a change under which it is worse than before", () => {
  it.each(WORSE)("passes for healthy in at most $missed of the watches: $name", ({ draw, missed }) => {
    expect(shares(draw).healthy).toBeLessThanOrEqual(missed);
  });

  it("passes rarely even when it mends most of an outage and fails a fifth", () => {
    const ended = shares((random) => ({ ...webhooks(0.01, 2_000, 300)(random), webhooksFail: 0.2 }));
    expect(ended.healthy).toBeLessThan(0.3);
    expect(ended.unhealthy).toBeGreaterThan(0.7);
  });
});

describe("a shop with two webhooks an hour and no probes", () => {
  it("is neither called healthy nor rolled back: a person is asked", () => {
    const ended = shares(webhooks(0.01, 40, 2));
    expect(ended.inconclusive).toBeGreaterThan(0.98);
  });
});
