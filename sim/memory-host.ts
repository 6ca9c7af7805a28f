/** A plugin's host in memory: what is in `disk` survives a restart of the client. What the plugin does is asked of the simulated shop. */
import { HostError, type PluginEvent, type PluginHost, type Settings } from "../plugin-client/core/host.ts";
import type { Environment, ProbeReport } from "../src/contract/heartbeat.ts";
import type { ReleaseManifest } from "../src/contract/release.ts";

export interface Disk {
  current: string;
  readonly versions: Map<string, string>;
  settings: Settings;
  previous: Settings | null;
  mark: string | null;
  journal: string | null;
}

export function aDisk(current: string): Disk {
  return {
    current,
    versions: new Map([[current, "installed"]]),
    settings: {},
    previous: null,
    mark: null,
    journal: null,
  };
}

/** What the host cannot know by itself. */
export interface HostedShop {
  readonly environment: Environment;
  /** Whether this version boots here. */
  boots(version: string): boolean;
  probes(): ProbeReport[];
  /** Version or settings are others now. */
  changed(): void;
  bootMs: number;
  wait(ms: number): Promise<void>;
}

export class MemoryHost implements PluginHost {
  readonly product: string;
  readonly disk: Disk;
  readonly #shop: HostedShop;
  #running: string | null = null;
  #listener: (event: PluginEvent) => void = () => {};

  constructor(product: string, disk: Disk, shop: HostedShop) {
    this.product = product;
    this.disk = disk;
    this.#shop = shop;
  }

  /** The plugin says something. */
  say(event: PluginEvent): void {
    this.#listener(event);
  }

  async currentVersion(): Promise<string> {
    return this.disk.current;
  }
  environment(): Environment {
    return this.#shop.environment;
  }
  async holds(version: string, sha256?: string): Promise<boolean> {
    const held = this.disk.versions.get(version);
    return held !== undefined && (sha256 === undefined || held === sha256);
  }
  async stage(manifest: ReleaseManifest): Promise<void> {
    this.disk.versions.set(manifest.version, manifest.sha256);
  }
  async snapshot(): Promise<void> {}
  async switchTo(version: string): Promise<void> {
    this.disk.current = version;
    this.#shop.changed();
  }
  async restore(version: string): Promise<void> {
    this.disk.current = version;
    this.#shop.changed();
  }
  async start(): Promise<void> {
    if (this.#running === this.disk.current) return;
    await this.#shop.wait(this.#shop.bootMs);
    if (!this.#shop.boots(this.disk.current))
      throw new HostError("boot_failed", "exited before it was ready");
    this.#running = this.disk.current;
  }
  async stop(): Promise<void> {
    this.#running = null;
  }
  async prune(keep: readonly string[]): Promise<void> {
    for (const version of this.disk.versions.keys())
      if (version !== this.disk.current && !keep.includes(version)) this.disk.versions.delete(version);
  }
  async applySettings(set: Settings, mark: string): Promise<void> {
    this.disk.previous = this.disk.settings;
    this.disk.settings = { ...this.disk.settings, ...set };
    this.disk.mark = mark;
    this.#shop.changed();
  }
  async revertSettings(): Promise<void> {
    this.disk.settings = this.disk.previous ?? this.disk.settings;
    this.disk.mark = null;
    this.#shop.changed();
  }
  async settingsMark(): Promise<string | null> {
    return this.disk.mark;
  }
  async probe(): Promise<ProbeReport[]> {
    return this.#shop.probes();
  }
  async readJournal(): Promise<string | null> {
    return this.disk.journal;
  }
  async writeJournal(text: string): Promise<void> {
    this.disk.journal = text;
  }
  listen(listener: (event: PluginEvent) => void): void {
    this.#listener = listener;
  }
}
