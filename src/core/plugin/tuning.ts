/** The tunables of healing that ops do not set, each with its reason. Detection has its own file. */

/** Postgres shows a healthy plugin's telemetry at most this old: often enough for a list, rare enough to let the database sleep. */
export const RECORD_EVERY_MS = 15 * 60_000;

/** Tries and first delay of a request to a service that does not answer; doubled each time, so 2+4+8+16+32 s in all. */
export const WORK_TRIES = 6;
export const WORK_RETRY_MS = 2_000;

/** A canary that is full is asked again after this long. */
export const CANARY_RETRY_MS = 60_000;

/** How long an attempt may wait for facts or a canary slot before it is given up. */
export const PENDING_LIMIT_MS = 2 * 3_600_000;

/** Longer than all tries of the staging runner together: who waits longer was forgotten. */
export const STAGING_LIMIT_MS = 30 * 60_000;

/** A beat that says "failed" waits so long for the report that says why: the report decides whether it is tried again. */
export const REPORT_GRACE_MS = 60_000;

/** A commit that is this long overdue without the shop leaving probation is no longer waited for. */
export const COMMIT_DOUBT_MS = 10 * 60_000;

/** A decision to watch is thought over again after this long while the signal goes on. */
export const MONITOR_AGAIN_MS = 15 * 60_000;

/** Times one command is sent again after a failure that may pass (a download that broke off). */
export const COMMAND_TRIES = 3;

/**
 * The shop's own dead-man waits this much longer than the health check's last moment, so that a commit sent at the last
 * moment still arrives, and a person asked at that moment has time to answer.
 */
export const DEAD_MAN_SLACK_MS = 15 * 60_000;
/** An answer from a person after this margin before the dead-man would race it. */
export const ASK_MARGIN_MS = 2 * 60_000;

/** A health check needs this much evidence to call a release healthy: webhooks delivered, or beats with good probes. */
export const HEALTHY_MIN_WEBHOOKS = 5;
export const HEALTHY_MIN_REQUESTS = 20;
export const HEALTHY_MIN_BEATS = 3;
export const HEALTHY_MIN_PROBES = 3;
/** Failed probes that condemn a release at once: one may be a hiccup of the network, two are not. */
export const UNHEALTHY_PROBES = 2;
/** A change under which this share of the webhooks fails is not called healthy, however few they are. */
export const UNHEALTHY_SHARE = 0.2;

/** A gap of beats this many times the probation interval after the deadline counts as silence. */
export const PROBATION_SILENCE_BEATS = 3;

/**
 * A silence waits so long for its triage: when a whole fleet loses contact, its first plugin must not be judged before enough
 * others have missed their deadlines too. With the ordinary 2 min between beats a third of them has by then.
 */
export const TRIAGE_SETTLE_MS = 45_000;
/** Between two looks at a shop from outside: a restart or a short loss of the network is over by then. */
export const LOOK_AGAIN_MS = 30_000;
/** In a storm a silence is looked at again after this long. */
export const STORM_AGAIN_MS = 60_000;
/** What a plugin last heard of a storm counts so long; the next triage or gate renews it. */
export const STORM_MEMORY_MS = 5 * 60_000;
/** In a storm the ordinary interval is asked for so many times over: whatever ails our side, fewer beats help it. */
export const STORM_SLOWDOWN = 2;
/** The wire contract's bounds of `next_heartbeat_s`. */
export const SHORTEST_INTERVAL_S = 5;
export const LONGEST_INTERVAL_S = 3600;

/** Share of stable jitter on every interval, so that a fleet enrolled together does not beat together. */
export const INTERVAL_JITTER = 0.1;

/** Settings that one config command may carry, as the wire contract has it. */
export const CONFIG_LIMIT = 32;

/** Answers of people kept with an attempt, as the contract has it. */
export const APPROVALS_LIMIT = 10;

/** Of the explanation of each choice that was not taken. */
export const ALTERNATIVE_CHARS = 200;

/** Staging logs kept with the attempt; the rest stays with the runner. */
export const STAGING_LOG_CHARS = 600;

/** Longest snooze: a week, then somebody has to look again. */
export const SNOOZE_LIMIT_MS = 7 * 86_400_000;
