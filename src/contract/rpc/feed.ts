/** The verbs of the dashboard's feed. */
import type { FeedMessage } from "../feed.ts";

export interface FeedRpc {
  changed(messages: FeedMessage[]): Promise<void>;
}
