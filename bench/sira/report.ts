/** What the runs say: tables for people, targets for the exit code. */
import { seededRandom } from "../../sim/random.ts";
import { figure } from "../paper.ts";
import type { Report, Table, Target } from "../target.ts";
import { DECIDERS, type DeciderName } from "./deciders.ts";
import { brier, calibrationError, coverage, type Forecast, ofWorlds, reliability } from "./measure.ts";
import type { Run, Tried } from "./run.ts";
import type { Family } from "./world.ts";

export interface Result {
  family: Family;
  decider: DeciderName;
  runs: Run[];
}

const SIRA: DeciderName = "SIRA, best known";
const FORETOLD: DeciderName = "random, foretold by SIRA";

export function reportOf(results: readonly Result[]): Report {
  const steady = results.filter(({ family }) => family.changesAt === undefined);
  const runsOf = (decider: DeciderName, of = steady) =>
    of.filter((result) => result.decider === decider).flatMap(({ runs }) => runs);
  const triedBy = (decider: DeciderName, of = steady) => runsOf(decider, of).flatMap(({ tried }) => tried);
  const own = triedBy(SIRA);
  const any = triedBy(FORETOLD);
  const families = [...new Set(results.map(({ family }) => family))];
  return {
    tables: [
      reliabilityTable("Reliability of what SIRA says of its own choices", own),
      reliabilityTable("Reliability of what SIRA says of any move, tried at random", any),
      brierTable(runsOf),
      ...families.map((family) =>
        familyTable(
          family,
          results.filter((result) => result.family === family),
        ),
      ),
    ],
    targets: targetsOf(own, any, runsOf),
  };
}

/** What a forecaster says who knows only how often attempts healed so far. */
export function byBaseRate(runs: readonly Run[]): Tried[] {
  return runs.flatMap(({ tried }) => {
    let healed = 1;
    let n = 2;
    return tried.map((each) => {
      const said = healed / n;
      healed += Number(each.healed);
      n += 1;
      return { ...each, said };
    });
  });
}

type RunsOf = (decider: DeciderName) => Run[];

function targetsOf(own: readonly Tried[], any: readonly Tried[], runsOf: RunsOf): Target[] {
  const gaps = reliability(own).filter(({ n }) => n >= 500);
  const held = coverage(own);
  const heldAny = coverage(any);
  const late = (decider: DeciderName) => mean(runsOf(decider).flatMap(({ worth }) => secondHalf(worth)));
  const regret = (decider: DeciderName) => late("oracle") - late(decider);
  const most = "at most" as const;
  const least = "at least" as const;
  const brierOf = (tried: readonly Forecast[]) => brier(tried).score;
  return [
    {
      what: "calibration error of its own choices",
      value: calibrationError(own),
      bound: 0.03,
      must: most,
      unit: "",
    },
    {
      what: "calibration error of any move",
      value: calibrationError(any),
      bound: 0.04,
      must: most,
      unit: "",
    },
    {
      what: "largest gap of a bin of 500 or more",
      value: Math.max(...gaps.map(({ said, healed }) => Math.abs(said - healed))),
      bound: 0.1,
      must: most,
      unit: "",
    },
    {
      what: "Brier score of its own choices, of the base rate's",
      value: brierOf(own) / brierOf(byBaseRate(runsOf(SIRA))),
      bound: 0.9,
      must: most,
      unit: "x",
    },
    {
      what: "Brier score of its own choices, of always-patch's",
      value: brierOf(own) / brierOf(runsOf("always patch").flatMap(({ tried }) => tried)),
      bound: 0.4,
      must: most,
      unit: "x",
    },
    {
      what: "Brier score of any move, of the base rate's",
      value: brierOf(any) / brierOf(byBaseRate(runsOf(FORETOLD))),
      bound: 0.6,
      must: most,
      unit: "x",
    },
    {
      what: "90 % intervals that hold the truth, own choices",
      value: held.hits / held.n,
      bound: 0.85,
      must: least,
      unit: "",
    },
    {
      what: "90 % intervals that hold the truth, any move",
      value: heldAny.hits / heldAny.n,
      bound: 0.85,
      must: least,
      unit: "",
    },
    {
      what: "regret in the second half, of random choice's",
      value: regret(SIRA) / regret("random"),
      bound: 0.3,
      must: most,
      unit: "x",
    },
    {
      what: "regret in the second half, of the rules' alone",
      value: regret(SIRA) / regret("rules alone"),
      bound: 0.3,
      must: most,
      unit: "x",
    },
  ];
}

function reliabilityTable(title: string, forecasts: readonly Forecast[]): Table {
  return {
    title,
    columns: ["said", "n", "mean said", "healed", "95 % interval"],
    rows: reliability(forecasts).map(({ from, to, n, said, healed, low, high }) => [
      `${from.toFixed(1)} to ${to.toFixed(1)}`,
      String(n),
      n === 0 ? "-" : said.toFixed(3),
      n === 0 ? "-" : healed.toFixed(3),
      n === 0 ? "-" : `${low.toFixed(3)} to ${high.toFixed(3)}`,
    ]),
    note: `${forecasts.length} attempts; expected calibration error ${calibrationError(forecasts).toFixed(3)}.`,
  };
}

function brierTable(runsOf: RunsOf): Table {
  const row = (name: string, forecasts: readonly Forecast[]): string[] => {
    const { score, reliability: off, resolution, uncertainty } = brier(forecasts);
    return [
      name,
      ...[score, off, resolution, uncertainty].map((x) => x.toFixed(4)),
      String(forecasts.length),
    ];
  };
  const by = (decider: DeciderName) => runsOf(decider).flatMap(({ tried }) => tried);
  return {
    title: "Brier scores",
    columns: ["forecast", "score", "reliability", "resolution", "uncertainty", "n"],
    rows: [
      row("SIRA, of its own choices", by(SIRA)),
      row("the base rate so far, of the same", byBaseRate(runsOf(SIRA))),
      row("always patch, by the rule of thumb", by("always patch")),
      row("rules alone, of their choices", by("rules alone")),
      row("SIRA, of any move", by(FORETOLD)),
      row("the base rate so far, of the same", byBaseRate(runsOf(FORETOLD))),
    ],
    note: "Score = reliability - resolution + uncertainty, but for what differs within a bin. Smaller scores are better.",
  };
}

function familyTable(family: Family, results: readonly Result[]): Table {
  const random = seededRandom(1);
  const oracle = results.find(({ decider }) => decider === "oracle");
  const rows = results
    .filter(({ decider }) => decider in DECIDERS && decider !== FORETOLD)
    .map(({ decider, runs }) => {
      const regret = runs.map(
        ({ worth }, i) => mean(secondHalf(oracle?.runs[i]?.worth ?? [])) - mean(secondHalf(worth)),
      );
      const late = runs.flatMap(({ tried }) => tried.filter(({ number }) => number > family.incidents / 2));
      const [value, low, high] = ofWorlds(regret, random);
      return [
        decider,
        `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
        share(late, ({ healed }) => healed),
        share(late, ({ rolledBack }) => rolledBack),
        figure(runs.reduce((sum, { asked }) => sum + asked, 0) / runs.length),
        calibrationError(runs.flatMap(({ tried }) => tried)).toFixed(3),
      ];
    });
  return {
    title: `${family.name}: ${family.says}`,
    columns: [
      "",
      "regret an incident, second half",
      "healed",
      "rolled back",
      "asked a person",
      "calibration error",
    ],
    rows,
  };
}

function share(tried: readonly Tried[], hit: (each: Tried) => boolean): string {
  return tried.length === 0 ? "-" : `${((100 * tried.filter(hit).length) / tried.length).toFixed(1)} %`;
}

function secondHalf<T>(values: readonly T[]): readonly T[] {
  return values.slice(Math.floor(values.length / 2));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, each) => sum + each, 0) / values.length;
}
