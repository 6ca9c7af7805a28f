/**
 * The rules that monitoring products commonly offer, to be run on the same data. Each opens an incident when its condition begins to
 * hold, and closes it when it no longer does; none keeps anything but its window.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface Batch {
  at: number;
  trials: number;
  failures: number;
}

export interface RateRule {
  readonly name: string;
  /** How often it opened an incident. */
  opened: number;
  firing: boolean;
  observe(batch: Batch): void;
}

/** Share of failures above `share` over the last `windowMs`, given at least `minTrials` in it. */
export function shareOverWindow(name: string, share: number, windowMs: number, minTrials: number): RateRule {
  const batches: Batch[] = [];
  let first = 0;
  let trials = 0;
  let failures = 0;
  return rule(name, (batch) => {
    batches.push(batch);
    trials += batch.trials;
    failures += batch.failures;
    for (let old = batches[first]; old !== undefined && old.at <= batch.at - windowMs; old = batches[first]) {
      trials -= old.trials;
      failures -= old.failures;
      first += 1;
    }
    if (first > 4096) {
      batches.splice(0, first);
      first = 0;
    }
    return trials >= minTrials && failures > share * trials;
  });
}

/** So many failures in a row, as shop platforms count before they switch a webhook off. The order within a batch comes from `random`. */
export function failuresInRow(name: string, needed: number, random: () => number): RateRule {
  let inRow = 0;
  return rule(name, ({ trials, failures }) => {
    let left = failures;
    let reached = false;
    for (let i = trials; i > 0; i--) {
      const failed = random() * i < left;
      inRow = failed ? inRow + 1 : 0;
      if (failed) left -= 1;
      if (inRow >= needed) reached = true;
    }
    return reached || inRow >= needed;
  });
}

export function webhookRules(random: () => number): RateRule[] {
  return [
    shareOverWindow("> 5 % over 15 min", 0.05, 15 * MINUTE_MS, 1),
    shareOverWindow("> 5 % over 60 min, n >= 20", 0.05, HOUR_MS, 20),
    failuresInRow("5 failures in a row", 5, random),
  ];
}

/** Counts in bins of 15 min, each against the mean of the last seven days. */
export interface CountRule {
  readonly name: string;
  opened: number;
  firing: boolean;
  /** A finished bin. */
  observe(count: number): void;
}

const BINS_IN_WEEK = (7 * DAY_MS) / (15 * MINUTE_MS);
const BINS_IN_DAY = DAY_MS / (15 * MINUTE_MS);

/** Judges after a day of history. */
export function countRules(): CountRule[] {
  return [
    againstMean("> 3 x mean", (count, mean) => count > 3 * mean),
    againstMean("> 3 x mean, n >= 5", (count, mean) => count > 3 * mean && count >= 5),
    againstMean("Poisson tail < 1e-4", (count, mean) => poissonTail(count, mean) < 1e-4),
  ];
}

function againstMean(name: string, isHigh: (count: number, mean: number) => boolean): CountRule {
  const bins: number[] = [];
  let sum = 0;
  let at = 0;
  const self: CountRule = {
    name,
    opened: 0,
    firing: false,
    observe(count) {
      const high = bins.length >= BINS_IN_DAY && isHigh(count, sum / bins.length);
      if (high && !self.firing) self.opened += 1;
      self.firing = high;
      sum += count - (bins[at] ?? 0);
      bins[at] = count;
      at = (at + 1) % BINS_IN_WEEK;
    },
  };
  return self;
}

/** P(N >= count) of a Poisson count with this mean. */
function poissonTail(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let below = 0;
  for (let n = 0; n < count; n++) {
    below += term;
    term *= mean / (n + 1);
  }
  return 1 - below;
}

function rule(name: string, holds: (batch: Batch) => boolean): RateRule {
  const self: RateRule = {
    name,
    opened: 0,
    firing: false,
    observe(batch) {
      const now = holds(batch);
      if (now && !self.firing) self.opened += 1;
      self.firing = now;
    },
  };
  return self;
}
