/** The demo's table: each story with its stages, in seconds since the onset. */
import type { StoryResult } from "./story.ts";

const HEADINGS = [
  "shop",
  "change",
  "onset",
  "detected",
  "decided",
  "staged",
  "applied",
  "verdict",
  "at",
  "shop runs",
];

function since(onsetAt: number, instant: string | null | undefined): string {
  if (!instant) return "-";
  return `+${Math.max(0, (Date.parse(instant) - onsetAt) / 1000).toFixed(0)} s`;
}

function rowOf({ shop, onsetAt, incident, attempt, versionOnDisk, failure }: StoryResult): string[] {
  return [
    shop.id,
    attempt ? `${attempt.from_version} > ${attempt.target_version ?? "-"}` : "-",
    new Date(onsetAt).toISOString().slice(11, 19),
    since(onsetAt, incident?.detected_at),
    since(onsetAt, attempt?.decision.decided_at ?? incident?.decided_at),
    since(onsetAt, attempt?.staged_at),
    since(onsetAt, attempt?.executed_at),
    failure === null ? (attempt?.status ?? "-") : "unfinished",
    since(onsetAt, attempt?.finished_at),
    versionOnDisk ?? "-",
  ];
}

/** Columns as wide as their widest cell. */
export function storyTable(results: readonly StoryResult[]): string {
  const rows = [HEADINGS, ...results.map(rowOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
