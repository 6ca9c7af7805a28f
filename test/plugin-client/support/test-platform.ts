/** A platform whose clock and timers belong to the test; network and cryptography are real. */
import type { Platform } from "../../../plugin-client/core/platform.ts";

interface Timer {
  at: number;
  run: () => void;
}

export class TestPlatform implements Platform {
  #now = Date.now();
  readonly #timers = new Set<Timer>();
  /** What `random` answers. */
  chance = 0.5;
  online = true;
  readonly crypto = globalThis.crypto;
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
    return fetch(url, init);
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
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets time pass in small steps, with room for real requests in between, until `seen` holds. */
  async passUntil(what: string, seen: () => boolean, limitMs = 3_600_000, stepMs = 1_000): Promise<void> {
    for (let passedMs = 0; !seen(); passedMs += stepMs) {
      if (passedMs > limitMs) throw new Error(`never seen: ${what}`);
      await this.advance(stepMs);
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  }
}
