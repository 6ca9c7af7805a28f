/** Cohorts: a bad release in many tiny shops, none of which proves anything, and healthy ones that must not look like one. */
import { smoothDay } from "../../sim/day-of-shop.ts";
import { binomial, poisson, type Random, seededRandom } from "../../sim/random.ts";
import {
  type Cohort,
  type CohortShop,
  drain,
  dropShop,
  endsFiring,
  fires,
  hasDrained,
  isExplained,
  type Member,
  mayFire,
  NEW_COHORT,
  NEW_SHOP,
  poolReport,
  SHOP_MEMORY_MS,
} from "../../src/core/fleet/cohort.ts";
import { type ShopEvidence, tellShop } from "../../src/core/fleet/shop-evidence.ts";
import { figure } from "../paper.ts";
import type { Sample } from "../sample.ts";
import type { Report, Table, Target } from "../target.ts";
import { failuresInRow, type RateRule, shareOverWindow } from "./common-rules.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, pooled, quantile, START, seedOf, select, total } from "./figures.ts";
import type { Figures, Part, Section } from "./section.ts";

const BEAT_MS = 2 * MINUTE_MS;
const PER_HOUR = 2;
const HEALTHY_DAYS = 30;
/** Nothing is waited for longer: what has not been found by then never is. */
const GIVE_UP_MS = 12 * HOUR_MS;
const WARM_MS = 7 * DAY_MS;
const AT_HOME = { version: "1.3.0", platform: "9.4" };

/** Shops, share of webhooks that fail from the onset, and days in which the release was in order before. */
const FAILING = [
  { shops: 50, share: 1, warm: false },
  { shops: 50, share: 0.3, warm: false },
  { shops: 10, share: 1, warm: false },
  { shops: 500, share: 1, warm: false },
  { shops: 50, share: 1, warm: true },
  { shops: 50, share: 0.3, warm: true },
  { shops: 500, share: 1, warm: true },
] as const;
const HEALTHY = [
  { shops: 50, level: 0.01, nights: false, months: { quick: 4, full: 30 } },
  { shops: 500, level: 0.01, nights: false, months: { quick: 1, full: 3 } },
  { shops: 5000, level: 0.01, nights: false, months: { quick: 0, full: 1 } },
  { shops: 50, level: 0.01, nights: true, months: { quick: 2, full: 10 } },
  { shops: 500, level: 0.01, nights: true, months: { quick: 0, full: 2 } },
  { shops: 50, level: 0.02, nights: false, months: { quick: 4, full: 30 } },
  { shops: 500, level: 0.02, nights: false, months: { quick: 1, full: 3 } },
  { shops: 5000, level: 0.02, nights: false, months: { quick: 0, full: 1 } },
  { shops: 50, level: 0.02, nights: true, months: { quick: 2, full: 10 } },
  { shops: 500, level: 0.02, nights: true, months: { quick: 0, full: 2 } },
  { shops: 50, level: 0.03, nights: false, months: { quick: 4, full: 30 } },
  { shops: 500, level: 0.03, nights: false, months: { quick: 1, full: 3 } },
  { shops: 5000, level: 0.03, nights: false, months: { quick: 0, full: 1 } },
] as const;
/** Depth of the night in deliveries, all shops in one time zone: what is due by the rate of a whole week is then wrong most of the day. */
const NIGHT_DEPTH = 0.8;

const POOLED = ["> 5 % in 15 min", "the same, n >= 20"] as const;
const EACH = "5 in a row in a shop";
const RULES = [...POOLED, EACH] as const;

export const cohort: Section = {
  name: "cohort",
  method: [
    `Shops of ${PER_HOUR} webhooks an hour, Poisson, on one release; each tells the fleet what its ${BEAT_MS / MINUTE_MS}-min beats give cause to (tellShop), and the fleet pools it ` +
      "(poolReport), forgets it after a day, and opens a cohort incident (src/core/fleet/cohort.ts). Beats are spread over the interval and never hurry.",
    "New: all shops change to the release at the onset. After a week: they have run it since its first minute with 1 % failing. Minutes from the onset to the " +
      `report that opens the incident; never: not within ${GIVE_UP_MS / HOUR_MS} h.`,
    `Healthy: ${HEALTHY_DAYS} days from the rollout, which is counted in; nights: deliveries swing by ${NIGHT_DEPTH * 100} % over the day, the same hour for all. The common rules see the same beats: 5 % over 15 min of all shops together, and five ` +
      "failures in a row in any one shop.",
  ],
  parts({ quick }) {
    const failing = FAILING.map((setting) => ({
      id: `cohort-failing-${setting.shops}-${setting.share}-${setting.warm}`,
      kind: "failing",
      ...setting,
      runs: (quick ? 200 : 2000) / (setting.warm ? 10 : setting.shops > 50 ? 4 : 1),
    }));
    const healthy = HEALTHY.map(({ months, ...setting }) => ({
      id: `cohort-healthy-${setting.shops}-${setting.level}${setting.nights ? "-nights" : ""}`,
      kind: "healthy",
      ...setting,
      months: quick ? months.quick : months.full,
    })).filter(({ months }) => months > 0);
    return [...healthy.toReversed(), ...failing];
  },
  run: (part, options) => (part.kind === "healthy" ? runHealthy(part, options) : runFailing(part, options)),
  report,
};

/** One release's shops, the real functions on both sides, and the common rules beside them. */
class CohortLife {
  opened = 0;
  readonly pooledRules: readonly RateRule[] = [
    shareOverWindow(POOLED[0], 0.05, 15 * MINUTE_MS, 1),
    shareOverWindow(POOLED[1], 0.05, 15 * MINUTE_MS, 20),
  ];
  inRowOpened = 0;
  #cohort: Cohort = NEW_COHORT;
  readonly #evidence: (ShopEvidence | null)[];
  /** As the fleet's object keeps them. */
  readonly #there = new Map<number, CohortShop>();
  readonly #members = new Map<number, Member>();
  readonly #inRow: RateRule[];
  readonly #phase: number[];
  readonly #random: Random;
  /** Deliveries by shop, that its next beat and the one after it will tell of. */
  #next = new Map<number, { trials: number; failures: number }>();
  #afterNext = new Map<number, { trials: number; failures: number }>();
  #expiresAt = START;

  constructor(shops: number, random: Random) {
    this.#random = random;
    this.#evidence = new Array<ShopEvidence | null>(shops).fill(null);
    this.#phase = Array.from({ length: shops }, () => Math.floor(random() * BEAT_MS));
    this.#inRow = Array.from({ length: shops }, () => failuresInRow(EACH, 5, random));
  }

  get firing(): boolean {
    return this.#cohort.firing;
  }

  /** One interval, in which every shop beats once and delivers `busy` times the usual; `after` is called after each beat that had deliveries. */
  interval(from: number, share: number, after?: (now: number) => void, busy = 1): void {
    this.#deliver(share, busy);
    const beating = [...this.#next].sort(([a], [b]) => this.#phaseOf(a) - this.#phaseOf(b));
    this.#next = this.#afterNext;
    this.#afterNext = new Map();
    for (const [shop, deliveries] of beating) {
      const now = from + this.#phaseOf(shop);
      this.#beat(shop, deliveries, now);
      after?.(now);
    }
    if (this.#expiresAt <= from) this.#expire(from);
  }

  /** Deliveries of the whole release, each in a random shop at a random time of the interval: before its beat, or after it. */
  #deliver(share: number, busy: number): void {
    const shops = this.#phase.length;
    for (let i = poisson((busy * shops * PER_HOUR * BEAT_MS) / HOUR_MS, this.#random); i > 0; i--) {
      const shop = Math.floor(this.#random() * shops);
      const told = this.#random() * BEAT_MS <= this.#phaseOf(shop) ? this.#next : this.#afterNext;
      const before = told.get(shop) ?? { trials: 0, failures: 0 };
      const failures = before.failures + binomial(1, share, this.#random);
      told.set(shop, { trials: before.trials + 1, failures });
    }
  }

  #beat(shop: number, deliveries: { trials: number; failures: number }, now: number): void {
    for (const rule of this.pooledRules) rule.observe({ at: now, ...deliveries });
    const inRow = this.#inRow[shop];
    const before = inRow?.opened ?? 0;
    inRow?.observe({ at: now, ...deliveries });
    this.inRowOpened += (inRow?.opened ?? 0) - before;

    const { evidence, report } = tellShop(this.#evidence[shop] ?? null, AT_HOME, deliveries, now);
    this.#evidence[shop] = evidence;
    if (report === null) return;
    const there = this.#there.get(shop) ?? NEW_SHOP;
    const pooledReport = poolReport(this.#cohort, there, report, this.#members.get(shop) ?? null, now);
    this.#there.set(shop, pooledReport.shop);
    this.#members.set(shop, { perHour: report.perHour, at: now });
    this.#settle(pooledReport.cohort);
  }

  #expire(now: number): void {
    this.#expiresAt = now + HOUR_MS;
    for (const [shop, there] of this.#there) {
      if (there.at > now - SHOP_MEMORY_MS) continue;
      this.#there.delete(shop);
      this.#settle(dropShop(drain(this.#cohort, now), there, this.#members.get(shop)?.perHour));
    }
  }

  /** In the order in which the fleet's object does it; there is no other cohort to explain this one. */
  #settle(next: Cohort): void {
    if (hasDrained(next)) this.#cohort = endsFiring(next);
    else if (mayFire(next) && !isExplained(next, { held: 0, shops: 0 })) {
      this.opened += 1;
      this.#cohort = fires(next);
    } else this.#cohort = next;
  }

  #phaseOf(shop: number): number {
    return this.#phase[shop] ?? 0;
  }
}

function runHealthy(part: Part, options: Sample): Figures {
  const figures: Record<string, number> = { days: 0, core: 0 };
  const add = (name: string, count: number): void => {
    figures[name] = (figures[name] ?? 0) + count;
  };
  for (let month = 0; month < Number(part.months); month++) {
    const life = new CohortLife(Number(part.shops), seededRandom(seedOf(options, part, month)));
    for (let at = START; at < START + HEALTHY_DAYS * DAY_MS; at += BEAT_MS)
      life.interval(
        at,
        Number(part.level),
        undefined,
        part.nights === true ? smoothDay(at, NIGHT_DEPTH, 0) : 1,
      );
    add("days", HEALTHY_DAYS);
    add("core", life.opened);
    for (const { name, opened } of life.pooledRules) add(name, opened);
    add(EACH, life.inRowOpened);
  }
  return figures;
}

function runFailing(part: Part, options: Sample): Figures {
  const found: Record<string, number[]> = { core: [] };
  for (const name of RULES) found[name] = [];
  for (let run = 0; run < Number(part.runs); run++) {
    const life = new CohortLife(Number(part.shops), seededRandom(seedOf(options, part, run)));
    const onset = START + (part.warm === true ? WARM_MS : 0);
    for (let at = START; at < onset; at += BEAT_MS) life.interval(at, 0.01);
    const inRowBefore = life.inRowOpened;
    const first = new Map<string, number>();
    const note = (name: string, holds: boolean, now: number): void => {
      if (holds && !first.has(name)) first.set(name, (now - onset) / MINUTE_MS);
    };
    for (let at = onset; at < onset + GIVE_UP_MS && first.size < RULES.length + 1; at += BEAT_MS)
      life.interval(at, Number(part.share), (now) => {
        note("core", life.firing, now);
        for (const { name, firing } of life.pooledRules) note(name, firing, now);
        note(EACH, life.inRowOpened > inRowBefore, now);
      });
    for (const [name, minutes] of Object.entries(found)) minutes.push(first.get(name) ?? NEVER);
  }
  return found;
}

/** Sorts after every time, and survives JSON. */
const NEVER = Number.MAX_VALUE;

type Results = Parameters<typeof select>[0];

function report(results: Results): Report {
  return { tables: [foundTable(results), falseTable(results)], targets: targets(results) };
}

function minutesUntil(results: Results, of: Partial<Part>, name: string, q: number): number | null {
  const minutes = quantile(pooled(select(results, { kind: "failing", ...of }), name), q);
  return minutes === null || minutes <= GIVE_UP_MS / MINUTE_MS ? minutes : Infinity;
}

function foundTable(results: Results): Table {
  return {
    title: "Cohort, a bad release: minutes until found",
    columns: ["", "median", "95 %", ...RULES],
    rows: FAILING.map((of) => [
      `${of.shops} shops, ${of.share * 100} % fail, ${of.warm ? "after a week" : "new"}`,
      figure(minutesUntil(results, of, "core", 0.5)),
      figure(minutesUntil(results, of, "core", 0.95)),
      ...RULES.map((name) => figure(minutesUntil(results, of, name, 0.5))),
    ]),
    note: "Medians of the common rules.",
  };
}

function falseTable(results: Results): Table {
  const rows = HEALTHY.map(({ shops, level, nights }) => ({ of: { kind: "healthy", shops, level, nights } }))
    .map(({ of }) => ({ of, chosen: select(results, of) }))
    .filter(({ chosen }) => chosen.length > 0);
  return {
    title: "Cohort, nothing wrong: false incidents in 30 days of one release",
    columns: ["", "Vigie", "[counted in days]", ...RULES],
    rows: rows.map(({ of, chosen }) => {
      const days = total(chosen, "days");
      const inMonth = (name: string): string => figure((total(chosen, name) / days) * HEALTHY_DAYS);
      return [
        `${of.shops} shops, ${of.level * 100} % fail${of.nights ? ", nights" : ""}`,
        inMonth("core"),
        `[${total(chosen, "core")} in ${figure(days)}]`,
        ...RULES.map(inMonth),
      ];
    }),
  };
}

function targets(results: Results): Target[] {
  const found = (warm: boolean): Target => ({
    what: `cohort, 50 shops on a release that fails totally, ${warm ? "after a healthy week" : "new"}, found in the median`,
    value: minutesUntil(results, { shops: 50, share: 1, warm }, "core", 0.5),
    bound: 6,
    must: "at most",
    unit: "min",
  });
  const quiet = (level: number, of: Partial<Part>): Target => ({
    what: `cohort, false incidents at ${level * 100} %, all healthy months together`,
    value: total(select(results, { kind: "healthy", level, ...of }), "core"),
    bound: 0,
    must: "at most",
    unit: "in all",
  });
  // The design calls up to 2 % healthy; at that and above, days of twice the usual traffic are shown, not promised.
  return [
    found(false),
    found(true),
    quiet(0.01, {}),
    quiet(0.02, { nights: false }),
    quiet(0.03, { nights: false }),
  ];
}
