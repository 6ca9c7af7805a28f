/** Pure: one message per changed thing is enough for "fetch it again". */
import type { FeedMessage } from "../contract/feed.ts";

/** Drops repeats, and messages about single things of a topic that changed as a whole; first occurrences stay in order. */
export function coalesce(messages: readonly FeedMessage[]): FeedMessage[] {
  const whole = new Set(
    messages.filter((message) => message.id === undefined).map((message) => message.topic),
  );
  const seen = new Set<string>();
  return messages.filter((message) => {
    if (message.id !== undefined && whole.has(message.topic)) return false;
    const key = `${message.topic}\n${message.id ?? ""}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
