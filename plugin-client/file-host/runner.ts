/** How a host runs one version of the plugin. */
import type { ProbeReport } from "../../src/contract/heartbeat.ts";
import type { PackageFile } from "../../src/contract/release.ts";
import type { PluginEvent } from "../core/host.ts";

export interface StartRequest {
  /** Folder of the version. */
  dir: string;
  packageFile: PackageFile;
  /** Path of the settings, a JSON object. */
  settingsPath: string;
  /** Folder shared by all versions. */
  dataDir: string;
  onEvent(event: PluginEvent): void;
}

/** A plugin that has said that it is ready. */
export interface Running {
  /** Resolves once, when the process is gone, with a few words about how. */
  readonly exited: Promise<string>;
  /** Results within a bounded time; a probe that did not answer is not ok. No name asks for all. */
  probe(names: readonly string[]): Promise<ProbeReport[]>;
  /** Asks it to stop, then makes it. Resolves when the process is gone. Idempotent. */
  stop(): Promise<void>;
}

export interface PluginRunner {
  /** Resolves when the plugin is ready. Rejects when it exits or stays silent before, or is another version; then it is gone. */
  start(request: StartRequest): Promise<Running>;
}
