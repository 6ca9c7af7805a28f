/**
 * Pure: the storm guard. When plugins fall silent, or any one signal opens incidents, faster than the fleet's own history allows, the
 * fault is most likely on our side of the wire or in something that all depend on: one fleet incident, and nothing is healed by
 * itself until it is over. One such state for each type of incident; storm-tests.ts has the figures of each.
 *
 * History is a learned rate of newly affected plugins per minute. A storm is what lies above six standard deviations of a Poisson
 * count at that rate and above four times it (incidents come in clumps), and is also a share of the fleet and a minimum
 * count. What a storm counted never enters the history.
 *
 * One bad release in many shops is no storm but a cohort, and is to be healed: where the caller knows what plugins run, those that
 * one version, one platform version or an open cohort accounts for are left out, and the others must be a storm by themselves.
 */
import { type StormTest, stormTest } from "./storm-tests.ts";

/** A plugin affected for longer is a lost shop, not a storm: it leaves every count. */
export const LOST_AFTER_MS = 86_400_000;
export const USUAL_FACTOR = 4;
export const USUAL_DEVIATIONS = 6;
/** It counts as over below this part of what it takes to enter, over what was affected before, for `calmMs` without a break. */
export const LEAVE_PART = 0.5;

/** At this part of what makes a storm, within so short a time, nothing new is handed over: in a minute it may be one. */
const RISING_PART = 0.5;
const RISING_MS = 120_000;

const MINUTE_MS = 60_000;
/** The history remembers a week, and begins as if a day of one incident per plugin and month had been seen. */
const MEMORY_MIN = 7 * 1440;
const PRIOR_MIN = 1440;
const PRIOR_PER_PLUGIN_MIN = 1 / (30 * 1440);

/** PERSISTED CONTRACT: kept as JSON by the fleet's object; new fields are optional. Times are ms since epoch. */
export interface StormState {
  /** Plugins newly affected (silent, for the first guard there was), and the minutes they came in, both decayed to `at`. */
  silences: number;
  minutes: number;
  at: number;
  /** Silences by minute (since epoch) that may yet turn out to be a storm's, oldest first: not part of the history. */
  recent: [minute: number, silences: number][];
  storm: StormUnderWay | null;
}

export interface StormUnderWay {
  since: number;
  /** Affected, not lost, when it began: the level that counts as "back". */
  silentBefore: number;
  /** The most that were affected at once. */
  peak: number;
  /** Since when it has been calm, without a break; null while it is not. */
  calmSince: number | null;
}

/** What the fleet looks like at `now`. Affected: silent, or with an open incident of the type that is judged. */
export interface StormFacts {
  now: number;
  /** Plugins on the roster. */
  roster: number;
  /** Affected plugins that are not lost yet; those of them since less than the test's `windowMs`; and those lost. */
  silent: number;
  fresh: number;
  lost: number;
  /** Plugins newly affected since the last call. */
  newly: number;
  /** Asked only when the counts say storm: what is left without those that one cohort accounts for. Absent for silences. */
  rest?: () => Rest;
}

/** Newly affected plugins that no one cohort accounts for, out of so many that run something else. */
export interface Rest {
  fresh: number;
  reachable: number;
}

export interface StormVerdict {
  state: StormState;
  storm: boolean;
  /** Not a storm yet, but half way there within the last minutes: a command can wait for the next beat. */
  rising: boolean;
  /** Figures of the decision: plugins counted, the number that decides, and the learned rate per minute. */
  value: number;
  bound: number;
  ratePerMin: number;
  explanation: string;
}

export function newStorm(now: number): StormState {
  return { silences: 0, minutes: 0, at: now, recent: [], storm: null };
}

/** Newly affected plugins a minute that this fleet is used to. */
export function usualRate(state: StormState, roster: number): number {
  const prior = Math.max(1, roster) * PRIOR_PER_PLUGIN_MIN;
  return (state.silences + prior * PRIOR_MIN) / (state.minutes + PRIOR_MIN);
}

/** Judges the fleet after a change of it, or after time alone. Calling it more often changes nothing. */
export function judgeStorm(
  before: StormState,
  facts: StormFacts,
  test: StormTest = stormTest("heartbeat_missed"),
): StormVerdict {
  const state = before.storm === null ? observe(before, facts, test) : { ...before, at: facts.now };
  return state.storm === null
    ? judgeCalm(state, facts, test)
    : judgeUnderWay(state, state.storm, facts, test);
}

/** When a storm must be judged again though nothing is reported; null in calm. */
export function stormWake(
  state: StormState,
  now: number,
  test: StormTest = stormTest("heartbeat_missed"),
): number | null {
  if (state.storm === null) return null;
  const { calmSince } = state.storm;
  return calmSince === null ? now + MINUTE_MS : calmSince + test.calmMs;
}

/** Time passes and incidents come: those that have outlived the window without a storm were ordinary life. */
function observe(state: StormState, { now, newly }: StormFacts, { windowMs }: StormTest): StormState {
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
  const isOver = ([at]: [number, number]) => minute - at > windowMs / MINUTE_MS;
  const learned = counted.filter(isOver).reduce((sum, [, silences]) => sum + silences, 0);
  return {
    silences: state.silences * decay + learned,
    minutes: state.minutes * decay + elapsedMin,
    at: now,
    recent: learned === 0 ? counted : counted.filter((entry) => !isOver(entry)),
    storm: null,
  };
}

function judgeCalm(state: StormState, facts: StormFacts, test: StormTest): StormVerdict {
  const { now, roster, silent, fresh, lost } = facts;
  const reachable = Math.max(1, roster - lost);
  const windowMin = test.windowMs / MINUTE_MS;
  const ratePerMin = usualRate(state, roster);
  const usual = ratePerMin * windowMin;
  const bound = Math.max(enterCount(reachable, test), beyondUsual(usual));
  const counted = `${fresh} of ${reachable} plugins ${test.words.began} within ${windowMin} minutes; usual are ${figure(usual)}, ${bound} are a storm`;
  const half = fresh >= bound * RISING_PART;
  const rest = half ? (facts.rest?.() ?? null) : null;
  const restBound = rest === null ? 0 : restEnters(rest, reachable, usual, test);
  const reaches = (part: number): boolean =>
    fresh >= bound * part && (rest === null || rest.fresh >= restBound * part);
  const enters = reaches(1);
  const rising = !enters && reaches(RISING_PART) && newlySince(state, now - RISING_MS) >= bound * RISING_PART;
  const told =
    rest === null || fresh < bound ? "" : `; ${rest.fresh} of ${rest.reachable} beside the largest cohort`;
  const ends = told === "" || enters ? "" : `, where ${restBound} would be: no storm`;
  const explanation = `${counted}${told}${ends}`;
  if (!enters) return { state, storm: false, rising, value: fresh, bound, ratePerMin, explanation };
  const storm = { since: now, silentBefore: Math.max(0, silent - fresh), peak: silent, calmSince: null };
  return {
    state: { ...state, recent: [], storm },
    storm: true,
    rising: false,
    value: fresh,
    bound,
    ratePerMin,
    explanation,
  };
}

function newlySince({ recent }: StormState, since: number): number {
  const from = Math.floor(since / MINUTE_MS);
  return recent.reduce((sum, [minute, newly]) => (minute >= from ? sum + newly : sum), 0);
}

/** What makes a storm of the rest: the same limits, for as many plugins as it is out of. */
function restEnters(rest: Rest, reachable: number, usual: number, test: StormTest): number {
  const share = Math.min(1, rest.reachable / reachable);
  return Math.max(enterCount(rest.reachable, test), beyondUsual(usual * share));
}

function judgeUnderWay(
  state: StormState,
  storm: StormUnderWay,
  { now, roster, silent, fresh, lost }: StormFacts,
  test: StormTest,
): StormVerdict {
  const reachable = Math.max(1, roster - lost);
  // What a person or a healing must mend does not end by itself: then it is the rise that must be over.
  const [value, before] = test.over === "volume" ? [silent, storm.silentBefore] : [fresh, 0];
  const bound = before + enterCount(reachable, test) * LEAVE_PART;
  const calmSince = value < bound ? (storm.calmSince ?? now) : null;
  const ratePerMin = usualRate(state, roster);
  const doing = test.over === "volume" ? test.words.now : `newly ${test.words.now}`;
  const explanation = `${value} of ${reachable} plugins ${doing}; the storm ends when fewer than ${figure(bound)} do, for ${test.calmMs / MINUTE_MS} minutes`;
  const figures = { rising: false, value, bound, ratePerMin, explanation };
  if (calmSince !== null && now - calmSince >= test.calmMs)
    return { state: { ...state, storm: null }, storm: false, ...figures };
  const underWay = { ...storm, peak: Math.max(storm.peak, silent), calmSince };
  return { state: { ...state, storm: underWay }, storm: true, ...figures };
}

/** Newly affected plugins within the window that make a storm of a fleet of so many. */
export function enterCount(
  reachable: number,
  { enterPlugins, enterShare }: StormTest = stormTest("heartbeat_missed"),
): number {
  return Math.max(enterPlugins, Math.ceil(reachable * enterShare));
}

/** More newly affected plugins than a fleet shows by chance that is used to so many in the same time. */
function beyondUsual(usual: number): number {
  return Math.ceil(Math.max(usual * USUAL_FACTOR, usual + USUAL_DEVIATIONS * Math.sqrt(usual)));
}

function figure(x: number): string {
  return String(Number(x.toFixed(1)));
}
