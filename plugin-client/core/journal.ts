/**
 * What a client must remember across a crash. Pure. The shape is persisted by hosts: extend it by optional fields only.
 * Invariants: `last_number` is written before a command is carried out; a provisional update is written, with its deadline,
 * before anything is switched; a report leaves `outbox` only when it was answered.
 */
import type { CommandType, FailCode } from "../../src/contract/command.ts";
import type { LastCommand } from "../../src/contract/heartbeat.ts";

export interface Report {
  /** `webhook-id`: the same for every try. */
  message_id: string;
  kind: "ack" | "fail";
  command_id: string;
  /** The whole envelope, so that each try sends the same bytes. */
  body: string;
  /** Milliseconds since epoch. */
  created_at: number;
  /** When the control plane took it. */
  answered_at?: number;
}

/** A new version that is not final. */
export interface Probation {
  command_id: string;
  attempt_id: string;
  from: string;
  to: string;
  /** Milliseconds since epoch; both ends, so that a clock set back cannot stretch it. */
  switched_at: number;
  deadline_at: number;
  /** Settings are on probation, not a version: `from` and `to` are both the one that runs. */
  settings?: true;
  /** Set before the snapshot is restored: why. A restart then finishes the restoration. */
  ending?: { code: FailCode; message: string };
}

export interface RollbackInHand {
  command_id: string;
  from: string;
  to: string;
  /** True when `to` is the snapshot of an update on probation: then there is no other way to go. */
  restores: boolean;
  /** The command whose settings are taken back; `from` and `to` are then both the version that runs. */
  settings?: string;
}

export interface Journal {
  v: 1;
  seq: number;
  last_number: number;
  /** Accepted and not settled: after a crash nobody knows how far it got, unless a more precise entry says so. */
  in_hand: { id: string; type: CommandType } | null;
  probation: Probation | null;
  rollback: RollbackInHand | null;
  outbox: Report[];
  /** The last reports, answered or not: a command that is offered again gets the same one again. */
  settled: Report[];
  last_command: LastCommand | null;
}

const MAX_OUTBOX = 32;
const MAX_SETTLED = 8;

export function emptyJournal(): Journal {
  return {
    v: 1,
    seq: 0,
    last_number: 0,
    in_hand: null,
    probation: null,
    rollback: null,
    outbox: [],
    settled: [],
    last_command: null,
  };
}

/** Reads what a host kept. Null when it is damaged: the caller starts anew and says so. */
export function parseJournal(text: string): Journal | null {
  try {
    const kept = JSON.parse(text) as Partial<Journal> | null; // our own writing; checked below
    const journal = { ...emptyJournal(), ...kept };
    const sound =
      kept?.v === 1 &&
      Number.isSafeInteger(journal.seq) &&
      Number.isSafeInteger(journal.last_number) &&
      Array.isArray(journal.outbox) &&
      Array.isArray(journal.settled);
    return sound ? journal : null;
  } catch {
    return null;
  }
}

/** True for a command that was accepted before: being carried out, on probation, or settled. */
export function isKnown(journal: Journal, commandId: string): boolean {
  return (
    journal.in_hand?.id === commandId ||
    journal.probation?.command_id === commandId ||
    journal.rollback?.command_id === commandId ||
    [...journal.outbox, ...journal.settled].some((report) => report.command_id === commandId)
  );
}

/** Queues a report. It replaces an unsent one for the same command: what is true now is what gets told. */
export function withReport(journal: Journal, report: Report): Journal {
  const others = (reports: Report[]) => reports.filter((r) => r.command_id !== report.command_id);
  return {
    ...journal,
    outbox: [...others(journal.outbox), report].slice(-MAX_OUTBOX),
    settled: [...others(journal.settled), report].slice(-MAX_SETTLED),
  };
}

export function withoutReport(journal: Journal, messageId: string, now: number): Journal {
  return {
    ...journal,
    outbox: journal.outbox.filter((report) => report.message_id !== messageId),
    settled: journal.settled.map((report) =>
      report.message_id === messageId ? { ...report, answered_at: now } : report,
    ),
  };
}

/** A reply that was under way together with the report may still offer its command. */
const RETELL_AFTER_MS = 10_000;

/** A settled command was offered again: tell its end again, unless that was told a moment ago. */
export function withRepeat(journal: Journal, commandId: string, now: number): Journal {
  if (journal.outbox.some((report) => report.command_id === commandId)) return journal;
  const report = journal.settled.find((candidate) => candidate.command_id === commandId);
  if (report === undefined || Math.abs(now - (report.answered_at ?? 0)) < RETELL_AFTER_MS) return journal;
  return { ...journal, outbox: [...journal.outbox, report] };
}
