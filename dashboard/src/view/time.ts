/** Pure. Instants and durations as people read them. */

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** "3 minutes ago", "in 2 hours"; `instant` is ISO 8601, `now` milliseconds since epoch. */
export function relativeTime(instant: string, now: number, language: string): string {
  const seconds = Math.round((Date.parse(instant) - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return format.format(Math.trunc(seconds / size), unit);
}

/** Date and time to the second, in the reader's zone, with the zone's name. */
export function absoluteTime(instant: string, language: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "long",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(Date.parse(instant));
}

/** Time of day to the second, for timelines. */
export function timeOfDay(instant: string, language: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, {
    timeStyle: "medium",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(Date.parse(instant));
}

/** Seconds as "45 s", "2 min 5 s", "3 h 10 min", "2 d 4 h": two units at most. Null is a dash. */
export function duration(seconds: number | null, language = "en"): string {
  if (seconds === null) return "–";
  const day = language === "fr" ? "j" : "d";
  const whole = Math.max(0, Math.round(seconds));
  if (seconds > 0 && seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), day],
    [Math.floor((whole % 86_400) / 3600), "h"],
    [Math.floor((whole % 3600) / 60), "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([n], i) => i === 0 || n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}

/** Seconds between two instants; null when one is missing. */
export function secondsBetween(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000;
}
