/** Pure. Window buckets as the rectangles of a small bar chart. */
import type { PluginDetail } from "../../../src/contract/ops.ts";

export type Bucket = PluginDetail["live"]["recent"][number];

export interface Bar {
  x: number;
  width: number;
  good: { y: number; height: number };
  bad: { y: number; height: number };
  start: string;
  total: number;
  failed: number;
}
export interface Chart {
  bars: Bar[];
  total: number;
  failed: number;
  highest: number;
}

const GAP = 0.18;
/** A failure among thousands must still be seen. */
const SMALLEST = 1.5;

/**
 * Stacked bars, the bad part on top, in a box of `width` x `height` user units.
 * @param pick total and failed of a bucket; a failed count above the total raises the total
 */
export function barChart(
  buckets: readonly Bucket[],
  pick: (bucket: Bucket) => { total: number; failed: number },
  width: number,
  height: number,
): Chart {
  const counts = buckets.map((bucket) => {
    const { total, failed } = pick(bucket);
    return { start: bucket.start, total: Math.max(total, failed), failed };
  });
  const highest = Math.max(0, ...counts.map((count) => count.total));
  const slot = width / Math.max(1, counts.length);
  const scale = highest === 0 ? 0 : height / highest;
  const bars = counts.map((count, i) => {
    const all = count.total === 0 ? 0 : Math.max(SMALLEST, count.total * scale);
    const bad = count.failed === 0 ? 0 : Math.min(all, Math.max(SMALLEST, count.failed * scale));
    return {
      ...count,
      x: round(i * slot + (slot * GAP) / 2),
      width: round(slot * (1 - GAP)),
      bad: { y: round(height - all), height: round(bad) },
      good: { y: round(height - all + bad), height: round(all - bad) },
    };
  });
  return {
    bars,
    highest,
    total: counts.reduce((sum, count) => sum + count.total, 0),
    failed: counts.reduce((sum, count) => sum + count.failed, 0),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
