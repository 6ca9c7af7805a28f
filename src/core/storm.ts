/**
 * Pure: the storm guard. When a large part of the fleet falls silent at once, the fault is most likely on our side of the
 * wire, so nothing is healed until most of it is back. Separate enter and leave levels keep it from flapping.
 */

/** Plugins that fell silent within this time count as one event. */
export const ONSET_WINDOW_MS = 300_000;
/** A plugin silent for longer is a lost shop, not a storm: it leaves both counts. */
export const LOST_AFTER_MS = 86_400_000;
export const ENTER_SHARE = 0.2;
/** A floor: in a fleet of ten, two shops that go home are no storm. */
export const ENTER_PLUGINS = 5;
export const LEAVE_SHARE = 0.1;

export interface StormFacts {
  now: number;
  /** Plugins on the roster. */
  roster: number;
  /** Since when each silent plugin has been silent, ms since epoch. */
  silentSince: readonly number[];
  /** The guard's last answer. */
  storm: boolean;
}

export interface StormVerdict {
  storm: boolean;
  explanation: string;
}

export function judgeStorm({ now, roster, silentSince, storm }: StormFacts): StormVerdict {
  const recent = silentSince.filter((since) => now - since < LOST_AFTER_MS);
  const reachable = Math.max(1, roster - (silentSince.length - recent.length));
  const fresh = recent.filter((since) => now - since <= ONSET_WINDOW_MS).length;
  if (storm) {
    const share = recent.length / reachable;
    return {
      storm: share >= LEAVE_SHARE,
      explanation: `${recent.length} of ${reachable} plugins are silent; the storm ends below ${LEAVE_SHARE * 100} %`,
    };
  }
  const share = fresh / reachable;
  return {
    storm: fresh >= ENTER_PLUGINS && share >= ENTER_SHARE,
    explanation: `${fresh} of ${reachable} plugins fell silent within ${ONSET_WINDOW_MS / 60_000} minutes; a storm is ${ENTER_SHARE * 100} % and at least ${ENTER_PLUGINS}`,
  };
}
