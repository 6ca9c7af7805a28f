/** What is seen of a change under watch: beats, counters and probes go into its evidence. The verdict is in `health-check.ts`. */
import type { HeartbeatData, ProbeReport } from "../../contract/heartbeat.ts";
import { SUM_NAMES, type Sums } from "../detect/rolling-window.ts";
import { freezeBaseline } from "./baseline.ts";
import { type Draft, incidentById } from "./draft.ts";
import { newHealthEvidence, observeHealth, observeProbes, tellingProbes } from "./health-evidence.ts";
import type { AttemptState } from "./state.ts";
import type { Baseline } from "./yardstick.ts";

export type Verifying = Extract<AttemptState["phase"], { name: "verifying" }>;

/** A beat of what runs since the change. `delta`: what it counted; null when nothing, or when it belongs to what ran before. */
export function watchBeat(
  draft: Draft,
  attempt: AttemptState,
  phase: Verifying,
  beat: HeartbeatData,
  delta: Sums | null,
): void {
  phase.beats += 1;
  if (delta) for (const name of SUM_NAMES) phase.totals[name] += delta[name];
  const probes = beat.probes ?? [];
  const gauges = beat.counters ? null : (beat.telemetry ?? null);
  const before = phase.evidence ?? newHealthEvidence(phase.startedAt);
  countProbes(phase, tellingProbes(before, probes));
  phase.evidence = observeHealth(before, baselineOf(draft, attempt), { delta, probes, gauges }, draft.now);
}

/** Probes that were no part of a beat: a `probe` command's answer counts as a beat's own do. */
export function watchProbes(phase: Verifying, probes: readonly ProbeReport[]): void {
  const before = phase.evidence ?? newHealthEvidence(phase.startedAt);
  countProbes(phase, tellingProbes(before, probes));
  phase.evidence = observeProbes(before, probes);
}

function countProbes(phase: Verifying, probes: readonly ProbeReport[]): void {
  phase.probesOk += probes.filter(({ ok }) => ok).length;
  phase.probesFailed += probes.filter(({ ok }) => !ok).length;
}

/** An attempt stored before baselines were frozen is held against what can still be known of the time before its fault. */
export function baselineOf(draft: Draft, attempt: AttemptState): Baseline {
  const incident = incidentById(draft.state, attempt.row.incident_id);
  attempt.baseline ??= freezeBaseline(draft.state, incident);
  return attempt.baseline;
}
