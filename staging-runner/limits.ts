/** Every bound of the runner, with its reason. Time in milliseconds, sizes in bytes. */

const MIB = 1024 * 1024;

/** A request holds one signed manifest (4 KiB), some keys and a URL. */
export const MAX_REQUEST_BYTES = 64 * 1024;

/** Two releases at a time: each may use one core and `PROCESS.memoryBytes`. */
export const CONCURRENCY = 2;
/** Callers wait for their answer, so a longer queue would only turn into their time-outs. */
export const MAX_WAITING = 8;
export const RETRY_AFTER_S = 5;

/** Finished answers are kept for a caller whose connection broke. */
export const CACHE_ENTRIES = 64;
export const CACHE_MS = 10 * 60_000;

export const DOWNLOAD_TIMEOUT_MS = 15_000;

/** A zip of a few kilobytes can claim gigabytes. */
export const MAX_UNPACKED_BYTES = 64 * MIB;
export const MAX_FILES = 2000;
export const MAX_PATH_CHARS = 200;

export interface Bounds {
  timeMs: number;
  /** Resident set of the whole process; needs /proc (Linux). */
  memoryBytes: number;
  /** stdout and stderr together. */
  outputBytes: number;
  /** Everything below the process's own folder: its data, its runtime's cache, its permission audit. */
  diskBytes: number;
}

export const SMOKE_TIMEOUT_MS = 10_000;
export const BOOT_TIMEOUT_MS = 10_000;
export const WEBHOOK_TIMEOUT_MS = 15_000;
/** Deno itself needs about 80 MiB. */
export const PROCESS: Omit<Bounds, "timeMs"> = {
  memoryBytes: 256 * MIB,
  outputBytes: 256 * 1024,
  diskBytes: 32 * MIB,
};
/** JavaScript heap of each isolate, in MiB: V8 ends the process before the resident set does. */
export const HEAP_MIB = 128;
/** Seconds of processor time, kept by the kernel: a child that outlives a killed runner still ends. */
export const CPU_S = 60;

/** A poll this often lets a process overshoot by what it can allocate in the meantime. */
export const WATCH_INTERVAL_MS = 20;
/** Walking a folder costs more than reading one line of /proc. */
export const DISK_WATCH_EVERY = 10;

/** Enough orders that a fault in some of them shows: with three in five bad, eight in a row are good once in 1,500 runs. */
export const WEBHOOKS_WANTED = 8;
export const STAGING_ORDERS_PER_MINUTE = 600;
/** How long a booted plugin may take to end after `stop` before it is killed. */
export const STOP_GRACE_MS = 2000;

/** `log` of a check, as the contract bounds it. */
export const MAX_LOG_CHARS = 8000;
