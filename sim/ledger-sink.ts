/** Stands in for Postgres where only the objects are of interest: takes every row, and hands it to whoever listens. */
import type { LedgerRecord } from "../src/contract/ledger.ts";

let listener: (record: LedgerRecord) => void = () => {};

/** One listener for the thread. */
export function onLedgerRecord(listen: (record: LedgerRecord) => void): void {
  listener = listen;
}

export function connect(): null {
  return null;
}

export async function writeLedger(_database: null, records: readonly LedgerRecord[]): Promise<void> {
  for (const record of records) listener(record);
}

export function classifyPgError(error: unknown): { kind: "unavailable"; message: string } {
  return { kind: "unavailable", message: String(error) };
}
