import { useApp, useNow } from "../stores/context.ts";
import { absoluteTime, relativeTime } from "../view/time.ts";

/** An instant, relative first and absolute beside it: neither alone answers both "how long ago" and "when". */
export function Time({ at, compact = false }: { at: string | null; compact?: boolean }) {
  const { preferences } = useApp();
  const now = useNow();
  if (at === null) return <>–</>;
  const language = preferences.language.value;
  const absolute = absoluteTime(at, language);
  return (
    <time class="time" dateTime={at} title={absolute}>
      {relativeTime(at, now, language)}
      {!compact && <span class="time-absolute"> {absolute}</span>}
    </time>
  );
}
