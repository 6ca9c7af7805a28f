/** An incident's life as the plugin's object keeps it, for one type: opened when its finding fires, closed when it is cleared. */
import type { IncidentType } from "../../src/contract/incident.ts";
import { type DetectionState, findings, isSuspect } from "../../src/core/detect/detection.ts";

export interface IncidentWatch {
  opened: number;
  open: boolean;
  /** Returns true when this beat opened an incident. */
  look(state: DetectionState, now: number): boolean;
}

/**
 * Findings are looked at only where they can have changed: at a suspicion, which precedes every firing of the rate detectors, and
 * while an incident is open. That spares most of the explanations, and nothing else.
 */
export function watchIncidents(type: IncidentType, always = false): IncidentWatch {
  const watch: IncidentWatch = {
    opened: 0,
    open: false,
    look(state, now) {
      if (!always && !watch.open && !isSuspect(state)) return false;
      const finding = findings(state, now).find((each) => each.type === type);
      if (finding === undefined) return false;
      if (watch.open) {
        if (finding.cleared) watch.open = false;
        return false;
      }
      if (!finding.firing) return false;
      watch.open = true;
      watch.opened += 1;
      return true;
    },
  };
  return watch;
}
