/**
 * Carries commands out on a host, and ends provisional updates: by a commit, by a rollback, or by the dead-man.
 * The caller makes the calls one at a time. Each step is written to the journal before it is taken, so that `recover` can
 * finish or undo it after a crash. Only the download of a release needs the network.
 */
import type {
  Command,
  Commit,
  ConfigPayload,
  ProbePayload,
  RollbackPayload,
  UpdatePayload,
} from "../../src/contract/command.ts";
import type { LastCommand } from "../../src/contract/heartbeat.ts";
import type { PublisherKeys, ReleaseManifest, SignedRelease } from "../../src/contract/release.ts";
import { download } from "./download.ts";
import type { ClientEvent } from "./events.ts";
import { HostError, type PluginHost } from "./host.ts";
import { type Journal, type Probation, type Report, type RollbackInHand, withReport } from "./journal.ts";
import type { Details, Outbox } from "./outbox.ts";
import type { Platform } from "./platform.ts";
import { judgeCommit, recovery } from "./probation.ts";
import { type Failure, isFailure, unfit, verifyRelease } from "./release.ts";
import type { JournalStore } from "./store.ts";
import type { Transport } from "./transport.ts";

export interface ExecutorParts {
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
class Refused extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export class Executor {
  readonly #parts: ExecutorParts;
  #version = "0.0.0";
  #onProbation = false;
  readonly #stopping = new AbortController();

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** The version and state to tell: a new version counts only once it has booted. */
  get version(): string {
    return this.#version;
  }
  get state(): "running" | "probation" {
    return this.#onProbation ? "probation" : "running";
  }

  /**
   * Finishes or undoes what the journal holds. With `atStart`, boots the plugin as well; without, it is the dead-man's look
   * at the clock. Rejects only when the snapshot could not be put back: call again later.
   */
  async recover(atStart: boolean): Promise<void> {
    const { host, store, platform } = this.#parts;
    const current = await host.currentVersion();
    const step = recovery(store.journal, current, platform.now());
    if (step.do === "restore") return this.#restore(step.probation, step.ending);
    if (step.do === "finish_rollback") return this.#finishRollback(step.rollback);
    if (!atStart) return;
    this.#version = current;
    if (step.do === "resume_probation") {
      await this.#boot(step.probation);
      return;
    }
    if (step.do === "give_up" || step.do === "check_config") {
      const applied = step.do === "check_config" && (await host.settingsMark()) === step.id;
      const report = applied
        ? this.#parts.outbox.ack(step.id, current)
        : this.#fail(step.id, { code: "internal", message: "the client stopped before it was carried out" });
      await this.#settle(report, applied ? "applied" : "failed");
    }
    await this.#startOrComplain();
  }

  /** Gives up what waits for the network. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Carries one admitted command out. Never rejects: whatever goes wrong is reported with `/fail`. */
  async execute(command: Command): Promise<void> {
    try {
      switch (command.type) {
        case "update":
          return await this.#update(command.id, command.payload);
        case "rollback":
          return await this.#rollback(command.id, command.payload);
        case "config":
          return await this.#config(command.id, command.payload);
        case "probe":
          return await this.#probe(command.id, command.payload);
        default:
          command satisfies never;
      }
    } catch (error) {
      const failure = asFailure(error);
      const rejected = ["bad_release", "min_from", "downgrade", "digest_mismatch"].includes(failure.code);
      await this.#settle(this.#fail(command.id, failure), rejected ? "rejected" : "failed");
      await this.#startOrComplain();
    }
  }

  /** Makes the update on probation final, if the commit is for it and in time. Returns why not, or null. */
  async commit(commit: Commit): Promise<string | null> {
    const { store, host, pluginId, platform, transport, emit } = this.#parts;
    const { probation } = store.journal;
    const clock = { now: platform.now(), wall: transport.wallClock() };
    const verdict = judgeCommit(probation, commit, pluginId, clock);
    if (!verdict.final) return verdict.why;
    const before = store.journal.last_command;
    try {
      await store.change((journal) => ({
        ...journal,
        probation: null,
        last_command: { id: commit.command_id, outcome: "committed" },
      }));
    } catch (error) {
      // Not durable is not final: a restart would restore. The control plane repeats the commit.
      await store.change((journal) => ({ ...journal, probation, last_command: before })).catch(() => {});
      throw error;
    }
    this.#onProbation = false;
    emit({ type: "committed", command_id: commit.command_id, version: commit.version });
    await host
      .prune(probation === null ? [] : [probation.from])
      .catch((error) => this.#problem("prune", error));
    return null;
  }

  async #update(id: string, payload: UpdatePayload): Promise<void> {
    const { host, store, platform, outbox } = this.#parts;
    const from = await host.currentVersion();
    const manifest = await this.#verified(payload.release, payload.allow_downgrade === true);
    if (manifest.version === from) {
      await this.#settle(outbox.ack(id, from, { already_running: true }), "applied");
      return;
    }
    await this.#obtain(manifest, payload.artifact_url);
    await host.snapshot(from);
    await host.probe([]).catch(() => {}); // lets the host learn which probes there are, to miss them later
    await host.stop();
    const switchedAt = platform.now();
    const probation: Probation = {
      command_id: id,
      attempt_id: payload.attempt_id,
      from,
      to: manifest.version,
      switched_at: switchedAt,
      deadline_at: switchedAt + payload.commit_within_s * 1000,
    };
    try {
      await store.change((journal) => ({ ...journal, probation }));
    } catch (error) {
      await store.change((journal) => ({ ...journal, probation: null })).catch(() => {});
      throw error;
    }
    try {
      await host.switchTo(manifest.version);
    } catch (error) {
      return this.#restore(probation, asFailure(error));
    }
    await this.#boot(probation);
  }

  /** Boots what was switched to and acknowledges it, or puts the snapshot back. */
  async #boot(probation: Probation): Promise<void> {
    const { host, store, outbox, emit } = this.#parts;
    try {
      await host.start();
    } catch (error) {
      const { message } = asFailure(error);
      return this.#restore(probation, { code: "boot_failed", message });
    }
    const { command_id, from, to, deadline_at } = probation;
    this.#version = to;
    this.#onProbation = true;
    emit({ type: "probation", command_id, from, to, deadline_at });
    if (store.journal.in_hand?.id === command_id) await this.#settle(outbox.ack(command_id, to), "applied");
  }

  /** The dead-man's act. Idempotent: a crash anywhere in it is finished by `recover`. */
  async #restore(probation: Probation, ending: Failure): Promise<void> {
    const { host, store, emit } = this.#parts;
    const { command_id, from } = probation;
    // A full disk must not keep the shop on a broken version: the restoration goes on without the note.
    await store
      .change((journal) => ({ ...journal, probation: { ...probation, ending } }))
      .catch((error) => this.#problem("journal", error));
    await host.stop();
    await host.restore(from);
    this.#version = from;
    this.#onProbation = false;
    const broken = await this.#startOrComplain();
    const failure: Failure = broken === null ? ending : { code: "rollback_failed", message: broken };
    emit({ type: "restored", command_id, version: from, ...failure });
    await this.#settle(this.#fail(command_id, failure), "restored", { probation: null });
    await host.prune([]).catch((error) => this.#problem("prune", error));
  }

  async #rollback(id: string, payload: RollbackPayload): Promise<void> {
    const { host, store, outbox } = this.#parts;
    const { probation } = store.journal;
    const from = await host.currentVersion();
    const to = payload.to_version;
    if (probation === null && from === to) {
      await this.#settle(outbox.ack(id, from, { already_running: true }), "applied");
      return;
    }
    const restores = probation?.from === to;
    if (probation?.to === to)
      throw new Refused({ code: "rollback_failed", message: `${to} is the version on probation` });
    if (!restores && !(await host.holds(to))) {
      // The dead-man must not have to wait for a download.
      if (probation !== null) throw new Refused({ code: "busy", message: "an update is on probation" });
      if (payload.release === undefined || payload.artifact_url === undefined)
        throw new Refused({
          code: "rollback_failed",
          message: `${to} is not on disk and no release came with it`,
        });
      const manifest = await this.#verified(payload.release, true);
      if (manifest.version !== to)
        throw new Refused({ code: "bad_release", message: `release is ${manifest.version}, not ${to}` });
      await this.#obtain(manifest, payload.artifact_url);
    }
    const rollback: RollbackInHand = { command_id: id, from: probation?.from ?? from, to, restores };
    await store.change((journal) => ({ ...journal, rollback, probation: null }));
    await this.#finishRollback(rollback);
  }

  async #finishRollback(rollback: RollbackInHand): Promise<void> {
    const { host, outbox, emit } = this.#parts;
    const { command_id, from, to, restores } = rollback;
    await host.stop();
    this.#onProbation = false;
    let failure: Failure | null = null;
    try {
      await (restores ? host.restore(to) : host.switchTo(to));
      this.#version = to;
      await host.start();
    } catch (error) {
      failure = { code: "rollback_failed", message: asFailure(error).message };
      this.#problem("rollback", error);
      // Either the snapshot itself does not boot, and the host goes on trying; or the version we came from still serves.
      if (!restores) {
        await host.stop();
        await host.restore(from);
        this.#version = from;
        await this.#startOrComplain();
      } else if ((await host.currentVersion()) !== to) throw error;
    }
    if (failure === null) emit({ type: "rolled_back", command_id, version: to });
    const report = failure === null ? outbox.ack(command_id, to) : this.#fail(command_id, failure);
    await this.#settle(report, failure === null ? "rolled_back" : "failed", { rollback: null });
  }

  async #config(id: string, payload: ConfigPayload): Promise<void> {
    const { host, outbox } = this.#parts;
    const failed = (error: unknown) =>
      new Refused({ code: "config_failed", message: asFailure(error).message });
    await host.applySettings(payload.set, id).catch((error) => Promise.reject(failed(error)));
    try {
      await host.stop();
      await host.start();
    } catch (error) {
      await host.stop();
      await host.revertSettings();
      await this.#startOrComplain();
      throw failed(error);
    }
    await this.#settle(outbox.ack(id, this.#version), "applied");
  }

  async #probe(id: string, payload: ProbePayload): Promise<void> {
    const { host, outbox } = this.#parts;
    const reports = await host.probe(payload.probes);
    const details: Details = {};
    for (const { name, ok, ms } of reports.slice(0, 16)) {
      details[name] = ok;
      details[`${name.slice(0, 60)}_ms`] = ms;
    }
    await this.#settle(outbox.ack(id, this.#version, details), "applied");
  }

  async #verified(release: SignedRelease, allowDowngrade: boolean): Promise<ReleaseManifest> {
    const { platform, publisherKeys, host, transport } = this.#parts;
    const manifest = await verifyRelease(platform, release, publisherKeys);
    if (isFailure(manifest)) throw new Refused(manifest);
    const currentVersion = await host.currentVersion();
    const now = transport.wallClock();
    const problem = unfit(manifest, { product: host.product, currentVersion, now, allowDowngrade });
    if (problem !== null) throw new Refused(problem);
    return manifest;
  }

  /** Sees to it that the release is on disk, downloading it when it is not. */
  async #obtain(manifest: ReleaseManifest, artifactUrl: string): Promise<void> {
    const { host, platform, transport } = this.#parts;
    if (await host.holds(manifest.version, manifest.sha256)) return;
    const file = await download(platform, transport.resolve(artifactUrl), manifest, this.#stopping.signal);
    if (isFailure(file)) throw new Refused(file);
    await host.stage(manifest, file);
  }

  /** Returns the problem when the plugin does not boot; the host goes on trying. */
  async #startOrComplain(): Promise<string | null> {
    try {
      await this.#parts.host.start();
      return null;
    } catch (error) {
      const { message } = asFailure(error);
      this.#parts.emit({ type: "plugin_down", message });
      return message;
    }
  }

  #fail(id: string, failure: Failure): Report {
    return this.#parts.outbox.fail(id, failure, this.#version);
  }

  /** One write: the command is done, this is its report, and whatever else ends with it. */
  async #settle(report: Report, outcome: LastCommand["outcome"], also: Partial<Journal> = {}): Promise<void> {
    await this.#parts.store
      .change((journal) => ({
        ...withReport(journal, report),
        ...also,
        in_hand: null,
        last_command: { id: report.command_id, outcome },
      }))
      .catch((error) => this.#problem("journal", error));
  }

  #problem(where: string, error: unknown): void {
    this.#parts.emit({ type: "problem", where, message: asFailure(error).message });
  }
}

function asFailure(error: unknown): Failure {
  if (error instanceof Refused) return error.failure;
  if (error instanceof HostError) return { code: error.code, message: error.message };
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}
