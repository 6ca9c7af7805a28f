/** What a benchmark says: tables, and targets that are met or missed. Plain JSON. */

export interface Target {
  what: string;
  value: number | null;
  bound: number;
  /** Whether the value may be at most, or must be at least, the bound. */
  must: "at most" | "at least";
  unit: string;
}

export interface Table {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** What to know when reading it. */
  note?: string;
}

export interface Report {
  tables: Table[];
  targets: Target[];
}

export function isMet(target: Target): boolean {
  if (target.value === null || Number.isNaN(target.value)) return false;
  return target.must === "at most" ? target.value <= target.bound : target.value >= target.bound;
}
