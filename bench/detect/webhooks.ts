/** Webhook failure: false incidents of healthy plugins, and how long a failure goes unnoticed. */

import { aBeatingPlugin, type BeatingPlugin } from "../../sim/beating-plugin.ts";
import { binomial, exponential, poisson, type Random, seededRandom } from "../../sim/random.ts";
import {
  type DetectionState,
  isSuspect,
  newDetection,
  observeBeat,
} from "../../src/core/detect/detection.ts";
import { figure } from "../paper.ts";
import type { Sample } from "../sample.ts";
import type { Report, Table, Target } from "../target.ts";
import { type RateRule, webhookRules } from "./common-rules.ts";
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
import { watchIncidents } from "./incident-watch.ts";
import type { Figures, Part, Section } from "./section.ts";

const RATES = [2, 10, 60, 300] as const;
const LEVELS = [0.01, 0.02] as const;
const INTERVAL_MS = 2 * MINUTE_MS;
const FAST_MS = 30_000;
const LIFE_DAYS = 10;
/** History before a failure begins: so many webhooks, but no more than two weeks of them. */
const WARM_WEBHOOKS = 1500;
const WARM_MS = 14 * DAY_MS;
/** A failure nobody has found by then counts as missed. */
const GIVE_UP_MS = 3 * DAY_MS;
const URGENT_IN_ROW = 5;
const URGENT_GAP_MS = 15_000;
const HEALTHY = 0.01;

const FALSE_BOUNDS = new Map<number, number>([
  [0.01, 1],
  [0.02, 35],
]);
const FOUND_BOUNDS: Record<string, readonly number[]> = { "1": [141, 28, 6, 2], "0.3": [512, 100, 20, 4] };

export const webhooks: Section = {
  name: "webhooks",
  method: [
    "Webhooks arrive as a Poisson process and fail independently; a resident plugin counts them and beats every 2 min. Beats that bring " +
      "no webhook are left out, which changes no detector of a share.",
    `False incidents: plugins at a true failure level of 1 % or 2 % live ${LIFE_DAYS} days from their first beat, so the days in which ` +
      "their healthy level is not known yet count too.",
    `Found: after ${WARM_WEBHOOKS} webhooks (or two weeks) at 1 %, a failure begins right after a beat, the worst moment; minutes until ` +
      "the beat that opens the incident. Plain: every 2 min. Adaptive: as the client and the replies have it, a beat at once on " +
      "every fifth failure in a row (15 s apart at the least), and every 30 s while the reply asks for it.",
  ],
  parts(options) {
    const replicas = options.quick ? 1 : 4;
    const healthy = RATES.toReversed().flatMap((perHour) =>
      LEVELS.flatMap((level) =>
        Array.from({ length: replicas }, (_, replica) => ({
          id: `webhooks-healthy-${perHour}-${level}-${replica}`,
          kind: "healthy",
          perHour,
          level,
          plugins: options.quick ? 60 : level === 0.01 ? 500 : 200,
        })),
      ),
    );
    const failing = RATES.flatMap((perHour) =>
      [1, 0.3].flatMap((share) =>
        Array.from({ length: replicas }, (_, replica) => ({
          id: `webhooks-failing-${perHour}-${share}-${replica}`,
          kind: "failing",
          perHour,
          share,
          runs: options.quick ? 300 : 500,
        })),
      ),
    );
    return [...healthy, ...failing];
  },
  run: (part, options) => (part.kind === "healthy" ? runHealthy(part, options) : runFailing(part, options)),
  report,
};

function runHealthy(part: Part, options: Sample): Figures {
  const plugins = Number(part.plugins);
  const figures: Figures = { pluginDays: plugins * LIFE_DAYS, core: 0, suspectMs: 0 };
  for (let index = 0; index < plugins; index++) {
    const random = seededRandom(seedOf(options, part, index));
    const rules = webhookRules(random);
    const watch = watchIncidents("webhook_fail_rate");
    const plugin = aBeatingPlugin();
    let state = newDetection(START);
    let suspectMs = 0;
    let before = START;
    eachBeat(START, START + LIFE_DAYS * DAY_MS, Number(part.perHour), random, (at, sent) => {
      const failed = binomial(sent, Number(part.level), random);
      if (isSuspect(state)) suspectMs += at - before;
      before = at;
      state = beat(plugin, state, sent, failed, at);
      watch.look(state, at);
      for (const rule of rules) rule.observe({ at, trials: sent, failures: failed });
    });
    figures.core = Number(figures.core) + watch.opened;
    figures.suspectMs = Number(figures.suspectMs) + suspectMs;
    for (const rule of rules) figures[rule.name] = Number(figures[rule.name] ?? 0) + rule.opened;
  }
  return figures;
}

function runFailing(part: Part, options: Sample): Figures {
  const plain: number[] = [];
  const adaptive: number[] = [];
  const byRule: Record<string, number[]> = {};
  for (let index = 0; index < Number(part.runs); index++) {
    const seed = seedOf(options, part, index);
    const random = seededRandom(seed);
    const rules = webhookRules(random);
    const plugin = aBeatingPlugin();
    const perHour = Number(part.perHour);
    const warmMs = Math.min(WARM_MS, (WARM_WEBHOOKS / perHour) * HOUR_MS);
    const onset = START + Math.ceil(warmMs / INTERVAL_MS) * INTERVAL_MS;
    const watch = watchIncidents("webhook_fail_rate");
    let state = newDetection(START);
    eachBeat(START, onset, perHour, random, (at, sent) => {
      const failed = binomial(sent, HEALTHY, random);
      state = beat(plugin, state, sent, failed, at);
      watch.look(state, at);
      for (const rule of rules) rule.observe({ at, trials: sent, failures: failed });
    });
    if (watch.open) continue;
    // Both ways of beating meet the same webhooks.
    const failure = (hurries: boolean): Failure => ({
      onset,
      perHour,
      share: Number(part.share),
      random: seededRandom(seed + 1),
      hurries,
    });
    const counted = { ...plugin.counters };
    plain.push(minutesOrNever(find(state, plugin, failure(false), rules, byRule), onset));
    Object.assign(plugin.counters, counted);
    adaptive.push(minutesOrNever(find(state, plugin, failure(true), [], {}), onset));
  }
  return { plain, adaptive, ...byRule };
}

interface Failure {
  onset: number;
  perHour: number;
  share: number;
  random: Random;
  /** Beats as the client does and the replies ask for, instead of every 2 min. */
  hurries: boolean;
}

/** Each webhook at its own moment. Goes on until the rules have found the failure too; returns when the core did, or null. */
function find(
  start: DetectionState,
  plugin: BeatingPlugin,
  { onset, perHour, share, random, hurries }: Failure,
  rules: readonly RateRule[],
  byRule: Record<string, number[]>,
): number | null {
  let state = start;
  let [sent, failed, inRow] = [0, 0, 0];
  let due = onset + INTERVAL_MS;
  let urgentFrom = onset;
  let found: number | null = null;
  const watch = watchIncidents("webhook_fail_rate");
  const waiting = new Set(rules);
  const settle = (rule: RateRule, at: number | null): void => {
    byRule[rule.name] = [...(byRule[rule.name] ?? []), minutesOrNever(at, onset)];
    waiting.delete(rule);
  };
  let webhookAt = onset + exponential(HOUR_MS / perHour, random);
  while (due <= onset + GIVE_UP_MS && (found === null || waiting.size > 0)) {
    if (webhookAt < due) {
      sent += 1;
      const fails = random() < share;
      failed += fails ? 1 : 0;
      inRow = fails ? inRow + 1 : 0;
      if (hurries && fails && inRow % URGENT_IN_ROW === 0) {
        due = Math.min(due, Math.max(webhookAt, urgentFrom));
        urgentFrom = due + URGENT_GAP_MS;
      }
      webhookAt += exponential(HOUR_MS / perHour, random);
      continue;
    }
    const at = Math.round(due);
    if (found === null) {
      state = beat(plugin, state, sent, failed, at);
      if (watch.look(state, at)) found = due;
    }
    for (const rule of [...waiting]) {
      rule.observe({ at, trials: sent, failures: failed });
      if (rule.firing) settle(rule, at);
    }
    [sent, failed] = [0, 0];
    due += hurries && isSuspect(state) ? FAST_MS : INTERVAL_MS;
  }
  for (const rule of [...waiting]) settle(rule, null);
  return found;
}

function beat(plugin: BeatingPlugin, state: DetectionState, sent: number, failed: number, at: number) {
  plugin.counters.webhooks_sent += sent;
  plugin.counters.webhooks_failed += failed;
  return observeBeat(state, plugin.beat(), at);
}

/** Calls back at each beat that brings webhooks, with their number. */
function eachBeat(
  from: number,
  until: number,
  perHour: number,
  random: Random,
  onBeat: (at: number, sent: number) => void,
): void {
  const gapMs = HOUR_MS / perHour;
  let at = from;
  for (;;) {
    const first = at + exponential(gapMs, random);
    const beatAt = from + Math.ceil((first - from) / INTERVAL_MS) * INTERVAL_MS;
    if (beatAt > until) return;
    const sent = 1 + poisson((beatAt - first) / gapMs, random);
    onBeat(beatAt, sent);
    at = beatAt;
  }
}

function report(results: readonly { part: Part; figures: Figures }[]): Report {
  const names = Object.keys(select(results, { kind: "healthy" })[0]?.figures ?? {}).filter(
    (name) => !["pluginDays", "core", "suspectMs"].includes(name),
  );
  return {
    tables: [falseTable(results, names), foundTable(results, names, 1), foundTable(results, names, 0.3)],
    targets: [...falseTargets(results), ...foundTargets(results)],
  };
}

type Results = Parameters<typeof select>[0];

function falseADay(results: Results, perHour: number, level: number, name: string): number {
  const chosen = select(results, { kind: "healthy", perHour, level });
  return perFleetDay(total(chosen, name), total(chosen, "pluginDays"));
}

function falseTable(results: Results, names: readonly string[]): Table {
  const cells = RATES.flatMap((perHour) => LEVELS.map((level) => ({ perHour, level })));
  const row = (label: string, name: string): string[] => [
    label,
    ...cells.map(({ perHour, level }) => figure(falseADay(results, perHour, level, name))),
  ];
  const counted = cells.map(({ perHour, level }) => {
    const chosen = select(results, { kind: "healthy", perHour, level });
    return `[${total(chosen, "core")} in ${total(chosen, "pluginDays").toLocaleString("en-US")}]`;
  });
  const fast = cells.map(({ perHour, level }) => {
    const chosen = select(results, { kind: "healthy", perHour, level });
    return `${figure((total(chosen, "suspectMs") / (total(chosen, "pluginDays") * DAY_MS)) * 100)} %`;
  });
  return {
    title: "Webhooks, healthy: false incidents a day per 5,000 plugins",
    columns: ["", ...cells.map(({ perHour, level }) => `${perHour}/h at ${level * 100} %`)],
    rows: [
      row("Vigie", "core"),
      ["  [counted in plugin days]", ...counted],
      ["  time spent on 30 s beats", ...fast],
      ...names.map((name) => row(name, name)),
    ],
  };
}

function foundTable(results: Results, names: readonly string[], share: number): Table {
  const cells = (name: string, q: number): string[] =>
    RATES.map((perHour) => figure(minutes(results, perHour, share, name, q)));
  return {
    title: `Webhooks, ${share * 100} % failing: minutes until found, median (never: over ${GIVE_UP_MS / HOUR_MS} h in at least half of the runs)`,
    columns: ["", ...RATES.map((perHour) => `${perHour}/h`)],
    rows: [
      ["Vigie, plain 2 min beats", ...cells("plain", 0.5)],
      ["  95 % within", ...cells("plain", 0.95)],
      ["Vigie, urgent and 30 s beats", ...cells("adaptive", 0.5)],
      ["  95 % within", ...cells("adaptive", 0.95)],
      ...names.map((name) => [name, ...cells(name, 0.5)]),
    ],
  };
}

function minutes(results: Results, perHour: number, share: number, name: string, q: number): number | null {
  const values = pooled(select(results, { kind: "failing", perHour, share }), name);
  const at = quantile(values, q);
  return at === null ? null : at >= NEVER ? Infinity : at;
}

function falseTargets(results: Results): Target[] {
  return LEVELS.flatMap((level) =>
    RATES.map((perHour) => ({
      what: `webhooks, false at a true level of ${level * 100} %, ${perHour}/h`,
      value: falseADay(results, perHour, level, "core"),
      bound: FALSE_BOUNDS.get(level) ?? 0,
      must: "at most" as const,
      unit: "a day per 5,000",
    })),
  );
}

function foundTargets(results: Results): Target[] {
  return [1, 0.3].flatMap((share) =>
    RATES.map((perHour, i) => ({
      what: `webhooks, ${share * 100} % failing at ${perHour}/h, plain beats, median`,
      value: minutes(results, perHour, share, "plain", 0.5),
      bound: FOUND_BOUNDS[String(share)]?.[i] ?? 0,
      must: "at most" as const,
      unit: "min",
    })),
  );
}

/** JSON has no infinity. */
const NEVER = 1e9;

function minutesOrNever(at: number | null, onset: number): number {
  return at === null ? NEVER : Math.round(((at - onset) / MINUTE_MS) * 100) / 100;
}
