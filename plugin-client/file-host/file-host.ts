/** The host for plugins that live in a folder: Node and Deno. Crash-safe at every step; see `VersionStore` and `writeDurable`. */
import { createHash } from "node:crypto";
import process from "node:process";
import type { Environment, ProbeReport } from "../../src/contract/heartbeat.ts";
import type { ReleaseManifest } from "../../src/contract/release.ts";
import { HostError, type PluginEvent, type PluginHost, type Settings } from "../core/host.ts";
import { type Checkpoint, readIfThere, writeDurable } from "./durable-file.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { ProcessRunner } from "./process-runner.ts";
import type { PluginRunner } from "./runner.ts";
import { SettingsStore } from "./settings-store.ts";
import { Supervisor } from "./supervisor.ts";
import { VersionStore } from "./version-store.ts";

export interface FileHostOptions {
  /** Folder that belongs to this host alone. */
  root: string;
  product: string;
  runner?: PluginRunner;
  environment?: Environment;
  /** Called before each durable step. */
  checkpoint?: Checkpoint;
}

export class FileHost implements PluginHost {
  readonly product: string;
  readonly #layout: Layout;
  readonly #checkpoint: Checkpoint;
  readonly #versions: VersionStore;
  readonly #settings: SettingsStore;
  readonly #supervisor: Supervisor;
  readonly #environment: Environment;
  readonly #listeners: ((event: PluginEvent) => void)[] = [];
  #opened: Promise<void> | null = null;

  constructor(options: FileHostOptions) {
    this.product = options.product;
    this.#layout = layoutOf(options.root);
    this.#checkpoint = options.checkpoint ?? (() => {});
    this.#versions = new VersionStore(this.#layout, options.product, this.#checkpoint);
    this.#settings = new SettingsStore(this.#layout, this.#checkpoint);
    this.#environment = { ...runtime(), ...options.environment };
    this.#supervisor = new Supervisor(options.runner ?? new ProcessRunner(), (event) => {
      for (const listener of this.#listeners) listener(event);
    });
  }

  /** Puts a first version in place, from a file the owner of the shop trusts; does nothing when there is one already. */
  async install(version: string, file: Uint8Array, settings: Settings = {}): Promise<void> {
    await this.#open();
    if ((await this.#versions.current()) !== null) return;
    const sha256 = createHash("sha256").update(file).digest("hex");
    await this.#versions.stage({ version, sha256, size: file.byteLength }, file);
    if (Object.keys(settings).length > 0) await this.#settings.apply(settings, null);
    await this.#versions.switchTo(version);
  }

  /** Null before `install`. */
  async installedVersion(): Promise<string | null> {
    await this.#open();
    return this.#versions.current();
  }

  async currentVersion(): Promise<string> {
    const version = await this.installedVersion();
    if (version === null) throw new HostError("internal", "no version is installed");
    return version;
  }

  environment(): Environment {
    return this.#environment;
  }

  async holds(version: string, sha256?: string): Promise<boolean> {
    await this.#open();
    return this.#versions.holds(version, sha256);
  }

  async stage(manifest: ReleaseManifest, file: Uint8Array): Promise<void> {
    await this.#open();
    await this.#versions.stage(manifest, file);
  }

  /** Versions lie side by side, so the snapshot is the folder itself: it only has to be whole. */
  async snapshot(version: string): Promise<void> {
    await this.#versions.packageFile(version);
    if (!(await this.holds(version))) throw new HostError("internal", `version ${version} is not on disk`);
  }

  async switchTo(version: string): Promise<void> {
    await this.#open();
    await this.#versions.switchTo(version);
  }

  restore(version: string): Promise<void> {
    return this.switchTo(version);
  }

  async start(): Promise<void> {
    await this.#open();
    await this.#supervisor.start(async () => {
      const version = await this.currentVersion();
      await this.#settings.render();
      return {
        dir: this.#versions.folder(version),
        packageFile: await this.#versions.packageFile(version),
        settingsPath: this.#layout.settings,
        dataDir: this.#layout.data,
      };
    });
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  prune(keep: readonly string[]): Promise<void> {
    return this.#versions.prune(keep);
  }

  async applySettings(set: Settings, mark: string): Promise<void> {
    await this.#open();
    await this.#settings.apply(set, mark);
  }

  revertSettings(): Promise<void> {
    return this.#settings.revert();
  }

  settingsMark(): Promise<string | null> {
    return this.#settings.mark();
  }

  probe(names: readonly string[]): Promise<ProbeReport[]> {
    return this.#supervisor.probe(names);
  }

  async readJournal(): Promise<string | null> {
    await this.#open();
    return readIfThere(this.#layout.journal);
  }

  async writeJournal(text: string): Promise<void> {
    await this.#open();
    await writeDurable(this.#layout.journal, text, this.#checkpoint);
  }

  listen(listener: (event: PluginEvent) => void): void {
    this.#listeners.push(listener);
  }

  #open(): Promise<void> {
    this.#opened ??= this.#versions.open().catch((error) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }
}

function runtime(): Environment {
  const deno = (globalThis as { Deno?: { version?: { deno?: string } } }).Deno?.version?.deno; // absent outside Deno
  return deno === undefined
    ? { runtime: "node", runtime_version: process.versions.node }
    : { runtime: "deno", runtime_version: deno };
}
