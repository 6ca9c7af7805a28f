/**
 * Makes one thread a place where the Worker's own code runs on a virtual clock: `Date.now`, `Math.random`, `fetch` and the platform's modules
 * are the simulation's. Changes the globals of this thread for good: only for a thread of its own.
 *
 * What is started asynchronously runs to its end at the same virtual instant: after each event the promises are let settle
 * before the clock moves on.
 */
import { registerHooks } from "node:module";
import type { EventQueue } from "./event-queue.ts";
import type { Random } from "./random.ts";

export type FetchHandler = (url: string, init?: RequestInit) => Promise<Response>;

const BASE_CLASS =
  "export class DurableObject{constructor(ctx,env){this.ctx=ctx;this.env=env}};export class WorkerEntrypoint{};export const env={};";
const LEDGER = new URL("./ledger-sink.ts", import.meta.url).href;

/** Must be called before any module of `durable-objects/` is imported. The ledger (Postgres) is a sink that remembers nothing. */
export function installModules(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "cloudflare:workers")
        return { url: `data:text/javascript,${encodeURIComponent(BASE_CLASS)}`, shortCircuit: true };
      if (specifier.endsWith("/src/postgres/connection.ts") || specifier.endsWith("/src/postgres/ledger.ts"))
        return { url: LEDGER, shortCircuit: true };
      return next(specifier, context);
    },
  });
}

export class VirtualRealm {
  readonly queue: EventQueue;
  /** Promises under way that are known to end at this instant. */
  #pending = 0;
  #touched = false;
  /** What went wrong in work that nobody waits for: bugs, of the simulation or of the code under it. */
  readonly failures: string[] = [];

  constructor(queue: EventQueue, random: Random, fetchHandler: FetchHandler) {
    this.queue = queue;
    Date.now = () => Math.floor(queue.now);
    Math.random = random;
    globalThis.fetch = ((url: string | URL, init?: RequestInit) => {
      this.touch();
      return fetchHandler(String(url), init);
    }) as typeof fetch; // the code under test passes strings and URLs only
  }

  /** Something asynchronous was set off: the clock waits until it has settled. */
  touch(): void {
    this.#touched = true;
  }

  /** Likewise, until this very promise has ended. */
  track(work: Promise<unknown>): void {
    this.#touched = true;
    this.#pending += 1;
    const done = (): void => {
      this.#pending -= 1;
    };
    work.then(done, (error) => {
      done();
      if (this.failures.length < 50)
        this.failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  }

  async run(until: number): Promise<void> {
    while (this.queue.step(until)) if (this.#touched) await this.#settle();
  }

  async #settle(): Promise<void> {
    this.#touched = false;
    // One turn of the event loop drains every microtask, however many there are.
    await turn();
    for (let turns = 0; this.#pending > 0; turns++) {
      if (turns > 10_000) throw new Error("work of one instant does not end");
      await turn();
    }
    if (this.#touched) await this.#settle();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
