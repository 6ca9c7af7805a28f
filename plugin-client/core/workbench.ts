/** What every command needs at hand: the parts, what runs now, and the acts they share. One per client. */
import type { LastCommand } from "../../src/contract/heartbeat.ts";
import type { PublisherKeys, ReleaseManifest, SignedRelease } from "../../src/contract/release.ts";
import { download } from "./download.ts";
import type { ClientEvent } from "./events.ts";
import { HostError, type PluginHost } from "./host.ts";
import { type Journal, type Probation, type Report, withReport } from "./journal.ts";
import type { Outbox } from "./outbox.ts";
import type { Platform } from "./platform.ts";
import { type Failure, isFailure, unfit, verifyRelease } from "./release.ts";
import type { JournalStore } from "./store.ts";
import type { Transport } from "./transport.ts";

export interface WorkbenchParts {
  platform: Platform;
  host: PluginHost;
  store: JournalStore;
  outbox: Outbox;
  transport: Transport;
  pluginId: string;
  publisherKeys: PublisherKeys;
  emit(event: ClientEvent): void;
}

/** A problem in the words of `/fail`. */
export class Refused extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function asFailure(error: unknown): Failure {
  if (error instanceof Refused) return error.failure;
  if (error instanceof HostError) return { code: error.code, message: error.message };
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}

export class Workbench {
  readonly parts: WorkbenchParts;
  /** What to tell the control plane: a new version counts only once it has booted. */
  version = "0.0.0";
  state: "running" | "probation" = "running";
  readonly #stopping = new AbortController();

  constructor(parts: WorkbenchParts) {
    this.parts = parts;
  }

  /** Gives up what waits for the network. */
  stop(): void {
    this.#stopping.abort();
  }

  /** The manifest of a release that is genuine and fits this shop. Throws `Refused`. */
  async verified(release: SignedRelease, allowDowngrade: boolean): Promise<ReleaseManifest> {
    const { platform, publisherKeys, host, transport } = this.parts;
    const manifest = await verifyRelease(platform, release, publisherKeys);
    if (isFailure(manifest)) throw new Refused(manifest);
    const currentVersion = await host.currentVersion();
    const now = transport.wallClock();
    const problem = unfit(manifest, { product: host.product, currentVersion, now, allowDowngrade });
    if (problem !== null) throw new Refused(problem);
    return manifest;
  }

  /** Sees to it that the release is on disk, downloading it when it is not. Throws `Refused` or `HostError`. */
  async obtain(manifest: ReleaseManifest, artifactUrl: string): Promise<void> {
    const { host, platform, transport } = this.parts;
    if (await host.holds(manifest.version, manifest.sha256)) return;
    const file = await download(platform, transport.resolve(artifactUrl), manifest, this.#stopping.signal);
    if (isFailure(file)) throw new Refused(file);
    await host.stage(manifest, file);
  }

  /** Durable when it resolves; otherwise nothing is on probation. */
  async beginProbation(probation: Probation): Promise<void> {
    const { store } = this.parts;
    try {
      await store.change((journal) => ({ ...journal, probation }));
    } catch (error) {
      await store.change((journal) => ({ ...journal, probation: null })).catch(() => {});
      throw error;
    }
  }

  /** The settings before that command, unless they are back already. Idempotent. */
  async revertSettings(mark: string): Promise<void> {
    const { host } = this.parts;
    if ((await host.settingsMark()) === mark) await host.revertSettings();
  }

  /** Returns the problem when the plugin does not boot; the host goes on trying. */
  async startOrComplain(): Promise<string | null> {
    try {
      await this.parts.host.start();
      return null;
    } catch (error) {
      const { message } = asFailure(error);
      this.parts.emit({ type: "plugin_down", message });
      return message;
    }
  }

  /** Deletes what is not needed any more; failing at that harms nobody. */
  async prune(keep: readonly string[]): Promise<void> {
    await this.parts.host.prune(keep).catch((error) => this.problem("prune", error));
  }

  fail(commandId: string, failure: Failure): Report {
    return this.parts.outbox.fail(commandId, failure, this.version);
  }

  /** One write: the command is done, this is its report, and whatever else ends with it. */
  async settle(report: Report, outcome: LastCommand["outcome"], also: Partial<Journal> = {}): Promise<void> {
    await this.parts.store
      .change((journal) => ({
        ...withReport(journal, report),
        ...also,
        in_hand: null,
        last_command: { id: report.command_id, outcome },
      }))
      .catch((error) => this.problem("journal", error));
  }

  problem(where: string, error: unknown): void {
    this.parts.emit({ type: "problem", where, message: asFailure(error).message });
  }
}
