/** What speaks for a change before anything is seen of it in this shop: how it did in others. Pure. */
import type { Decision } from "../../contract/decision.ts";
import { HEALTH } from "./tuning.ts";

/**
 * Log odds that the change heals, in nats, from 0 to `HEALTH.elsewhere`: the prior of the sequential test. Only the built-in service's
 * chances are taken, because only they are known to be calibrated (`bench/sira`); a rule's, a remote service's or a person's are not.
 */
export function elsewhereNats({ source, confidence }: Pick<Decision, "source" | "confidence">): number {
  if (source !== "builtin") return 0;
  const odds = Math.log(confidence / (1 - confidence));
  return Math.round(Math.min(HEALTH.elsewhere, Math.max(0, odds)) * 100) / 100;
}
