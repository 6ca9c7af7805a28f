/** What one detector says now, and the phrases that its explanation is made of. Pure. */
import type { Severity } from "../../contract/ids.ts";
import type { IncidentType, Signal } from "../../contract/incident.ts";
import type { DetectorView } from "../../contract/ops.ts";

export interface Finding {
  type: IncidentType;
  firing: boolean;
  /** When it began to fire, ms since epoch, where that is known apart from when somebody looked; absent otherwise. */
  firingSince?: number;
  /** Not firing, and evidence (not mere silence) since the last burst or version change says that all is well. */
  cleared: boolean;
  severity: Severity;
  signal: Signal;
  /** Dominant error fingerprint, or "". */
  fingerprint: string;
  /** For people: `learning` and `not_enough_data` are never shown as healthy. */
  standing: DetectorView["state"];
}

export function instant(ms: number): string {
  return new Date(ms).toISOString();
}

export function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : instant(ms);
}

/** `0.1234` as `12.3 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

/** A duration in the unit a person would choose. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return `${Number((s / 3600).toFixed(1))} h`;
}

/** Whole seconds from an onset until now; `fallbackS` without an onset. */
export function secondsSince(onsetMs: number | null, now: number, fallbackS: number): number {
  return onsetMs === null ? fallbackS : Math.max(0, Math.round((now - onsetMs) / 1000));
}
