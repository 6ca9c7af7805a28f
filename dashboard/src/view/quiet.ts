/** Pure. Snoozes, mutes and maintenance windows: what an incident says of them, and what forms make of them. */
import type { Incident, IncidentVote, Quiet } from "../../../src/contract/incident.ts";
import { VOTES } from "../../../src/contract/incident.ts";
import type { MaintenanceWindow, Mute } from "../../../src/contract/policy.ts";

const HOUR_MS = 3_600_000;

export const SNOOZE_PRESETS = ["hour", "fourHours", "tomorrow", "week"] as const;
export type SnoozePreset = (typeof SNOOZE_PRESETS)[number];

/** ISO 8601. `tomorrow` is eight in the morning where the reader is; a week is the longest that the server takes. */
export function snoozeUntil(preset: SnoozePreset, now: number): string {
  switch (preset) {
    case "hour":
      return new Date(now + HOUR_MS).toISOString();
    case "fourHours":
      return new Date(now + 4 * HOUR_MS).toISOString();
    case "tomorrow": {
      const morning = new Date(now);
      morning.setDate(morning.getDate() + 1);
      morning.setHours(8, 0, 0, 0);
      return morning.toISOString();
    }
    case "week":
      // A minute less: the server's clock may be behind.
      return new Date(now + 7 * 24 * HOUR_MS - 60_000).toISOString();
    default:
      return preset satisfies never;
  }
}

/** What a `datetime-local` control shows of an instant, to the minute, in the reader's zone; empty for what is no instant. */
export function localInput(instant: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return "";
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The instant that a `datetime-local` control holds; empty, which no schema takes, when it holds none. */
export function instantOfInput(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}

export interface QuietLine extends Quiet {
  kind: "muted" | "in_maintenance" | "snoozed";
}

/** Why nobody is told of the incident now: none when somebody is. A snooze that is over is none. */
export function quietLines(incident: Incident, now: number): QuietLine[] {
  const lines: QuietLine[] = [];
  for (const kind of ["muted", "in_maintenance", "snoozed"] as const) {
    const quiet = incident[kind];
    if (quiet && Date.parse(quiet.until) > now) lines.push({ kind, ...quiet });
  }
  return lines;
}

/** One row for each vote that can be given, in a fixed order. */
export function voteCounts(votes: readonly IncidentVote[]): { vote: IncidentVote["vote"]; n: number }[] {
  return VOTES.map((vote) => ({ vote, n: votes.filter((one) => one.vote === vote).length }));
}

/** A form's text as an optional field: empty means that it is not there. */
export function withField<T extends object, K extends string>(entry: T, name: K, text: string): T {
  const { [name]: _old, ...rest } = entry as T & Record<K, unknown>; // the field is optional: with or without it, it is a T
  return (text.trim() === "" ? rest : { ...rest, [name]: text.trim() }) as T;
}

/** A new line of the form, for a day. */
export function aNewMute(now: number): Mute {
  return { until: new Date(now + 24 * HOUR_MS).toISOString(), reason: "" };
}

/** A new line of the form, from now for two hours. */
export function aNewWindow(now: number): MaintenanceWindow {
  return {
    scope: "all",
    from: new Date(now).toISOString(),
    until: new Date(now + 2 * HOUR_MS).toISOString(),
    reason: "",
    changes: "forbid",
  };
}
