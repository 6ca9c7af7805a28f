/** The dashboard's live feed: "this changed, fetch it again". It carries no data, so it can leak none. */
import { z } from "zod";

export const FeedTopic = z.enum(["incidents", "attempts", "plugins", "policy", "releases"]);
export type FeedTopic = z.infer<typeof FeedTopic>;
export const FeedMessage = z.object({
  type: z.literal("changed"),
  topic: FeedTopic,
  id: z.string().max(96).optional(),
});
export type FeedMessage = z.infer<typeof FeedMessage>;
