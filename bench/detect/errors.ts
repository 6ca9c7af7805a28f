/** Error spikes: false incidents of plugins whose errors come in clumps and follow the day, and whether a real spike is found. */

import { aBeatingPlugin, type BeatingPlugin } from "../../sim/beating-plugin.ts";
import { smoothDay } from "../../sim/day-of-shop.ts";
import { gammaFactor, geometric, poisson, type Random, seededRandom } from "../../sim/random.ts";
import { type DetectionState, newDetection, observeBeat } from "../../src/core/detect/detection.ts";
import { figure } from "../paper.ts";
import type { Sample } from "../sample.ts";
import type { Report, Table, Target } from "../target.ts";
import { type CountRule, countRules } from "./common-rules.ts";
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  perFleetDay,
  pooled,
  quantile,
  START,
  seedOf,
  select,
  total,
} from "./figures.ts";
import { type IncidentWatch, watchIncidents } from "./incident-watch.ts";
import type { Figures, Part, Section } from "./section.ts";

const RATES = [0.5, 2, 20] as const;
/** Whether the client counts its requests, or only its errors. */
const BASES = ["requests", "counts"] as const;
const INTERVAL_MS = 2 * MINUTE_MS;
const BIN_MS = 15 * MINUTE_MS;
const LIFE_DAYS = 10;
const DAY_DEPTH = 0.8;
const CLUMP_MEAN = 2;
/** Shape of the gamma factor of each quarter of an hour: variance of the rate is half its mean squared. */
const QUARTER_SHAPE = 2;
const REQUESTS_PER_ERROR = 100;
const SPIKE = 20;
const SPIKE_MS = 4 * HOUR_MS;
/** Also shown: the share found within this. */
const SOON_MS = 2 * HOUR_MS;

export const errors: Section = {
  name: "errors",
  method: [
    `Errors come in clumps (geometric, ${CLUMP_MEAN} on average) whose rate follows a day of depth ${DAY_DEPTH} and, in each quarter of an ` +
      `hour, a gamma factor of shape ${QUARTER_SHAPE}; ${REQUESTS_PER_ERROR} requests for an error on average, Poisson, following the same day. ` +
      "Beats every 2 min. Clients that count their requests are judged by errors per request, which the targets are about; " +
      "those that count only errors by the limit on counts.",
    `False incidents: ${LIFE_DAYS} days from the first beat. Found: after ${LIFE_DAYS} days the rate of clumps is ${SPIKE} times as high for ` +
      `${SPIKE_MS / HOUR_MS} h, from a random moment of the day; found when an incident opens before it ends.`,
    "The common rules see bins of 15 min against the mean of the last seven days, after a day of history.",
  ],
  parts(options) {
    const replicas = options.quick ? 1 : 5;
    return RATES.flatMap((perHour) =>
      BASES.flatMap((basis) =>
        Array.from({ length: replicas }, (_, replica) => ({
          id: `errors-${perHour}-${basis}-${replica}`,
          perHour,
          basis,
          plugins: options.quick ? 120 : 200,
        })),
      ),
    );
  },
  run,
  report,
};

interface Shop {
  plugin: BeatingPlugin;
  state: DetectionState;
  watch: IncidentWatch;
  rules: CountRule[];
  random: Random;
  quarter: { endsAt: number; factor: number; errors: number };
  shiftHours: number;
}

function run(part: Part, options: Sample): Figures {
  const plugins = Number(part.plugins);
  const figures: Record<string, number> = { pluginDays: plugins * LIFE_DAYS, spikes: 0, core: 0 };
  const add = (name: string, by: number): void => {
    figures[name] = (figures[name] ?? 0) + by;
  };
  const minutes: number[] = [];
  for (let index = 0; index < plugins; index++) {
    const random = seededRandom(seedOf(options, part, index));
    const shop = aShop(random);
    const onset = START + LIFE_DAYS * DAY_MS + Math.floor((random() * DAY_MS) / INTERVAL_MS) * INTERVAL_MS;
    live(shop, part, START, onset, 1);
    add("core", shop.watch.opened);
    for (const rule of shop.rules) add(rule.name, rule.opened);
    figures.pluginDays = (figures.pluginDays ?? 0) + (onset - START) / DAY_MS - LIFE_DAYS;
    if (shop.watch.open) continue;
    add("spikes", 1);
    const before = shop.rules.map((rule) => rule.opened);
    const found = live(shop, part, onset, onset + SPIKE_MS, SPIKE);
    if (found !== null) minutes.push((found - onset) / MINUTE_MS);
    for (const [i, rule] of shop.rules.entries())
      add(`found ${rule.name}`, rule.opened > (before[i] ?? 0) || rule.firing ? 1 : 0);
  }
  return { ...figures, found: minutes };
}

function aShop(random: Random): Shop {
  return {
    plugin: aBeatingPlugin(),
    state: newDetection(START),
    watch: watchIncidents("error_spike"),
    rules: countRules(),
    random,
    quarter: { endsAt: START, factor: 1, errors: 0 },
    shiftHours: random() * 24,
  };
}

/** Returns when the first incident of this stretch opened, or null. */
function live(shop: Shop, part: Part, from: number, until: number, times: number): number | null {
  const { plugin, random, quarter } = shop;
  const perBeat = Number(part.perHour) * (INTERVAL_MS / HOUR_MS);
  const counts = part.basis === "counts";
  let found: number | null = null;
  for (let at = from + INTERVAL_MS; at <= until; at += INTERVAL_MS) {
    if (at >= quarter.endsAt) {
      for (const rule of shop.rules) rule.observe(quarter.errors);
      Object.assign(quarter, { endsAt: at + BIN_MS, factor: gammaFactor(QUARTER_SHAPE, random), errors: 0 });
    }
    const busy = smoothDay(at, DAY_DEPTH, shop.shiftHours);
    const clumps = poisson((perBeat / CLUMP_MEAN) * busy * quarter.factor * times, random);
    let failed = 0;
    for (let i = 0; i < clumps; i++) failed += geometric(CLUMP_MEAN, random);
    const served = Math.max(failed, poisson(perBeat * REQUESTS_PER_ERROR * busy, random));
    quarter.errors += failed;
    plugin.counters.errors += failed;
    if (!counts) plugin.counters.requests += served;
    shop.state = observeBeat(shop.state, plugin.beat(), at);
    if (shop.watch.look(shop.state, at)) found ??= at;
  }
  return found;
}

type Results = Parameters<typeof select>[0];

function report(results: Results): Report {
  const names = countRules().map(({ name }) => name);
  return { tables: [falseTable(results, names), foundTable(results, names)], targets: targets(results) };
}

function falseADay(results: Results, perHour: number, basis: string, name: string): number {
  const chosen = select(results, { perHour, basis });
  return perFleetDay(total(chosen, name), total(chosen, "pluginDays"));
}

function foundShare(results: Results, perHour: number, basis: string, name: string): number {
  const chosen = select(results, { perHour, basis });
  const found = name === "core" ? pooled(chosen, "found").length : total(chosen, `found ${name}`);
  return (found / total(chosen, "spikes")) * 100;
}

function falseTable(results: Results, names: readonly string[]): Table {
  const row = (label: string, basis: string, name: string): string[] => [
    label,
    ...RATES.map((perHour) => {
      const chosen = select(results, { perHour, basis });
      const days = Math.round(total(chosen, "pluginDays")).toLocaleString("en-US");
      return `${figure(falseADay(results, perHour, basis, name))} [${total(chosen, name)} in ${days}]`;
    }),
  ];
  return {
    title: "Errors, nothing wrong: false incidents a day per 5,000 plugins [counted in plugin days]",
    columns: ["", ...RATES.map((perHour) => `${perHour} errors/h`)],
    rows: [
      row("Vigie, errors per request", "requests", "core"),
      row("Vigie, errors only", "counts", "core"),
      ...names.map((name) => row(name, "requests", name)),
    ],
  };
}

function foundTable(results: Results, names: readonly string[]): Table {
  const cell = (perHour: number, basis: string, name: string): string =>
    `${figure(foundShare(results, perHour, basis, name))} %`;
  const times = (basis: string): string[] =>
    RATES.map((perHour) => figure(quantile(pooled(select(results, { perHour, basis }), "found"), 0.5)));
  const soon = (basis: string): string[] =>
    RATES.map((perHour) => {
      const chosen = select(results, { perHour, basis });
      const early = pooled(chosen, "found").filter((minutes) => minutes <= SOON_MS / MINUTE_MS);
      return `${figure((early.length / total(chosen, "spikes")) * 100)} %`;
    });
  return {
    title: `Errors, ${SPIKE} times as many for ${SPIKE_MS / HOUR_MS} h: found`,
    columns: ["", ...RATES.map((perHour) => `${perHour} errors/h`)],
    rows: [
      ["Vigie, errors per request", ...RATES.map((perHour) => cell(perHour, "requests", "core"))],
      [`  within ${SOON_MS / HOUR_MS} h`, ...soon("requests")],
      ["  median minutes", ...times("requests")],
      ["Vigie, errors only", ...RATES.map((perHour) => cell(perHour, "counts", "core"))],
      [`  within ${SOON_MS / HOUR_MS} h`, ...soon("counts")],
      ["  median minutes", ...times("counts")],
      ...names.map((name) => [name, ...RATES.map((perHour) => cell(perHour, "requests", name))]),
    ],
  };
}

function targets(results: Results): Target[] {
  const quiet = RATES.flatMap((perHour) =>
    BASES.map((basis) => ({
      what: `errors, false at ${perHour} errors/h (${basis})`,
      value: falseADay(results, perHour, basis, "core"),
      bound: 5,
      must: "at most" as const,
      unit: "a day per 5,000",
    })),
  );
  const found = RATES.filter((perHour) => perHour >= 2).map((perHour) => ({
    what: `errors, spikes of ${SPIKE} times found at ${perHour} errors/h (requests)`,
    value: foundShare(results, perHour, "requests", "core"),
    bound: 95,
    must: "at least" as const,
    unit: "%",
  }));
  return [...quiet, ...found];
}
