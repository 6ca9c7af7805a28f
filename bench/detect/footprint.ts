/** What a heartbeat costs: time and memory of `step`, and bytes of the state that the plugin's object stores. */
import { serialize } from "node:v8";
import { aBeatingPlugin, type BeatingPlugin } from "../../sim/beating-plugin.ts";
import { aPluginLife, type PluginLife } from "../../sim/plugin-life.ts";
import { binomial, exponential, poisson, type Random, seededRandom } from "../../sim/random.ts";
import type { ErrorReport, HeartbeatData } from "../../src/contract/heartbeat.ts";
import { defaultPolicyDocument } from "../../src/contract/policy.ts";
import type { PluginState } from "../../src/core/plugin/state.ts";
import { step } from "../../src/core/plugin/step.ts";
import { figure } from "../paper.ts";
import type { Sample } from "../sample.ts";
import type { Report } from "../target.ts";
import { HOUR_MS, MINUTE_MS, quantile, START, seedOf } from "./figures.ts";
import type { Figures, Part, Section } from "./section.ts";

const PLUGIN_ID = "plg_AAAAAAAAAAAAAAAAAAAAAAAAAAA";
const INTERVAL_MS = 2 * MINUTE_MS;
const LIMIT_BYTES = 8 * 1024;
/** With one incident open, its frozen evidence included. */
const INCIDENT_LIMIT_BYTES = 10 * 1024;
const WARM_BEATS = 2000;
/** Steps between two looks at the heap: few enough that no collection is likely in between. */
const HEAP_STEPS = 100;

const KINDS = {
  ordinary: "ordinary shop",
  "page-view": "page-view shop",
  noisy: "every list of the detectors full",
  failing: "the same, webhooks failing",
  worst: "the same, everything failing",
} as const;
type Kind = keyof typeof KINDS;

/** At rest: no incident, no attempt. Each kind's sizes are taken from so many lives, at so many moments of each, a while apart. */
const AT_REST: readonly Kind[] = ["ordinary", "page-view", "noisy"];
const REST_LIVES = { quick: 2, full: 8 } as const;
const REST_MOMENTS = 50;
const REST_BEATS_APART = 20;

/** What can happen to one plugin at once is shown, but a plugin with four incidents has no size to keep. */
const JUDGED = [
  { kind: "ordinary", bound: LIMIT_BYTES },
  { kind: "page-view", bound: LIMIT_BYTES },
  { kind: "noisy", bound: LIMIT_BYTES },
  { kind: "failing", bound: INCIDENT_LIMIT_BYTES },
] as const satisfies readonly { kind: Kind; bound: number }[];

export const footprint: Section = {
  name: "footprint",
  method: [
    "The reducer (src/core/plugin/step.ts) with heartbeats only, after at least 14 days of them; no attempt is under way. Ordinary: 60 requests and " +
      "10 webhooks an hour, an error in a hundred. Bytes as stored: the structured clone that the object's storage keeps " +
      "(measured with node:v8, the same format), and JSON beside it.",
    "Times depend on the machine and on what else runs; the median of single steps is the figure to compare.",
  ],
  // One part, so that two cores do not disturb each other's times.
  parts: () => [{ id: "footprint" }],
  run,
  report,
};

function run(part: Part, options: Sample): Figures {
  const figures: Figures = {};
  for (const [i, kind] of Object.keys(KINDS).entries()) {
    const name = kind as Kind; // the keys of KINDS
    const { life, nextBeat } = lived(name, seededRandom(seedOf(options, part, i)));
    figures[`${name} bytes`] = serialize(life.state).length;
    figures[`${name} json`] = JSON.stringify(life.state).length;
    figures[`${name} detection`] = serialize(life.state.detection).length;
    figures[`${name} incidents`] = life.state.incidents.length;
    if (AT_REST.includes(name)) figures[`${name} rest`] = restingSizes(name, part, options);
    if (name === "failing" || name === "worst") continue;
    const { times, heap } = timed(life.state, nextBeat, options.quick ? 5_000 : 50_000);
    figures[`${name} us`] = (quantile(times, 0.5) ?? 0) * 1000;
    figures[`${name} us 99`] = (quantile(times, 0.99) ?? 0) * 1000;
    figures[`${name} heap`] = quantile(heap, 0.5);
  }
  return figures;
}

/** Bytes as stored, of several lives of one kind; moments at which an incident happens to be open are left out. */
function restingSizes(kind: Kind, part: Part, options: Sample): number[] {
  const sizes: number[] = [];
  for (let i = 0; i < REST_LIVES[options.quick ? "quick" : "full"]; i++) {
    const { life, nextBeat } = lived(kind, seededRandom(seedOf(options, part, 1000 + i)));
    for (let beat = 1; beat <= REST_MOMENTS * REST_BEATS_APART; beat++) {
      next(life, nextBeat, { version: life.state.version });
      if (beat % REST_BEATS_APART === 0 && life.state.incidents.length === 0)
        sizes.push(serialize(life.state).length);
    }
  }
  return sizes;
}

interface Lived {
  life: PluginLife;
  /** The next heartbeat and its time. */
  nextBeat(): { beat: HeartbeatData; at: number };
}

function lived(kind: Kind, random: Random): Lived {
  const policy = defaultPolicyDocument();
  const life = aPluginLife(PLUGIN_ID, "1.2.2", policy, START);
  const plugin = aBeatingPlugin(kind === "page-view" ? "page-view" : "resident");
  const noisy = kind !== "ordinary" && kind !== "page-view";
  let at = START;
  const nextBeat = (): { beat: HeartbeatData; at: number } => {
    at += INTERVAL_MS + (kind === "page-view" ? exponential(HOUR_MS / 10, random) : 0);
    return { beat: traffic(plugin, random, noisy), at: Math.round(at) };
  };
  const beats = noisy ? 1_000 : Math.round((14 * 24 * HOUR_MS) / INTERVAL_MS);
  for (let i = 0; i < beats; i++) {
    const next = nextBeat();
    life.beat(next.beat, next.at);
  }
  // A new version, with errors of its own: the lists of fresh ones fill too.
  for (let i = 0; noisy && i < 40; i++) {
    const errors = Array.from({ length: 5 }, (_, j) => aReport(100 + ((5 * i + j) % 9), 64, 300, 1));
    next(life, nextBeat, { version: "1.2.3", ...(kind === "worst" || i < 2 ? { errors } : { errors: [] }) });
  }
  for (let i = 0; (kind === "failing" || kind === "worst") && i < 10; i++) {
    plugin.counters.webhooks_sent += 100;
    plugin.counters.webhooks_failed += 90;
    if (kind === "worst") {
      plugin.counters.requests += 2_000;
      plugin.counters.errors += 1_900;
    }
    next(life, nextBeat, {
      version: "1.2.3",
      ...(kind === "worst" ? { webhook_subscription: "disabled" } : {}),
    });
  }
  if (kind === "worst") {
    life.now = at + HOUR_MS;
    life.apply({ type: "tick" });
  }
  return { life, nextBeat };
}

function next(life: PluginLife, nextBeat: Lived["nextBeat"], said: Partial<HeartbeatData>): void {
  const { beat, at } = nextBeat();
  life.beat({ ...beat, ...said }, at);
}

function traffic(plugin: BeatingPlugin, random: Random, noisy: boolean): HeartbeatData {
  const requests = poisson(noisy ? 2_000 : 2, random);
  const failed = binomial(requests, 0.01, random);
  const webhooks = poisson(noisy ? 100 : 1 / 3, random);
  plugin.counters.requests += requests;
  plugin.counters.errors += failed;
  plugin.counters.webhooks_sent += webhooks;
  plugin.counters.webhooks_failed += binomial(webhooks, 0.01, random);
  const errors: ErrorReport[] = noisy
    ? Array.from({ length: 5 }, () => aReport(Math.floor(random() * 60), 64, 300))
    : failed > 0
      ? [aReport(Math.floor(random() * 8), 20, 60)]
      : [];
  return { ...plugin.beat(errors), plugin_id: PLUGIN_ID };
}

function aReport(
  index: number,
  fingerprintChars: number,
  messageChars: number,
  count = 1 + index,
): ErrorReport {
  return {
    fingerprint: `fp1:${index.toString(16).padStart(4, "0")}`.padEnd(fingerprintChars, "0"),
    message: `Call to undefined method number ${index} `.padEnd(messageChars, "x"),
    count,
  };
}

/** Milliseconds of single steps, and bytes of heap that a step allocated, by groups. */
function timed(start: PluginState, nextBeat: Lived["nextBeat"], steps: number) {
  const policy = defaultPolicyDocument();
  const times: number[] = [];
  const heap: number[] = [];
  let state = start;
  let heapBefore = process.memoryUsage().heapUsed;
  const events = Array.from({ length: steps + WARM_BEATS }, nextBeat);
  for (const [i, { beat, at }] of events.entries()) {
    if (i % HEAP_STEPS === 0) {
      const now = process.memoryUsage().heapUsed;
      if (i > WARM_BEATS && now > heapBefore) heap.push((now - heapBefore) / HEAP_STEPS);
      heapBefore = now;
    }
    const before = performance.now();
    const result = step(state, { type: "beat", beat }, { now: at, policy });
    const took = performance.now() - before;
    if (i >= WARM_BEATS) times.push(took);
    if (result.ok) state = result.value.state;
  }
  return { times, heap };
}

function report(results: readonly { part: Part; figures: Figures }[]): Report {
  const figures = results[0]?.figures ?? {};
  const atRest = (kinds: readonly Kind[], q: number): number | null =>
    quantile(
      kinds.flatMap((kind) => figures[`${kind} rest`] ?? []).filter((size) => typeof size === "number"),
      q,
    );
  const of = (kind: string, name: string): number | null => {
    const value = figures[`${kind} ${name}`];
    return typeof value === "number" ? value : null;
  };
  return {
    tables: [
      {
        title: "One heartbeat through step, and the state it leaves",
        columns: [
          "",
          "us median",
          "us 99 %",
          "kB allocated",
          "bytes stored",
          "of it detection",
          "as JSON",
          "at rest, 99 %",
        ],
        rows: Object.entries(KINDS).map(([kind, label]) => {
          const heap = of(kind, "heap");
          return [
            label,
            figure(of(kind, "us")),
            figure(of(kind, "us 99")),
            figure(heap === null ? null : heap / 1024),
            figure(of(kind, "bytes")),
            figure(of(kind, "detection")),
            figure(of(kind, "json")),
            figure(atRest([kind as Kind], 0.99)), // the keys of KINDS
          ];
        }),
        note:
          `At rest: no incident is open; the three kinds together ${figure(atRest(AT_REST, 0.5))} bytes in the median and ${figure(atRest(AT_REST, 0.99))} at the 99th percentile. ` +
          `Open incidents in the last two rows: ${figure(of("failing", "incidents"))} and ${figure(of("worst", "incidents"))}, ` +
          "each with its frozen evidence. An attempt under way adds 4 to 6 kB (its gate's verdicts and its command).",
      },
    ],
    targets: [
      {
        what: "state as stored at rest, 99th percentile of all kinds",
        value: atRest(AT_REST, 0.99),
        bound: LIMIT_BYTES,
        must: "at most",
        unit: "bytes",
      },
      ...JUDGED.map(({ kind, bound }) => ({
        what: `state as stored, ${KINDS[kind]}`,
        value: of(kind, "bytes"),
        bound,
        must: "at most" as const,
        unit: "bytes",
      })),
    ],
  };
}
