/** Missed heartbeats: false incidents of shops that are merely quiet, and how long a real silence goes unnoticed. */

import { aBeatingPlugin } from "../../sim/beating-plugin.ts";
import { visitorsOfDay } from "../../sim/day-of-shop.ts";
import { exponential, gammaFactor, type Random, seededRandom } from "../../sim/random.ts";
import {
  type DetectionState,
  findings,
  newDetection,
  observeBeat,
  silenceDeadline,
} from "../../src/core/detect/detection.ts";
import { figure } from "../paper.ts";
import type { Sample } from "../sample.ts";
import type { Report, Table, Target } from "../target.ts";
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  mean,
  perFleetDay,
  pooled,
  quantile,
  START,
  seedOf,
  select,
  total,
} from "./figures.ts";
import type { Figures, Part, Section } from "./section.ts";

const VIEWS = [1, 10, 100] as const;
const INTERVAL_MS = 2 * MINUTE_MS;
const LIFE_DAYS = 28;
/** The nights: this part of the day's visitors from midnight to six. */
const NIGHT = 0.03;
const WEEKEND = 0.7;
/** Shape of the gamma factor of each day: some are busier, by about a third. */
const DAY_SHAPE = 8;
/** The interval that is asked for lies within this of 2 min, the same for a plugin at all times. */
const SPREAD = 0.1;
/** The client beats up to a tenth early, never late; a lost beat is sent again. */
const EARLY = 0.1;
const LOST = 0.005;
const AGAIN_MS = { min: 2_000, max: 12_000 } as const;
const DELAY_MEAN_MS = 300;
const RESIDENT_DAYS = 30;

export const silence: Section = {
  name: "silence",
  method: [
    `Page-view clients beat at the first visit after 2 min. Visits are Poisson with the shop's own midnight, ${NIGHT * 100} % of the day's rate ` +
      `from midnight to six, ${WEEKEND * 100} % at weekends, and a gamma factor of shape ${DAY_SHAPE} for each day; the rates named are those of an ordinary day. ` +
      `${LIFE_DAYS} days from the first beat.`,
    "False: a beat that comes after its deadline has passed (an incident was opened, and closed by it). Found: after those days the plugin " +
      "falls silent for good, at a random moment of the day; minutes until its deadline.",
    `Resident clients beat every 2 min, a tenth more or less by plugin, up to a tenth early each time, ${DELAY_MEAN_MS} ms on the way on average; ${LOST * 100} % of beats are lost and sent ` +
      `again after ${AGAIN_MS.min / 1000} to ${AGAIN_MS.max / 1000} s. They fall silent at a random moment between two beats.`,
    "The alarm is taken to ring at the deadline. The common rules see the same beats: fixed deadlines, and 3 x the mean gap so far.",
  ],
  parts(options) {
    const replicas = options.quick ? 1 : 4;
    const pageViews = VIEWS.toReversed().flatMap((views) =>
      Array.from({ length: replicas }, (_, replica) => ({
        id: `silence-page-view-${views}-${replica}`,
        kind: "page-view",
        views,
        plugins: options.quick ? 60 : 250,
      })),
    );
    return [
      ...pageViews,
      { id: "silence-resident", kind: "resident", views: 0, plugins: options.quick ? 20 : 150 },
    ];
  },
  run: (part, options) =>
    part.kind === "resident" ? runResident(part, options) : runPageView(part, options),
  report,
};

/** A deadline, ms of silence after the last beat, from the mean gap so far; null while it does not judge. */
type Rule = [name: string, allowedMs: (meanGapMs: number, gaps: number) => number | null];

const RULES: readonly Rule[] = [
  ["fixed 6 min", () => 6 * MINUTE_MS],
  ["fixed 30 min", () => 30 * MINUTE_MS],
  ["fixed 4 h", () => 4 * HOUR_MS],
  ["3 x mean gap", (meanGapMs, gaps) => (gaps >= 20 ? 3 * meanGapMs : null)],
];

function runPageView(part: Part, options: Sample): Figures {
  const figures: Record<string, number> = { pluginDays: 0, core: 0 };
  const found: Record<string, number[]> = { found: [], "found at night": [], "found by day": [] };
  for (let index = 0; index < Number(part.plugins); index++) {
    const random = seededRandom(seedOf(options, part, index));
    const visits = visitsOf(Number(part.views), random);
    const plugin = aBeatingPlugin("page-view");
    let state = newDetection(START);
    let at = START;
    let gaps = 0;
    const end = START + LIFE_DAYS * DAY_MS + Math.floor(random() * DAY_MS);
    for (;;) {
      state = observeBeat(state, plugin.beat(), at);
      const next = Math.round(visits.after(at + INTERVAL_MS * (1 - EARLY * random())));
      if (next >= end) break;
      if (late(state, next)) figures.core = (figures.core ?? 0) + 1;
      for (const [name, allowed] of RULES)
        if (next - at >= (allowed((at - START) / gaps, gaps) ?? Infinity))
          figures[name] = (figures[name] ?? 0) + 1;
      at = next;
      gaps += 1;
    }
    figures.pluginDays = (figures.pluginDays ?? 0) + (at - START) / DAY_MS;
    const deadline = silenceDeadline(state, INTERVAL_MS);
    if (deadline === null) continue;
    const minutes = Math.max(0, (Math.max(deadline, end) - end) / MINUTE_MS);
    found.found?.push(minutes);
    found[visits.isNight(end) ? "found at night" : "found by day"]?.push(minutes);
    for (const [name, allowed] of RULES) {
      const byRule = at + (allowed((at - START) / gaps, gaps) ?? Infinity);
      found[`found ${name}`] = [...(found[`found ${name}`] ?? []), Math.max(0, (byRule - end) / MINUTE_MS)];
    }
  }
  return { ...figures, ...found };
}

/** The finding itself, not the deadline alone, is asked at the moment before the beat that ends the gap. */
function late(state: DetectionState, nextAt: number, intervalMs = INTERVAL_MS): boolean {
  const deadline = silenceDeadline(state, intervalMs);
  if (deadline === null || nextAt - 1 < deadline) return false;
  return findings(state, nextAt - 1, intervalMs).some(
    ({ type, firing }) => type === "heartbeat_missed" && firing,
  );
}

interface Visits {
  /** The first visit at or after this moment. */
  after(at: number): number;
  isNight(at: number): boolean;
}

/** Thinning (Lewis and Shedler 1979): visits at the highest rate, each kept with the share of it that holds at the time. */
function visitsOf(perHour: number, random: Random): Visits {
  const shop = { night: NIGHT, weekend: WEEKEND, shiftHours: random() * 24 };
  const days: number[] = [];
  const factorOf = (at: number): number => {
    const day = Math.floor((at - START) / DAY_MS);
    days[day] ??= gammaFactor(DAY_SHAPE, random);
    return days[day];
  };
  return {
    after(from) {
      // Within a stretch of an hour at most, the rate of the shop is at most its factor times that of the day.
      for (let at = from; ; ) {
        const factor = factorOf(at);
        const dayEnds = START + (Math.floor((at - START) / DAY_MS) + 1) * DAY_MS;
        const next = at + exponential(HOUR_MS / (perHour * factor), random);
        if (next >= dayEnds) at = dayEnds;
        else if (random() < visitorsOfDay(next, shop)) return next;
        else at = next;
      }
    },
    isNight: (at) => visitorsOfDay(at, { ...shop, weekend: 1 }) < 0.5,
  };
}

function runResident(part: Part, options: Sample): Figures {
  const figures: Record<string, number> = { pluginDays: 0, core: 0 };
  const found: number[] = [];
  for (let index = 0; index < Number(part.plugins); index++) {
    const random = seededRandom(seedOf(options, part, index));
    const plugin = aBeatingPlugin();
    const intervalMs = INTERVAL_MS * (1 + SPREAD * (2 * random() - 1));
    let state = newDetection(START);
    let sentAt = START;
    let arrivedAt = START;
    for (const end = START + RESIDENT_DAYS * DAY_MS; arrivedAt < end; ) {
      state = observeBeat(state, plugin.beat(), Math.round(arrivedAt));
      sentAt += intervalMs * (1 - EARLY * random());
      while (random() < LOST) sentAt += AGAIN_MS.min + random() * (AGAIN_MS.max - AGAIN_MS.min);
      const next = sentAt + exponential(DELAY_MEAN_MS, random);
      if (late(state, Math.round(next), intervalMs)) figures.core = (figures.core ?? 0) + 1;
      for (const [name, allowed] of RULES)
        if (next - arrivedAt >= (allowed(intervalMs, 100) ?? Infinity))
          figures[name] = (figures[name] ?? 0) + 1;
      arrivedAt = next;
      // A silence that begins now and then, looked at without being lived through.
      if (random() < 0.01) {
        const dies = arrivedAt + random() * intervalMs * (1 - EARLY * random());
        const after = observeBeat(state, plugin.beat(), Math.round(arrivedAt));
        found.push(((silenceDeadline(after, intervalMs) ?? Infinity) - dies) / MINUTE_MS);
      }
    }
    figures.pluginDays = (figures.pluginDays ?? 0) + RESIDENT_DAYS;
  }
  return { ...figures, found };
}

type Results = Parameters<typeof select>[0];

function report(results: Results): Report {
  return { tables: [falseTable(results), foundTable(results)], targets: targets(results) };
}

const ROWS = [
  ...VIEWS.map((views) => ({ label: `${views} views/h`, of: { kind: "page-view", views } })),
  { label: "resident", of: { kind: "resident", views: 0 } },
];

function falseADay(results: Results, of: Partial<Part>, name: string): number {
  const chosen = select(results, of);
  return perFleetDay(total(chosen, name), total(chosen, "pluginDays"));
}

function falseTable(results: Results): Table {
  return {
    title: "Silence, nothing wrong: false missed heartbeats a day per 5,000 plugins",
    columns: ["", "Vigie", "[counted in plugin days]", ...RULES.map(([name]) => name)],
    rows: ROWS.map(({ label, of }) => {
      const chosen = select(results, of);
      const days = Math.round(total(chosen, "pluginDays")).toLocaleString("en-US");
      return [
        label,
        figure(falseADay(results, of, "core")),
        `[${total(chosen, "core")} in ${days}]`,
        ...RULES.map(([name]) => figure(falseADay(results, of, name))),
      ];
    }),
  };
}

function foundTable(results: Results): Table {
  const at = (of: Partial<Part>, name: string, q: number): string =>
    figure(quantile(pooled(select(results, of), name), q));
  return {
    title: "Silence that is real: minutes until found",
    columns: [
      "",
      "mean",
      "median",
      "95 %",
      "median by day",
      "at night",
      ...RULES.map(([name]) => `${name}, median`),
    ],
    rows: ROWS.map(({ label, of }) => [
      label,
      figure(mean(pooled(select(results, of), "found"))),
      at(of, "found", 0.5),
      at(of, "found", 0.95),
      at(of, "found by day", 0.5),
      at(of, "found at night", 0.5),
      ...RULES.map(([name]) => at(of, `found ${name}`, 0.5)),
    ]),
    note: "A rule that raises thousands of false incidents a day finds silence early too.",
  };
}

function targets(results: Results): Target[] {
  const quiet = VIEWS.map((views) => ({
    what: `silence, false at ${views} views/h`,
    value: falseADay(results, { kind: "page-view", views }, "core"),
    bound: 50,
    must: "at most" as const,
    unit: "a day per 5,000",
  }));
  const found = pooled(select(results, { kind: "resident" }), "found");
  return [
    ...quiet,
    {
      what: "silence of a resident client found, 95 % within",
      value: quantile(found, 0.95),
      bound: 3,
      must: "at most",
      unit: "min",
    },
    {
      what: "silence of a resident client found, mean",
      value: mean(found),
      bound: 2,
      must: "at most",
      unit: "min",
    },
  ];
}
