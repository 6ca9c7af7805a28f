/** Pure: chance that can be repeated. The same question meets the same luck, so that asking twice never gives two answers. */
import type { DecideRequest } from "../../contract/decision.ts";
import { stablePercent } from "../stable-hash.ts";

/** Draws from [0, 1), evenly spread over incidents. */
export function drawsFor({ incident }: Pick<DecideRequest, "incident">): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return stablePercent(`${incident.id}|${incident.detected_at}|${drawn}`) / 100;
  };
}
