/**
 * How much more a plugin's errors scatter than independent ones would: Pearson's statistic over blocks of requests (McCullagh and Nelder
 * 1989, section 4.5). Real errors come in clumps; a test that takes each for a new proof raises thousands of false
 * incidents a day in a fleet of thousands. Pure.
 */
import { ERROR_SPREAD } from "./detection-tuning.ts";

export interface ErrorSpread {
  factor: number;
  /** Blocks behind it, the assumed ones included; capped at its memory. */
  blocks: number;
  /** The block under way. */
  requests: number;
  errors: number;
}

const ASSUMED: ErrorSpread = {
  factor: ERROR_SPREAD.assumed,
  blocks: ERROR_SPREAD.assumedBlocks,
  requests: 0,
  errors: 0,
};

/** At least 1; what is assumed for states stored before it was learned. */
export function spreadFactor(spread: ErrorSpread | undefined): number {
  const { floor, ceiling } = ERROR_SPREAD;
  return Math.min(ceiling, Math.max(floor, (spread ?? ASSUMED).factor));
}

export interface Block {
  requests: number;
  errors: number;
}

/**
 * `level`: the share of errors in health. `mode`: on suspicion the block is held open, since leaving out what looks like a clump would
 * make clumps look rare; during an incident it is dropped. `learned` is the block that closed with this batch, or null.
 */
export function observeSpread(
  spread: ErrorSpread | undefined,
  batch: { trials: number; failures: number },
  level: number,
  mode: "learn" | "hold" | "drop",
): { spread: ErrorSpread; learned: Block | null } {
  const before = spread ?? ASSUMED;
  if (mode === "drop") return { spread: { ...before, requests: 0, errors: 0 }, learned: null };
  const requests = Math.min(before.requests + batch.trials, 1e9);
  const errors = Math.min(before.errors + batch.failures, 1e9);
  const due = requests * level;
  if (mode === "hold" || due < ERROR_SPREAD.blockErrors)
    return { spread: { ...before, requests, errors }, learned: null };
  const scatter = (errors - due) ** 2 / (due * (1 - level));
  const blocks = Math.min(before.blocks + 1, ERROR_SPREAD.memoryBlocks);
  const factor = before.factor + (Math.min(scatter, ERROR_SPREAD.mostInBlock) - before.factor) / blocks;
  return {
    spread: { factor: Math.round(factor * 1000) / 1000, blocks, requests: 0, errors: 0 },
    learned: { requests, errors },
  };
}
