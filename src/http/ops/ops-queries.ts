/** Query strings and bodies of the ops API that are nobody else's business than this API's. */
import { z } from "zod";
import { ProductName, Why } from "../../contract/ids.ts";
import { ReleaseStatus, SeenStanding } from "../../contract/release.ts";

export const ReleaseQuery = z.object({ product: ProductName.optional() });

/** One hour to one year; a week when absent. */
export const KpiQuery = z.object({
  window_s: z.coerce.number().int().min(3600).max(31_622_400).default(604_800),
});

export const HistoryQuery = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) });

/**
 * Pause, halt, block or resume a release, and say why. To let it go on (`active`) `from` is needed, the status that the person
 * saw: when it has another one by now, or with `since` another moment, the answer is 409. What stops is never refused for that.
 */
export const ReleaseStatusRequest = z
  .strictObject({
    status: ReleaseStatus,
    reason: Why,
    ...SeenStanding.shape,
  })
  .refine(({ status, from }) => status !== "active" || from !== undefined, {
    path: ["from"],
    message: "say which status you saw: what stopped it since then would be undone unseen",
  });
