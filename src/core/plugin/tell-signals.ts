/**
 * What the storm guard is told of a plugin's incidents: that one of a type was opened, or is over (closed, or healed and watched).
 * Silences are told as presence. By changes only: nothing for a beat that changes nothing.
 */
import type { IncidentType } from "../../contract/incident.ts";
import type { Draft } from "./draft.ts";

export function tellSignals(draft: Draft): void {
  const { state } = draft;
  const told = state.toldSignals ?? [];
  const open = new Set(
    state.incidents
      .filter(({ row }) => row.type !== "heartbeat_missed" && row.status !== "baking")
      .map(({ row }) => row.type),
  );
  const tell = (type: IncidentType, isOpen: boolean): void => {
    const platform = state.env.platform_version ?? null;
    draft.outbox.push({
      to: "fleet",
      report: "signal",
      signal: { type, open: isOpen, version: state.version, platform_version: platform },
    });
  };
  for (const type of open) if (!told.includes(type)) tell(type, true);
  for (const type of told) if (!open.has(type)) tell(type, false);
  if (open.size > 0) state.toldSignals = [...open];
  else delete state.toldSignals;
}
