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

/** How long an ordered taking-back waits for a kill switch to be released; a person hears of it then. */
export const STOPPED_LIMIT_MS = 86_400_000;

/** Longer than all tries of the staging runner together: who waits longer was forgotten. */
export const STAGING_LIMIT_MS = 30 * 60_000;

/** A beat that says "failed" waits so long for the report that says why: the report decides whether it is tried again. */
export const REPORT_GRACE_MS = 60_000;

/** A commit that is this long overdue without the shop leaving probation is no longer waited for. */
export const COMMIT_DOUBT_MS = 10 * 60_000;

/** A decision to watch is thought over again after this long while the signal goes on. */
export const MONITOR_AGAIN_MS = 15 * 60_000;
/** Watched for two hours and still there: a person is told, once, while it is watched on. */
export const MONITOR_TOLD = 8;

/** Times the way back is ordered; the shop's dead-man stands behind it. */
export const COMMAND_TRIES = 3;
/** A failure that may pass (a download that broke off) is tried again after half a minute, then doubled: 30 + 60 + 120 + 240 s. */
export const TRANSIENT_TRIES = 5;
export const TRANSIENT_RETRY_MS = 30_000;
/** A command that came too late, or was overtaken, is made afresh at once. */
export const STALE_TRIES = 3;
/** A client that stopped in the middle has another try once it has settled; a second stop is no accident. */
export const INTERRUPTED_TRIES = 2;
export const INTERRUPTED_RETRY_MS = 60_000;

/** Probes that one health check may ask for, and how long each may take: with 15 s beats, three minutes of asking. */
export const PROBE_ASKS = 12;
export const PROBE_TTL_MS = 60_000;

/** An attempt that waits is held against every rule again so often: what was fine may be so no longer. */
export const GATE_AGAIN_MS = 60_000;
/** Likewise, when the facts could not be had. */
export const GATE_AWAY_MS = 5 * 60_000;
/** What cannot be had in this shop (held, below the floor) is left out of its decisions for so long. */
export const SET_ASIDE_MS = 3_600_000;
/** A fault that began within this after a change of version may be of its making. */
export const CHANGE_BLAMED_MS = 86_400_000;

/** After a change of version, whoever made it, beats come faster for so long: what it breaks mostly shows at once. */
export const CHANGE_WATCHED_MS = 10 * 60_000;

/**
 * The shop's own dead-man waits this much longer than the health check's last moment, so that a commit sent at the last
 * moment still arrives, and a person asked at that moment has time to answer.
 */
export const DEAD_MAN_SLACK_MS = 15 * 60_000;
/** An answer from a person after this margin before the dead-man would race it. */
export const ASK_MARGIN_MS = 2 * 60_000;

/**
 * The health check, against the plugin's own figures from before its fault. Levels in nats: e^-9 is the chance of "worse" at one look
 * for a change that is as good as before, e^-4 that of "well" for one that fails as during the fault; what comes of it over
 * a whole watch is measured in `test/core/plugin/health-errors.test.ts`.
 */
export const HEALTH = {
  worse: 9,
  /** From so much evidence on nothing is called healthy: a failure a moment ago is waited out. */
  doubt: 2,
  /** Eight webhooks in a row after an outage, or three probes that failed before. */
  well: 4,
  /**
   * What would be just so while the fault went on adds at most this to that: probes that passed during it, and seconds in which nothing
   * shows that anybody was served. Six webhooks in a row remain to be seen. With 3, one of ten faults that go on at 60 % of 10 to 60
   * webhooks an hour would pass for healed, and half of those at 25 %; with this it is one of a hundred, and one of ten.
   */
  idle: 1.5,
  /**
   * How a change did in other shops adds at most this, as of six shops healed in seven: a quiet shop is not taken back to its fault for
   * want of customers. Of good changes in shops with 4 webhooks an hour 84 % are then found sound in time, and with 40 requests
   * 99 %, instead of 18 % and 83 %. Faults that go on at 60 % of the webhooks pass for healed up to 20 times in a hundred, at 25 % of
   * the requests up to 15 times: of the one change in seven that does not heal.
   */
  elsewhere: 1.8,
  /** And only after so many times the first window (`verify_s`): a busy shop has shown by then what it is. */
  elsewhereAfter: 4,
  /** Enough when the last moment of the watch has come, where somebody was served and nothing is doubtful. */
  wellAtLimit: 3,
  /** Errors and probes of one beat add at most this part of a verdict: one clump while the plugin starts is no failure, two are. */
  beatPart: 0.75,
  /** Worse means so many times the odds of failing before. */
  oddsRatio: 5,
  /** Trials that what the detectors learned counts for beside the hours before the fault. */
  priorTrials: 50,
  /**
   * Shares: no plugin is held to less than `floor`, and less than `least` is not worth a rollback. Health is proved against `most` at most,
   * however much failed during the fault: after a total outage two successes would otherwise be proof, and half a cure would
   * pass for one.
   */
  webhook: { floor: 0.01, least: 0.1, most: 0.4 },
  request: { floor: 0.002, least: 0.04, most: 0.1 },
  second: { floor: 2 / 3600, least: 20 / 3600, most: 60 / 3600 },
  /** What failed most of the time before cannot be seen to get worse. */
  ceiling: 0.5,
  /** Shares of probes that fail in a sound and in a broken plugin; two in a row condemn. */
  probe: { healthy: 0.005, failing: 0.8, failures: 2 },
  /** Gauge-only clients, shares of webhooks: called high, a rise, low, and beats in a row that must agree. */
  gauge: { high: 0.3, rise: 0.1, low: 0.1, beats: 3 },
  /** Beats that report a sound state, where the state itself was the fault. */
  beats: 3,
} as const;

/** A change that was taken back by order is over after so many beats of what ran before: it promised nothing else. */
export const TAKEN_BACK_BEATS = 2;

/** And after this long when the shop is quiet: there is nothing to wait for that would prove more. */
export const TAKEN_BACK_LIMIT_MS = 15 * 60_000;

/** A gap of beats this many times the probation interval after the deadline counts as silence. */
export const PROBATION_SILENCE_BEATS = 3;

/**
 * A silence waits so long for its triage: when a whole fleet loses contact, its first plugin must not be judged before enough
 * others have missed their deadlines too. With the ordinary 2 min between beats a third of them has by then.
 */
export const TRIAGE_SETTLE_MS = 45_000;
/** Between two looks at a shop from outside: a restart or a short loss of the network is over by then. */
export const LOOK_AGAIN_MS = 30_000;
/** A shop that is down is looked at again after 5 min, then ever more rarely up to every hour, for three days in all. */
export const SHOP_DOWN_AGAIN_MS = 5 * 60_000;
export const SHOP_DOWN_LONGEST_MS = 3_600_000;
export const SHOP_DOWN_LOOKS = 75;
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
