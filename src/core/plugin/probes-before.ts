/** What the plugin's probes said before a change: one that was always broken in this shop says nothing about the change. */
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import { type AttemptState, type PluginState, PROBES_LIMIT } from "./state.ts";

type Said = NonNullable<PluginState["probes"]>["said"];

/** Of a beat. Once a change may be in the shop, they may be about the change. */
export function hearProbes(state: PluginState, { version, probes = [] }: HeartbeatData): void {
  if (probes.length > 0 && isUntouched(state.attempt)) keepProbes(state, version, probes);
}

function isUntouched(attempt: AttemptState | null): boolean {
  if (attempt === null) return true;
  const { phase } = attempt;
  if (phase.name === "applying") return !phase.handedOver && phase.tries === 1;
  return phase.name !== "verifying" && phase.name !== "rolling_back";
}

/** Later words replace earlier ones of the same name; those about another version are of no use. */
function keepProbes(state: PluginState, version: string, said: Readonly<Said>): void {
  const names = new Set(said.map(({ name }) => name));
  const before = state.probes?.version === version ? state.probes.said : [];
  const others = before.filter(({ name }) => !names.has(name));
  state.probes = {
    version,
    said: [...others, ...said.map(({ name, ok }) => ({ name, ok }))].slice(-PROBES_LIMIT),
  };
}

const PREFIX = "before_";

/** A client runs its probes just before it switches, and tells of them with its acknowledgement. */
export function hearProbesBefore(
  state: PluginState,
  { row }: AttemptState,
  details: Readonly<Record<string, unknown>> = {},
): void {
  const said = Object.entries(details).flatMap(([key, ok]) =>
    key.startsWith(PREFIX) && typeof ok === "boolean" ? [{ name: key.slice(PREFIX.length), ok }] : [],
  );
  if (said.length > 0) keepProbes(state, row.from_version, said);
}

/** Names of those that failed when they were last heard of before this change. */
export function failedBefore({ probes }: PluginState, { row }: AttemptState): string[] {
  if (probes?.version !== row.from_version) return [];
  return probes.said.filter(({ ok }) => !ok).map(({ name }) => name);
}
