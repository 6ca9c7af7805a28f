/** A host in memory, with faults to order. What is in `disk` survives a crash; the rest is the process. */

import {
  HostError,
  type PluginEvent,
  type PluginHost,
  type Settings,
} from "../../../plugin-client/core/host.ts";
import type { ProbeReport } from "../../../src/contract/heartbeat.ts";
import type { ReleaseManifest } from "../../../src/contract/release.ts";
import { PRODUCT } from "./publishers.ts";

export interface Disk {
  current: string;
  versions: Map<string, string>;
  settings: Settings;
  previous: Settings | null;
  mark: string | null;
  journal: string | null;
}

export function aDisk(current = "1.2.2"): Disk {
  return {
    current,
    versions: new Map([[current, "installed"]]),
    settings: {},
    previous: null,
    mark: null,
    journal: null,
  };
}

export class MemoryHost implements PluginHost {
  readonly product = PRODUCT;
  readonly disk: Disk;
  running: string | null = null;
  readonly log: string[] = [];
  /** Versions that do not boot. */
  readonly broken = new Set<string>();
  settingsBreakBoot = false;
  /** Throws once when a call with this name comes. */
  readonly faults = new Map<string, Error>();
  probes: ProbeReport[] = [{ name: "webhook", ok: true, ms: 4 }];
  #listener: (event: PluginEvent) => void = () => {};

  constructor(disk: Disk = aDisk()) {
    this.disk = disk;
  }

  say(event: PluginEvent): void {
    this.#listener(event);
  }

  async currentVersion(): Promise<string> {
    return this.disk.current;
  }
  environment() {
    return { platform: "memory", runtime: "test" };
  }
  async holds(version: string, sha256?: string): Promise<boolean> {
    const held = this.disk.versions.get(version);
    return held !== undefined && (sha256 === undefined || held === sha256);
  }
  async stage(manifest: ReleaseManifest): Promise<void> {
    this.#call(`stage ${manifest.version}`);
    this.disk.versions.set(manifest.version, manifest.sha256);
  }
  async snapshot(version: string): Promise<void> {
    this.#call(`snapshot ${version}`);
  }
  async switchTo(version: string): Promise<void> {
    this.#call(`switch ${version}`);
    this.disk.current = version;
  }
  async restore(version: string): Promise<void> {
    this.#call(`restore ${version}`);
    this.disk.current = version;
  }
  async start(): Promise<void> {
    if (this.running === this.disk.current) return;
    this.#call(`start ${this.disk.current}`);
    if (this.broken.has(this.disk.current) || this.settingsBreakBoot) {
      this.settingsBreakBoot = false;
      throw new HostError("boot_failed", "exited with code 1 before it was ready");
    }
    this.running = this.disk.current;
  }
  async stop(): Promise<void> {
    this.running = null;
  }
  async prune(keep: readonly string[]): Promise<void> {
    this.#call(`prune ${keep.join(",")}`);
  }
  async applySettings(set: Settings, mark: string): Promise<void> {
    this.#call("settings");
    this.disk.previous = this.disk.settings;
    this.disk.settings = { ...this.disk.settings, ...set };
    this.disk.mark = mark;
  }
  async revertSettings(): Promise<void> {
    this.disk.settings = this.disk.previous ?? this.disk.settings;
    this.disk.mark = null;
  }
  async settingsMark(): Promise<string | null> {
    return this.disk.mark;
  }
  async probe(): Promise<ProbeReport[]> {
    this.log.push("probe");
    return this.probes;
  }
  async readJournal(): Promise<string | null> {
    return this.disk.journal;
  }
  async writeJournal(text: string): Promise<void> {
    const fault = this.faults.get("journal");
    if (fault) {
      this.faults.delete("journal");
      throw fault;
    }
    this.disk.journal = text;
  }
  listen(listener: (event: PluginEvent) => void): void {
    this.#listener = listener;
  }

  #call(what: string): void {
    this.log.push(what);
    const name = what.split(" ")[0] ?? what;
    const fault = this.faults.get(name);
    if (fault) {
      this.faults.delete(name);
      throw fault;
    }
  }
}
