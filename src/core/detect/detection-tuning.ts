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
 * Webhook failure, a Bernoulli CUSUM. 2 % is more than a healthy receiver loses. 27 % rather than 20 %: four failures in a row are an
 * alarm instead of five, and a share of 30 % is found in time. With 20 % the full benchmark (`npm run bench:detect`, seed 1) finds
 * 30 % failing at 2 webhooks an hour in 524 min (at most 512) and at 10 an hour in 108 min (at most 100), and total outages
 * in 138, 28, 6 and 2 min, just in time; false incidents, 1.25 a day per 5,000 at a true level of 2 %, are far below their bound of 35.
 * Enter at 10: less than one false incident a day per 5,000 shops at a true level of 1 %. The cap keeps recovery
 * from taking longer than the failure did. Leave far below enter, so that a sum near the threshold does not flap.
 */
export const WEBHOOK_TEST = {
  healthy: 0.02,
  failing: 0.27,
  enter: 10,
  leave: 2,
  cap: 15,
  maxGain: Infinity,
} as const;

/**
 * The healthy level in that test, learned per plugin: `margin` times the share that usually fails, within [floor, ceiling]. With the
 * assumed share it is WEBHOOK_TEST.healthy. `assumedTrials` is how firmly that is believed (13 h at 300 webhooks an hour,
 * months at 2): a level that follows a lucky first day doubles the false incidents. Called learned after `learnedTrials`.
 * The ceiling: above it a total outage at 2 webhooks an hour takes longer to find than 141 min. The floor: in a shop that is known to
 * lose less than one in two hundred, three failures in a row are an alarm.
 */
export const WEBHOOK_LEVEL = {
  assumedShare: 0.01,
  assumedTrials: 4_000,
  memoryTrials: 20_000,
  learnedTrials: 500,
  margin: 2,
  floor: 0.0095,
  ceiling: 0.03,
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
 * Errors per request, the same CUSUM. The healthy level is `margin` times what was learned, within [floor, ceiling]; it starts from an
 * assumed share that counts as much as `minRequests`. `failing` is where the odds of an error are `oddsRatio` times the
 * healthy ones. One beat adds at most `gainPerBeat`, less where errors come in clumps, but never less than `leastGain`: one
 * clump is no spike, so two beats must show it in a plugin whose errors are known to be independent, four in one
 * that is not known yet. From `faster` on they are asked for sooner: chance alone gets there a few times a day at most.
 */
export const ERROR_RATIO = {
  floor: 0.01,
  ceiling: 0.3,
  assumed: 0.02,
  margin: 2,
  oddsRatio: 8,
  minRequests: 200,
  /** Memory of the learned level, in requests. */
  memoryRequests: 50_000,
  enter: 10,
  leave: 2,
  cap: 15,
  gainPerBeat: 7.5,
  leastGain: 2.5,
  faster: 10 / 3,
} as const;

/**
 * How much more errors scatter than independent ones would, because one fault logs several and comes back within the minute. Learned
 * from blocks in which `blockErrors` are due, so that one clump is seen against the quiet around it.
 */
export const ERROR_SPREAD = {
  floor: 1,
  ceiling: 20,
  assumed: 3,
  assumedBlocks: 30,
  memoryBlocks: 400,
  blockErrors: 2,
  /** One block says no more than this, so that the first minutes of an incident do not pass for clumps. */
  mostInBlock: 50,
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
  /**
   * "Never before" needs a before: at its rate since the change it would have shown itself so many times earlier. Not once where
   * three were due has a chance of 5 %.
   */
  dueBefore: 3,
  watchMs: DAY_MS,
  /** Fresh fingerprints held at once, and frequent ones kept with counts: what a state of a few kB can hold. */
  maxFresh: 6,
  maxFrequent: 16,
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

/**
 * Page-view clients by hour of the day (UTC), once a whole day of it has been watched. Visits are counted against the time that was
 * waited for them, per hour; what is due by then, less two standard errors, must reach phi. `trust`: shops are busier on
 * some days than on others. The longest hush that ended well, in visits due, protects the next one for about a month.
 */
export const VISIT_HOURS = {
  phi: 5,
  trust: 0.6,
  standardErrors: 2,
  longestHushFactor: 1.5,
  hushMemoryMs: 28 * DAY_MS,
  minVisits: 20,
  minObservedMs: DAY_MS,
  /** Memory of one hour of the day: two weeks of nothing but waiting in it, or so many visits. */
  memoryMinutes: 14 * 60,
  memoryVisits: 200,
  /** No visit is due until the interval asked for has passed; waiting is counted from then on. */
  afterMs: DEFAULT_INTERVAL_MS,
} as const;

/** Upper ends of the severities low, medium and high; above is critical. */
export const WEBHOOK_SEVERITY = { low: 0.3, medium: 0.7, high: 0.9 } as const;
/** The same for an error spike, as multiples of its bound. */
export const ERROR_SEVERITY = { low: 2, medium: 4, high: 8 } as const;
