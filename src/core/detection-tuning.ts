/** Every tunable of detection: value, unit, reason. Change one here and nowhere else. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** One counter cannot honestly rise by more between two beats (a day without contact at 10 a second); keeps stored sums short. */
export const MAX_DELTA_PER_BEAT = 1_000_000;

/** Windows shown to people and used for the count baseline: the last hour in steps of 5 min, the last day in hours. */
export const RECENT_WINDOW = { slots: 12, slotMs: 5 * MINUTE_MS } as const;
export const DAILY_WINDOW = { slots: 24, slotMs: HOUR_MS } as const;

/**
 * Webhook failure, a Bernoulli CUSUM. 2 % is more than a healthy receiver loses, 20 % is what costs a merchant orders.
 * Enter at 10: about one false incident a day per 5,000 shops or fewer at a true level of 1 %. The cap keeps recovery
 * from taking longer than the failure did. Leave far below enter, so that a sum near the threshold does not flap.
 */
export const WEBHOOK_TEST = {
  healthy: 0.02,
  failing: 0.2,
  enter: 10,
  leave: 2,
  cap: 15,
  maxGain: Infinity,
} as const;

/**
 * Log odds at which "healthy again" is believed against "still failing as during the incident": ln 10,000, because taking an incident
 * for over cancels its healing. 11 successes in a row after a 60 % failure, 46 after a 20 % one; by chance a 60 % failure
 * shows such a run about once in 40,000 webhooks.
 */
export const RECOVERED_LOG_ODDS = Math.log(10_000);
/** Ceiling of the failure share used in that test: after a total outage two successes would otherwise be proof. */
export const RECOVERY_SHARE_CEILING = 0.6;

/** Under this many webhooks in 24 h a healthy display would be a guess. */
export const WEBHOOK_MIN_SAMPLE = 20;

/** Gauge-only clients, share of webhooks failing: a gauge has no sample size, so two beats in a row must agree. */
export const GAUGE_RATE = { enter: 0.3, leave: 0.1, beats: 2 } as const;

/** A detector asks for faster beats only while failures still arrive: faster beats tell nothing new without them. */
export const SUSPICION_LAPSES_MS = 30 * MINUTE_MS;

/**
 * Errors per request, the same CUSUM. The healthy level is learned within [floor, ceiling], with a margin for errors that come in
 * clumps; before `minRequests` a cautious level is assumed. `failing` is where the odds of an error are `oddsRatio` times
 * the healthy ones. One beat adds at most `maxGain`: one clump of errors is no spike, so at least two beats must show it.
 */
export const ERROR_RATIO = {
  floor: 0.01,
  ceiling: 0.3,
  unlearned: 0.05,
  margin: 1.5,
  oddsRatio: 12,
  minRequests: 200,
  /** Memory of the learned level, in requests. */
  memoryRequests: 5_000,
  enter: 10,
  leave: 2,
  cap: 15,
  maxGain: 6,
} as const;

/**
 * Error counts where requests are unknown: the "escalating issue" limit of Sentry, which survives over-dispersed counts where
 * "3 x mean" and Poisson tails raise thousands of false incidents a day. Hours are the unit; a week is the memory.
 */
export const COUNT_LIMIT = {
  minHours: 24,
  fullHours: 168,
  youngFactor: 10,
  /** Fewer errors in one hour (or, for a gauge, in 24 h) are never a spike. */
  floor: 20,
  gaugeFloor: 50,
  /** Stops firing below this part of the limit. */
  leavePart: 0.5,
  /** Time constant of the running hourly rate. */
  rateMs: HOUR_MS,
  /** Beats must go on for so long below the leave level before a spike counts as over. */
  quietMs: 30 * MINUTE_MS,
  gaugeBeats: 2,
} as const;

/**
 * New error after a version change. Three occurrences: one may be chance, and waiting longer costs sales. Later than a day after
 * the change a first occurrence no longer points at it.
 */
export const NEW_ERROR = {
  occurrences: 3,
  suspectOccurrences: 2,
  watchMs: DAY_MS,
  /** Fresh fingerprints held at once, and frequent ones kept with counts: what a state of a few kB can hold. */
  maxFresh: 8,
  maxFrequent: 32,
  fingerprintChars: 48,
  messageChars: 80,
  /** Half-life of the recent count that decides which fingerprint dominates. */
  recentHalfLifeMs: HOUR_MS,
  /** Over when it stayed away for `absence` times the requests between two occurrences, and `absenceMs` times their distance. */
  absence: 5,
  minQuietRequests: 20,
  maxQuietRequests: 5_000,
  absenceGaps: 3,
  minQuietMs: MINUTE_MS,
  maxQuietMs: 2 * HOUR_MS,
  /** Without a request counter only time can tell. */
  uncountedQuietMs: 30 * MINUTE_MS,
} as const;

/** What the server asks for when nothing is the matter: 2 min between beats. */
export const DEFAULT_INTERVAL_MS = 2 * MINUTE_MS;

/** Missed heartbeat. Resident clients run a timer: the interval, and slack for jitter, one retry and the network. */
export const RESIDENT_SLACK_MS = 45_000;

/**
 * Page-view clients beat only when somebody visits. phi 5: one gap in 100,000 under an exponential tail, about one false silence in
 * several months of a shop. A day of learning holds a night; the longest gap remembered (a week) protects the next one.
 */
export const PAGE_VIEW = {
  phi: 5,
  longestGapFactor: 1.5,
  minGaps: 20,
  minObservedMs: DAY_MS,
  memoryGaps: 200,
  longestMemoryMs: 7 * DAY_MS,
  floorMs: 10 * MINUTE_MS,
  ceilingMs: DAY_MS,
} as const;

/** Upper ends of the severities low, medium and high; above is critical. */
export const WEBHOOK_SEVERITY = { low: 0.3, medium: 0.7, high: 0.9 } as const;
/** The same for an error spike, as multiples of its bound. */
export const ERROR_SEVERITY = { low: 2, medium: 4, high: 8 } as const;
