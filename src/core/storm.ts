/**
 * Pure: the storm guard. When plugins fall silent faster than the fleet's own history allows, the fault is most likely on our
 * side of the wire: one fleet incident, and nothing is healed by itself until contact is back.
 *
 * History is a learned rate of newly silent plugins per minute. A storm is what lies above six standard deviations of a Poisson
 * count at that rate and above four times it (silences come in clumps), and is also a share of the fleet and a minimum
 * count. What a storm counted never enters the history.
 */

/** Plugins that fell silent within this time count as one event. */
export const ONSET_WINDOW_MS = 300_000;
/** A plugin silent for longer is a lost shop, not a storm: it leaves every count. */
export const LOST_AFTER_MS = 86_400_000;
/** Below this share of the reachable fleet one hosting company's bad minute would do; Sentry reacts to a loss of a quarter. */
export const ENTER_SHARE = 0.05;
/** A floor: in a fleet of ten, two shops that go home are no storm. */
export const ENTER_PLUGINS = 5;
export const USUAL_FACTOR = 4;
export const USUAL_DEVIATIONS = 6;
/** Contact counts as back below this part of what it takes to enter, over what was silent before, for so long without a break. */
export const LEAVE_PART = 0.5;
export const CALM_MS = 120_000;

const MINUTE_MS = 60_000;
const WINDOW_MIN = ONSET_WINDOW_MS / MINUTE_MS;
/** The history remembers a week, and begins as if a day of one silence per plugin and month had been seen. */
const MEMORY_MIN = 7 * 1440;
const PRIOR_MIN = 1440;
const PRIOR_PER_PLUGIN_MIN = 1 / (30 * 1440);

/** PERSISTED CONTRACT: kept as JSON by the fleet's object; new fields are optional. Times are ms since epoch. */
export interface StormState {
  /** Silences remembered and the minutes they came in, both decayed to `at`. */
  silences: number;
  minutes: number;
  at: number;
  /** Silences by minute (since epoch) that may yet turn out to be a storm's, oldest first: not part of the history. */
  recent: [minute: number, silences: number][];
  storm: StormUnderWay | null;
}

export interface StormUnderWay {
  since: number;
  /** Silent, not lost, when it began: the level that counts as "back". */
  silentBefore: number;
  /** The most that were silent at once. */
  peak: number;
  /** Since when contact has been back, without a break; null while it is not. */
  calmSince: number | null;
}

/** What the fleet looks like at `now`. */
export interface StormFacts {
  now: number;
  /** Plugins on the roster. */
  roster: number;
  /** Silent plugins that are not lost yet; those of them that fell silent within ONSET_WINDOW_MS; and those lost. */
  silent: number;
  fresh: number;
  lost: number;
  /** Plugins that fell silent since the last call. */
  newly: number;
}

export interface StormVerdict {
  state: StormState;
  storm: boolean;
  /** Figures of the decision: plugins counted, the number that decides, and the learned rate per minute. */
  value: number;
  bound: number;
  ratePerMin: number;
  explanation: string;
}

export function newStorm(now: number): StormState {
  return { silences: 0, minutes: 0, at: now, recent: [], storm: null };
}

/** Silences a minute that this fleet is used to. */
export function usualRate(state: StormState, roster: number): number {
  const prior = Math.max(1, roster) * PRIOR_PER_PLUGIN_MIN;
  return (state.silences + prior * PRIOR_MIN) / (state.minutes + PRIOR_MIN);
}

/** Judges the fleet after a change of it, or after time alone. Calling it more often changes nothing. */
export function judgeStorm(before: StormState, facts: StormFacts): StormVerdict {
  const state = before.storm === null ? observe(before, facts) : { ...before, at: facts.now };
  return state.storm === null ? judgeCalm(state, facts) : judgeUnderWay(state, state.storm, facts);
}

/** When a storm must be judged again though nothing is reported; null in calm. */
export function stormWake(state: StormState, now: number): number | null {
  if (state.storm === null) return null;
  const { calmSince } = state.storm;
  return calmSince === null ? now + MINUTE_MS : calmSince + CALM_MS;
}

/** Time passes and silences come: those that have outlived the window without a storm were ordinary life. */
function observe(state: StormState, { now, newly }: StormFacts): StormState {
  const elapsedMin = Math.max(0, now - state.at) / MINUTE_MS;
  const decay = Math.exp(-elapsedMin / MEMORY_MIN);
  const minute = Math.floor(now / MINUTE_MS);
  const last = state.recent.at(-1);
  const counted: StormState["recent"] =
    newly === 0
      ? state.recent
      : last?.[0] === minute
        ? [...state.recent.slice(0, -1), [minute, last[1] + newly]]
        : [...state.recent, [minute, newly]];
  const isOver = ([at]: [number, number]) => minute - at > WINDOW_MIN;
  const learned = counted.filter(isOver).reduce((sum, [, silences]) => sum + silences, 0);
  return {
    silences: state.silences * decay + learned,
    minutes: state.minutes * decay + elapsedMin,
    at: now,
    recent: learned === 0 ? counted : counted.filter((entry) => !isOver(entry)),
    storm: null,
  };
}

function judgeCalm(state: StormState, { now, roster, silent, fresh, lost }: StormFacts): StormVerdict {
  const reachable = Math.max(1, roster - lost);
  const ratePerMin = usualRate(state, roster);
  const bound = Math.max(enterCount(reachable), beyondUsual(ratePerMin * WINDOW_MIN));
  const enters = fresh >= bound;
  const explanation = `${fresh} of ${reachable} plugins fell silent within ${WINDOW_MIN} minutes; usual are ${figure(ratePerMin * WINDOW_MIN)}, ${bound} are a storm`;
  if (!enters) return { state, storm: false, value: fresh, bound, ratePerMin, explanation };
  const storm = { since: now, silentBefore: Math.max(0, silent - fresh), peak: silent, calmSince: null };
  return {
    state: { ...state, recent: [], storm },
    storm: true,
    value: fresh,
    bound,
    ratePerMin,
    explanation,
  };
}

function judgeUnderWay(
  state: StormState,
  storm: StormUnderWay,
  { now, roster, silent, lost }: StormFacts,
): StormVerdict {
  const reachable = Math.max(1, roster - lost);
  const bound = storm.silentBefore + enterCount(reachable) * LEAVE_PART;
  const back = silent < bound;
  const calmSince = back ? (storm.calmSince ?? now) : null;
  const ratePerMin = usualRate(state, roster);
  const explanation = `${silent} of ${reachable} plugins are silent; the storm ends when fewer than ${figure(bound)} are, for ${CALM_MS / MINUTE_MS} minutes`;
  const figures = { value: silent, bound, ratePerMin, explanation };
  if (calmSince !== null && now - calmSince >= CALM_MS)
    return { state: { ...state, storm: null }, storm: false, ...figures };
  const underWay = { ...storm, peak: Math.max(storm.peak, silent), calmSince };
  return { state: { ...state, storm: underWay }, storm: true, ...figures };
}

/** Newly silent plugins within the window that make a storm of a fleet of so many. */
export function enterCount(reachable: number): number {
  return Math.max(ENTER_PLUGINS, Math.ceil(reachable * ENTER_SHARE));
}

/** More newly silent plugins than a fleet shows by chance that is used to so many in the same time. */
function beyondUsual(usual: number): number {
  return Math.ceil(Math.max(usual * USUAL_FACTOR, usual + USUAL_DEVIATIONS * Math.sqrt(usual)));
}

function figure(x: number): string {
  return String(Number(x.toFixed(1)));
}
