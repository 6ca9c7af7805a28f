/** Tables, targets and figures on paper, 118 columns wide. */
import { isMet, type Table, type Target } from "./target.ts";

const WIDTH = 118;

export function tableText({ title, columns, rows, note }: Table): string {
  const all = [columns, ...rows];
  const widths = columns.map((_, i) => Math.max(...all.map((row) => (row[i] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return [`\n${title}`, line(columns), ...rows.map(line), ...(note ? wrapped(note, "") : [])].join("\n");
}

export function targetText(target: Target): string {
  const value = target.value === null ? "none" : figure(target.value);
  const sign = target.must === "at most" ? "<=" : ">=";
  return `${isMet(target) ? "met   " : "MISSED"}  ${target.what}: ${value} ${target.unit} (${sign} ${figure(target.bound)})`;
}

/** Three significant digits, whole numbers from 100 on. */
export function figure(x: number | null): string {
  if (x === null || Number.isNaN(x)) return "-";
  if (!Number.isFinite(x)) return "never";
  if (Math.abs(x) >= 100) return Math.round(x).toLocaleString("en-US");
  return String(Number(x.toPrecision(3)));
}

export function wrapped(text: string, indent = "    "): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + word.length >= WIDTH) {
      lines.push(indent + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, indent + line];
}
