import { describe, expect, it } from "vitest";
import {
  blamesRelease,
  COHORT_TEST,
  type Cohort,
  type CohortShop,
  drain,
  dropShop,
  endsFiring,
  enterAt,
  fires,
  hasDrained,
  isExplained,
  leave,
  type Member,
  MIN_SHOPS,
  mayFire,
  NEW_COHORT,
  NEW_SHOP,
  poolReport,
  SHOP_CAP,
} from "../../../src/core/fleet/cohort.ts";
import {
  FOLLOW_UP_TRIALS,
  SATURATED_EVERY_MS,
  type ShopEvidence,
  tellShop,
} from "../../../src/core/fleet/shop-evidence.ts";
import { poisson, seeded } from "../../builders/seeded.ts";

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;
const BEAT = 2 * MINUTE;
const HERE = { version: "1.3.0", platform: "9.1" };

/** Shops of one cohort, beating through the real functions on both sides. */
function aCohort() {
  let cohort: Cohort = NEW_COHORT;
  const shops = new Map<
    number,
    { evidence: ShopEvidence | null; there: CohortShop; member: Member | null }
  >();
  let reports = 0;
  return {
    get cohort() {
      return cohort;
    },
    get reports() {
      return reports;
    },
    beat(shop: number, trials: number, failures: number, now = T0): boolean {
      const known = shops.get(shop) ?? { evidence: null, there: NEW_SHOP, member: null };
      const { evidence, report } = tellShop(known.evidence, HERE, { trials, failures }, now);
      shops.set(shop, { ...known, evidence });
      if (report === null) return false;
      reports += 1;
      const pooled = poolReport(cohort, known.there, report, known.member, now);
      cohort = mayFire(pooled.cohort) ? fires(pooled.cohort) : pooled.cohort;
      shops.set(shop, { evidence, there: pooled.shop, member: { perHour: report.perHour, at: now } });
      return true;
    },
  };
}

describe("a shop's reports", () => {
  it("are a dozen in months of deliveries that succeed, and none for a beat without any", () => {
    const fleet = aCohort();
    for (let i = 0; i < 1000; i++) expect(fleet.beat(1, 0, 0, T0 + i * BEAT)).toBe(false);
    for (let i = 0; i < 4000; i++) fleet.beat(1, 1, 0, T0 + i * BEAT);
    expect(fleet.reports).toBe(12);
  });

  it("tell of failures at once, with every delivery since the last report, then of its recovery until it is paid back", () => {
    const joined = tellShop(null, HERE, { trials: 8, failures: 0 }, T0);
    const before = tellShop(joined.evidence, HERE, { trials: 7, failures: 0 }, T0);
    expect(before.report).toBeNull();
    const failed = tellShop(before.evidence, HERE, { trials: 3, failures: 2 }, T0 + BEAT);
    expect(failed.report).toMatchObject({
      number: 2,
      trials: 10,
      failures: 2,
      version: "1.3.0",
      platform: "9.1",
    });
    let { evidence } = failed;
    const told: number[] = [];
    for (let i = 0; i < 100; i++) {
      const next = tellShop(evidence, HERE, { trials: 4, failures: 0 }, T0 + (i + 2) * BEAT);
      evidence = next.evidence;
      if (next.report) told.push(next.report.trials);
    }
    expect(told.every((trials) => trials >= FOLLOW_UP_TRIALS)).toBe(true);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(6);
    expect(evidence.toldHeld).toBe(0);
  });

  it("are rare when a shop that fails can add nothing more, and say at once that it recovers", () => {
    let evidence: ShopEvidence | null = null;
    let told = 0;
    for (let i = 0; i < 60; i++) {
      const next = tellShop(evidence, HERE, { trials: 20, failures: 20 }, T0 + i * 15_000);
      evidence = next.evidence;
      told += next.report === null ? 0 : 1;
    }
    expect(told).toBe(1 + Math.floor((59 * 15_000) / SATURATED_EVERY_MS));
    const better = tellShop(evidence, HERE, { trials: 20, failures: 0 }, T0 + 60 * 15_000);
    expect(better.report?.held).toBeLessThan(SHOP_CAP);
  });

  it("leave what was untold of another version behind, and say when a shop that holds something moves", () => {
    const { evidence } = tellShop(null, HERE, { trials: 500, failures: 0 }, T0);
    const moved = tellShop(evidence, { ...HERE, version: "1.4.0" }, { trials: 1, failures: 1 }, T0 + BEAT);
    expect(moved.report).toMatchObject({ version: "1.4.0", trials: 1, failures: 1 });
    const back = tellShop(moved.evidence, HERE, { trials: 0, failures: 0 }, T0 + 2 * BEAT);
    expect(back.report).toMatchObject({ number: 3, version: "1.3.0", trials: 0, failures: 0, held: 0 });
    const elsewhere = { ...HERE, platform: null };
    expect(tellShop(back.evidence, elsewhere, { trials: 0, failures: 0 }, T0).report).toBeNull();
  });
});

describe("the pooled evidence", () => {
  it("never fires for one shop or two, however much they fail", () => {
    const fleet = aCohort();
    for (let i = 0; i < 5000; i++) fleet.beat(i % 2, 50, 50, T0 + i * BEAT);
    expect(fleet.cohort).toMatchObject({ firing: false, shops: 2 });
    expect(fleet.cohort.sum).toBeLessThanOrEqual(2 * SHOP_CAP);
  });

  it("fires for three shops that fail totally, also when that takes them an hour and they were in order before", () => {
    const fleet = aCohort();
    for (let shop = 0; shop < MIN_SHOPS; shop++)
      for (let i = 0; i < 200; i++) fleet.beat(shop, 1, 0, T0 + (i - 200) * 15 * BEAT);
    for (let i = 0; i < 6; i++)
      for (let shop = 0; shop < MIN_SHOPS; shop++) fleet.beat(shop, 1, 1, T0 + (i * 10 + shop) * MINUTE);
    expect(fleet.cohort.firing).toBe(true);
  });

  it("keeps its books: held and shops are the sum of what the shops hold, the sum stays within its bounds", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      let cohort = NEW_COHORT;
      const shops = Array.from({ length: 8 }, () => NEW_SHOP);
      for (let i = 0; i < 400; i++) {
        const n = Math.floor(random() * shops.length);
        const shop = shops[n] ?? NEW_SHOP;
        if (random() < 0.1) {
          cohort = dropShop(cohort, shop);
          shops[n] = NEW_SHOP;
        } else {
          const trials = Math.floor(random() * 30);
          const report = {
            trials,
            failures: Math.floor(random() * (trials + 1)),
            held: random() < 0.3 ? 0 : random() * 7,
          };
          const pooled = poolReport(cohort, shop, report, null, T0 + i);
          cohort = pooled.cohort;
          shops[n] = pooled.shop;
        }
        expect(cohort.sum).toBeGreaterThanOrEqual(0);
        expect(cohort.sum).toBeLessThanOrEqual(COHORT_TEST.cap);
        expect(cohort.shops).toBe(shops.filter(({ held }) => held > 0).length);
        expect(cohort.held).toBeCloseTo(
          shops.reduce((sum, { held }) => sum + held, 0),
          6,
        );
      }
    }
  });

  it("drains by success, not by silence, and only when next to nobody is left", () => {
    const fleet = aCohort();
    for (let shop = 0; shop < 10; shop++) for (let i = 0; i < 3; i++) fleet.beat(shop, 2, 2, T0 + i * BEAT);
    expect(hasDrained(fleet.cohort)).toBe(false);
    for (let shop = 0; shop < 9; shop++)
      for (let i = 0; i < 4; i++) fleet.beat(shop, 10, 0, T0 + (4 + i) * BEAT);
    expect(fleet.cohort).toMatchObject({ firing: true, shops: 1 });
    expect(hasDrained(fleet.cohort)).toBe(false);
    for (let i = 0; i < 4; i++) fleet.beat(9, 10, 0, T0 + (9 + i) * BEAT);
    expect(hasDrained(fleet.cohort)).toBe(true);
    expect(endsFiring(fleet.cohort)).toMatchObject({ firing: false, sum: 0 });
  });

  it("drains when its shops go to another version", () => {
    let cohort = NEW_COHORT;
    for (let i = 0; i < 4; i++)
      cohort = poolReport(cohort, NEW_SHOP, { trials: 3, failures: 3, held: 5 }, null, T0).cohort;
    cohort = fires(cohort);
    for (let i = 0; i < 4; i++) cohort = dropShop(cohort, { held: 5 });
    expect(hasDrained(cohort)).toBe(true);
  });
});

describe("successes that nobody tells of", () => {
  const HOUR = 60 * MINUTE;
  const joined = (perHour: number) =>
    poolReport(NEW_COHORT, NEW_SHOP, { trials: 5, failures: 0, held: 0, perHour }, null, T0).cohort;
  const failure = { trials: 1, failures: 1, held: 2.3, perHour: 50 };

  it("are taken off as they are due, from all shops of the cohort together", () => {
    const failed = poolReport(joined(50), NEW_SHOP, failure, { perHour: 50, at: T0 }, T0).cohort;
    expect(failed).toMatchObject({ sum: 2.3, onsetAt: T0, failures: 1, members: 1, perHour: 50 });
    const soon = drain(failed, T0 + 6 * MINUTE);
    expect(soon.trials).toBeCloseTo(5);
    expect(soon.sum).toBeCloseTo(2.3 - 5 * 0.2029, 3);
    expect(drain(failed, T0 + HOUR)).toMatchObject({ sum: 0, onsetAt: null, trials: 0, failures: 0 });
  });

  it("do not count again when a shop's first failure brings its backlog: only what came unexpected, since the onset", () => {
    const others = { ...joined(50), sum: 6, onsetAt: T0 + 9 * HOUR, drainedAt: T0 + 10 * HOUR };
    const told = (trials: number) =>
      poolReport(others, NEW_SHOP, { ...failure, trials }, { perHour: 50, at: T0 }, T0 + 10 * HOUR).cohort
        .sum;
    expect(told(500)).toBeCloseTo(8.3);
    expect(told(301)).toBeCloseTo(8.3);
    expect(told(601)).toBeCloseTo(8.3 - 10 * 0.2029, 2);
  });

  it("all count from a shop that is new to the cohort, and from one whose object tells no rate", () => {
    const failing = { ...NEW_COHORT, sum: 6, onsetAt: T0, drainedAt: T0, shops: 3, held: 6 };
    const pooled = poolReport(failing, NEW_SHOP, { trials: 11, failures: 1, held: 2.3 }, null, T0).cohort;
    expect(pooled.sum).toBeCloseTo(6 - 10 * 0.2029 + 2.3, 3);
    expect(pooled).toMatchObject({ members: 1, perHour: 0 });
  });

  it("are no longer due from a shop that has left", () => {
    const two = poolReport(joined(50), NEW_SHOP, { ...failure, perHour: 30 }, null, T0).cohort;
    const one = leave(two, { perHour: 50, at: T0, held: 0 }, T0);
    expect(one).toMatchObject({ members: 1, perHour: 30 });
    expect(leave(one, { perHour: 30, at: T0, held: 2.3 }, T0)).toMatchObject({ members: 0, perHour: 0 });
  });

  it("are not due from a shop that holds all it can, and are again when that is forgotten", () => {
    const failing = { ...failure, trials: 3, failures: 3, held: SHOP_CAP };
    const pooled = poolReport(joined(50), NEW_SHOP, failing, { perHour: 50, at: T0 }, T0);
    expect(pooled.cohort).toMatchObject({ sum: SHOP_CAP, members: 1, perHour: 0 });
    expect(drain(pooled.cohort, T0 + HOUR).sum).toBe(SHOP_CAP);
    expect(dropShop(pooled.cohort, pooled.shop, 50)).toMatchObject({ sum: 0, held: 0, perHour: 50 });
    expect(leave(pooled.cohort, { perHour: 50, at: T0, held: SHOP_CAP }, T0).members).toBe(0);
  });

  it("make large cohorts need more: one nat for e times the deliveries", () => {
    expect(enterAt(NEW_COHORT)).toBe(COHORT_TEST.enter);
    expect(enterAt({ ...NEW_COHORT, perHour: 100 * Math.E })).toBeCloseTo(COHORT_TEST.enter + 1);
    expect(enterAt({ ...NEW_COHORT, perHour: 1e12 })).toBe(COHORT_TEST.cap);
    const cohort = { ...NEW_COHORT, sum: 17, shops: 9, held: 30, perHour: 10_000 };
    expect(mayFire(cohort)).toBe(false);
    expect(mayFire({ ...cohort, perHour: 500 })).toBe(true);
  });
});

describe("a shop's rate", () => {
  it("is what it delivers in an hour, whichever version it runs, over about a week", () => {
    let evidence: ShopEvidence | null = null;
    let told = 0;
    const life = (hours: number, every: number, version: string, from: number) => {
      for (let minute = 0; minute < hours * 60; minute += 2) {
        const now = T0 + (from * 60 + minute) * MINUTE;
        const trials = minute % every === 0 ? 1 : 0;
        const next = tellShop(evidence, { ...HERE, version }, { trials, failures: 0 }, now);
        evidence = next.evidence;
        told = next.report?.perHour ?? told;
      }
    };
    life(24 * 14, 10, "1.3.0", 0);
    expect(told).toBeCloseTo(6, 0);
    life(1, 2, "1.4.0", 24 * 14);
    expect(told).toBeCloseTo(6, 0);
    life(24 * 28, 60, "1.4.0", 24 * 14 + 1);
    expect(told).toBeCloseTo(1, 0);
  });

  it("is not made of a first beat", () => {
    const { report } = tellShop(null, HERE, { trials: 3, failures: 0 }, T0);
    expect(report?.perHour).toBe(3);
  });
});

describe("what is blamed", () => {
  const failing = { ...NEW_COHORT, sum: 15, held: 20, shops: 6, firing: true };
  it("a release, unless another version of the product fails alike", () => {
    expect(blamesRelease([])).toBe(true);
    expect(blamesRelease([{ ...NEW_COHORT, sum: 7.4 }])).toBe(true);
    expect(blamesRelease([NEW_COHORT, { ...NEW_COHORT, sum: 7.5 }])).toBe(false);
    expect(blamesRelease([failing])).toBe(false);
  });
  it("no second cohort for the same shops, but one for others besides them", () => {
    expect(isExplained(failing, { held: 20, shops: 6 })).toBe(true);
    expect(isExplained(failing, { held: 18, shops: 5 })).toBe(true);
    expect(isExplained(failing, { held: 0, shops: 0 })).toBe(false);
    expect(isExplained(failing, { held: 8, shops: 2 })).toBe(false);
  });
});

describe("simulated shops, seeded", () => {
  /** Minutes until the cohort fires; null when it does not within `minutes`. */
  function minutesToDetect(
    random: () => number,
    shops: number,
    perHour: number,
    share: number,
    minutes: number,
    warmHours = 0,
  ) {
    const fleet = aCohort();
    for (let i = 0; i < warmHours * shops * perHour; i++) {
      const at = T0 - warmHours * 3_600_000 + (i * 3_600_000) / (shops * perHour);
      fleet.beat(Math.floor(random() * shops), 1, random() < 0.01 ? 1 : 0, at);
    }
    const phase = Array.from({ length: shops }, () => random() * BEAT);
    const last = new Array<number>(shops).fill(0);
    for (let t = 0; t < minutes * MINUTE; t += MINUTE / 4)
      for (let shop = 0; shop < shops; shop++) {
        const next = (last[shop] ?? 0) === 0 ? (phase[shop] ?? 0) : (last[shop] ?? 0) + BEAT;
        if (next > t) continue;
        const deliveries = poisson((perHour * (next - (last[shop] ?? 0))) / 3_600_000, random);
        const failures = Array.from({ length: deliveries }, random).filter((u) => u < share).length;
        last[shop] = next;
        fleet.beat(shop, deliveries, failures, T0 + next);
        if (fleet.cohort.firing) return t / MINUTE;
      }
    return null;
  }

  it("find a release that fails totally in 50 shops of 2 webhooks an hour within 6 minutes, in the median", () => {
    const random = seeded(11);
    const found = Array.from(
      { length: 101 },
      () => minutesToDetect(random, 50, 2, 1, 60) ?? Number.POSITIVE_INFINITY,
    );
    const median = found.sort((a, b) => a - b)[50] ?? Number.POSITIVE_INFINITY;
    expect(median).toBeLessThanOrEqual(6);
    expect(found.at(-1)).toBeLessThanOrEqual(20);
  });

  it("find it as soon when the release was in order for a week before", () => {
    const random = seeded(12);
    const found = Array.from(
      { length: 31 },
      () => minutesToDetect(random, 50, 2, 1, 60, 168) ?? Number.POSITIVE_INFINITY,
    );
    const median = found.sort((a, b) => a - b)[15] ?? Number.POSITIVE_INFINITY;
    expect(median).toBeLessThanOrEqual(6.5);
    expect(found.at(-1)).toBeLessThanOrEqual(20);
  });

  it.each([
    [50, 2, 10],
    [500, 2, 3],
    [5000, 2, 1],
    [200, 60, 1],
  ])(
    "never fire in 30 healthy days, the rollout included, of %i shops of %i webhooks an hour at 1 percent (%i times)",
    (shops, perHour, times) => {
      for (let seed = 1; seed <= times; seed++) {
        const random = seeded(seed * 1000 + shops + perHour);
        const fleet = aCohort();
        const deliveries = shops * perHour * 24 * 30;
        // One delivery a beat: quiet beats without any say nothing and cost nothing.
        for (let i = 0; i < deliveries; i++)
          fleet.beat(
            Math.floor(random() * shops),
            1,
            random() < 0.01 ? 1 : 0,
            T0 + (i * 3_600_000) / (shops * perHour),
          );
        expect(fleet.cohort.firing).toBe(false);
        expect(fleet.reports).toBeLessThan(deliveries * 0.1);
      }
    },
    120_000,
  );
});
