/**
 * How many webhooks a shop loses when all is well, learned per plugin: some receivers lose one in fifty for ever, others none. It
 * starts as an ordinary shop that is already known a little, moves slowly, and the test that follows from it stays
 * within bounds, so that no shop can teach its way into being called healthy. Pure.
 */
import type { BernoulliTest } from "./bernoulli-cusum.ts";
import { WEBHOOK_LEVEL, WEBHOOK_TEST } from "./detection-tuning.ts";

export interface WebhookLevel {
  /** Share of webhooks that fail in health. */
  share: number;
  /** Webhooks behind it, the assumed ones included; capped at its memory. */
  trials: number;
}

const ASSUMED: WebhookLevel = { share: WEBHOOK_LEVEL.assumedShare, trials: WEBHOOK_LEVEL.assumedTrials };

/** `level` is absent in states stored before it was learned. The caller leaves out what may belong to an incident. */
export function learnWebhookLevel(
  level: WebhookLevel | undefined,
  trials: number,
  failures: number,
): WebhookLevel {
  const before = level ?? ASSUMED;
  const all = Math.max(trials, failures);
  if (all === 0) return before;
  const known = Math.min(before.trials + all, WEBHOOK_LEVEL.memoryTrials);
  const share = before.share + Math.min(1, all / known) * (failures / all - before.share);
  return { share: Math.round(share * 1e6) / 1e6, trials: known };
}

/** Enough of this plugin's own webhooks have been seen to say so. */
export function webhookLevelLearned(level: WebhookLevel | undefined): boolean {
  return (level?.trials ?? 0) >= WEBHOOK_LEVEL.assumedTrials + WEBHOOK_LEVEL.learnedTrials;
}

/** Share of webhooks that fail in health, as learned or, at first, assumed. */
export function usualWebhookShare(level: WebhookLevel | undefined): number {
  return (level ?? ASSUMED).share;
}

/** The test in force. */
export function webhookTest(level: WebhookLevel | undefined): BernoulliTest {
  const { floor, ceiling, margin } = WEBHOOK_LEVEL;
  const healthy = Math.min(ceiling, Math.max(floor, margin * (level ?? ASSUMED).share));
  return { ...WEBHOOK_TEST, healthy };
}
