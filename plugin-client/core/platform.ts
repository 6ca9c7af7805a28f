/** What the client needs from the machine it runs on. Everything impure goes through here, so that tests own time and chance. */

export interface Platform {
  /** Milliseconds since epoch. */
  now(): number;
  /** Uniform in [0, 1): jitter only, never secrets. */
  random(): number;
  setTimer(run: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
  fetch(url: string, init?: RequestInit): Promise<Response>;
  readonly crypto: Pick<Crypto, "subtle" | "getRandomValues">;
  /** Subscribes to errors that nobody caught, where the platform has such a thing; returns the unsubscription. */
  onUncaught?(report: (error: unknown) => void): () => void;
}

/** Node's process, as far as it is used: `uncaughtExceptionMonitor` observes without changing how the process dies. */
interface ProcessLike {
  on?(event: "uncaughtExceptionMonitor", listener: (error: unknown) => void): unknown;
  off?(event: "uncaughtExceptionMonitor", listener: (error: unknown) => void): unknown;
  versions?: { node?: string };
}

interface ErrorEventLike {
  error?: unknown;
  message?: unknown;
  reason?: unknown;
}

function onUncaught(report: (error: unknown) => void): () => void {
  const { process } = globalThis as { process?: ProcessLike }; // absent in browsers and Workers
  if (process?.versions?.node !== undefined && process.on !== undefined && !("Deno" in globalThis)) {
    process.on("uncaughtExceptionMonitor", report);
    return () => void process.off?.("uncaughtExceptionMonitor", report);
  }
  if (typeof globalThis.addEventListener !== "function") return () => {};
  const listener = (event: ErrorEventLike) => report(event.error ?? event.reason ?? event.message);
  const names = ["error", "unhandledrejection"] as const;
  for (const name of names) globalThis.addEventListener(name, listener as EventListener); // the event carries these fields
  return () => {
    for (const name of names) globalThis.removeEventListener(name, listener as EventListener); // as above
  };
}

/** The globals of Node 20+, Deno, Bun, browsers and Workers. Nothing is touched until it is used. */
export function defaultPlatform(): Platform {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (run, delayMs) => setTimeout(run, delayMs),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>), // only ever given what setTimer returned
    fetch: (url, init) => globalThis.fetch(url, init),
    get crypto() {
      return globalThis.crypto;
    },
    onUncaught,
  };
}

/** 96 random bits in hexadecimal: boot ids and message ids. */
export function randomId(platform: Platform): string {
  const bytes = platform.crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
