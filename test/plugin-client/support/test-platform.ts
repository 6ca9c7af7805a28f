/**
 * A platform whose clock and timers belong to the test; network and cryptography are real. Time stands still while a
 * request or a signature is under way: however busy the machine is, a second that passes here gives real work all it needs.
 */
import type { Platform } from "../../../plugin-client/core/platform.ts";

interface Timer {
  at: number;
  run: () => void;
}

export class TestPlatform implements Platform {
  #now = Date.now();
  readonly #timers = new Set<Timer>();
  /** Requests and signatures under way. */
  readonly #work = new Set<Promise<unknown>>();
  /** What `random` answers. */
  chance = 0.5;
  online = true;
  readonly crypto = {
    subtle: new Proxy(globalThis.crypto.subtle, {
      get: (subtle, name: keyof SubtleCrypto) => {
        const act = subtle[name] as (...args: unknown[]) => Promise<unknown>; // WebCrypto's own functions are all of this shape
        return (...args: unknown[]) => this.#awaited(act.apply(subtle, args));
      },
    }),
    getRandomValues: globalThis.crypto.getRandomValues.bind(globalThis.crypto),
  };
  readonly waits: number[] = [];

  now(): number {
    return this.#now;
  }
  random(): number {
    return this.chance;
  }
  setTimer(run: () => void, delayMs: number): unknown {
    const timer = { at: this.#now + delayMs, run };
    this.waits.push(delayMs);
    this.#timers.add(timer);
    return timer;
  }
  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as Timer); // only ever given what setTimer returned
  }
  async fetch(url: string, init?: RequestInit): Promise<Response> {
    if (!this.online) throw new TypeError("network is down");
    return this.#awaited(fetchWhole(url, init));
  }
  get armed(): number {
    return this.#timers.size;
  }
  /** Milliseconds until each armed timer, nearest first. */
  due(): number[] {
    return [...this.#timers].map((timer) => timer.at - this.#now).sort((a, b) => a - b);
  }
  setClock(now: number): void {
    this.#now = now;
  }
  /** Moves the clock and fires what falls due, in order. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#rest();
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await this.#rest();
    }
    this.#now = end;
    await this.#rest();
  }

  /** Lets time pass in small steps, with room for real requests in between, until `seen` holds. */
  async passUntil(what: string, seen: () => boolean, limitMs = 3_600_000, stepMs = 1_000): Promise<void> {
    for (let passedMs = 0; !seen(); passedMs += stepMs) {
      if (passedMs > limitMs) throw new Error(`never seen: ${what}`);
      await this.advance(stepMs);
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  }

  #awaited<T>(work: Promise<T>): Promise<T> {
    const done = () => this.#work.delete(work);
    this.#work.add(work);
    work.then(done, done);
    return work;
  }

  /** Resolves when nothing real is under way and what ended has had its consequences. */
  async #rest(): Promise<void> {
    do {
      await Promise.allSettled(this.#work);
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#work.size > 0);
  }
}

/** With its body, so that nothing of an answer is still on its way once it is there. */
async function fetchWhole(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  return new Response(await response.arrayBuffer(), { status: response.status, headers: response.headers });
}
