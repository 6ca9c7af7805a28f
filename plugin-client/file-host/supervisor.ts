/** Keeps one version of the plugin running: boots it, restarts it when it dies, until told to stop. */
import type { ProbeReport } from "../../src/contract/heartbeat.ts";
import { backoffMs } from "../core/backoff.ts";
import { HostError, type PluginEvent } from "../core/host.ts";
import type { PluginRunner, Running, StartRequest } from "./runner.ts";

const RESTART_BACKOFF = { baseMs: 1_000, capMs: 30_000 };
/** A plugin that ran this long has recovered: the next exit counts as the first. */
const STABLE_MS = 60_000;
/** Restarts in a row after which trying becomes a pulse. */
const MAX_BACKOFF_STEPS = 8;

export class Supervisor {
  readonly #runner: PluginRunner;
  readonly #onEvent: (event: PluginEvent) => void;
  #running: Running | null = null;
  /** Changes with every start and stop: work for an older one is void. */
  #generation = 0;
  #restart: NodeJS.Timeout | null = null;
  #failures = 0;
  /** Names of the probes that were answered last. */
  #known: readonly string[] = [];
  #booting: Promise<void> = Promise.resolve();

  constructor(runner: PluginRunner, onEvent: (event: PluginEvent) => void) {
    this.#runner = runner;
    this.#onEvent = onEvent;
  }

  /** Boots, unless it runs. Rejects with `boot_failed` when this boot fails; tries go on in the background until `stop`. */
  async start(request: () => Promise<Omit<StartRequest, "onEvent">>): Promise<void> {
    if (this.#running !== null) return;
    this.#cancelRestart();
    const generation = ++this.#generation;
    this.#failures = 0;
    await this.#boot(request, generation);
  }

  async stop(): Promise<void> {
    this.#generation++;
    this.#cancelRestart();
    await this.#booting;
    const running = this.#running;
    this.#running = null;
    await running?.stop();
  }

  /** A plugin that answers nothing at all is missed by the probes it, or the version before, has answered. */
  async probe(names: readonly string[]): Promise<ProbeReport[]> {
    const reports = (await this.#running?.probe(names)) ?? [];
    if (reports.length > 0) {
      if (names.length === 0) this.#known = reports.map((report) => report.name);
      return reports;
    }
    return (names.length > 0 ? names : this.#known).map((name) => ({ name, ok: false, ms: 0 }));
  }

  async #boot(request: () => Promise<Omit<StartRequest, "onEvent">>, generation: number): Promise<void> {
    const boot = this.#bootOnce(request, generation);
    this.#booting = boot.catch(() => {});
    await boot;
  }

  async #bootOnce(request: () => Promise<Omit<StartRequest, "onEvent">>, generation: number): Promise<void> {
    const retry = () => this.#restartLater(request, generation);
    try {
      const running = await this.#runner.start({ ...(await request()), onEvent: this.#onEvent });
      if (generation !== this.#generation) {
        await running.stop();
        throw new HostError("boot_failed", "stopped while it booted");
      }
      this.#running = running;
      const startedAt = performance.now();
      void running.exited.then((how) => {
        if (this.#running !== running) return; // it was asked to
        this.#running = null;
        if (performance.now() - startedAt > STABLE_MS) this.#failures = 0;
        this.#onEvent({ type: "error", name: "PluginExit", message: `plugin ${how}` });
        retry();
      });
    } catch (error) {
      retry();
      if (error instanceof HostError) throw error;
      throw new HostError("boot_failed", error instanceof Error ? error.message : String(error));
    }
  }

  #restartLater(request: () => Promise<Omit<StartRequest, "onEvent">>, generation: number): void {
    if (generation !== this.#generation) return;
    this.#failures = Math.min(MAX_BACKOFF_STEPS, this.#failures + 1);
    const waitMs = backoffMs(this.#failures, Math.random(), RESTART_BACKOFF);
    this.#restart = setTimeout(() => {
      this.#boot(request, generation).catch((error) => {
        if (generation === this.#generation)
          this.#onEvent({
            type: "error",
            name: "PluginBoot",
            message: `plugin did not restart: ${error.message}`,
          });
      });
    }, waitMs);
  }

  #cancelRestart(): void {
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#restart = null;
  }
}
