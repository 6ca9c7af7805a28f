/** Pure. Numbers as people read them. */

/** 0.1234 as "12.3%", in French "12,3 %"; null is a dash. */
export function percent(share: number | null, language: string): string {
  if (share === null) return "–";
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(share);
}

/** At most three significant digits after small numbers, thousands grouped; null is a dash. */
export function figure(value: number | null, language: string): string {
  if (value === null) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** Bytes in binary units. */
export function bytes(size: number, language: string): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, size)) / 10));
  return `${figure(size / 1024 ** step, language)} ${units[step]}`;
}

/** A detector's value in its own unit: rates are shares, everything else is a plain number. */
export function signalFigure(type: string, value: number | null, language: string): string {
  return type === "webhook_fail_rate" ? percent(value, language) : figure(value, language);
}

export type Standing = "met" | "missed" | "unknown";

/** Does a share meet its target? `higher` says which side is good. */
export function shareStanding(value: number | null, target: number, higher: boolean): Standing {
  if (value === null) return "unknown";
  return (higher ? value >= target : value <= target) ? "met" : "missed";
}

/** Does a duration meet its target? Unknown without a measurement or without a target. */
export function durationStanding(median: number | null, target: number | null): Standing {
  if (median === null || target === null) return "unknown";
  return median <= target ? "met" : "missed";
}
