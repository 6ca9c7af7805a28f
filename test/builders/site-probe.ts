/** What a look at a shop from outside may find. */
import type { SiteProbe } from "../../src/core/detect/silence-cause.ts";

export function aProbe(overrides: Partial<SiteProbe> = {}): SiteProbe {
  return {
    status: "up",
    reason: "answered",
    detail: "it answers 200.",
    http_status: 200,
    ms: 120,
    ...overrides,
  };
}

export const aShopThatIsDown = (): SiteProbe =>
  aProbe({
    status: "down",
    reason: "timeout",
    detail: "no answer within 5000 ms.",
    http_status: null,
    ms: 5000,
  });
