/**
 * The platform's side of the client: where the plugin's files, settings and process are. The core decides; a host does, and
 * each method either completes or throws and leaves the old state in place. All of it is called one at a time, except
 * `currentVersion`, `environment`, `probe` and the journal's two.
 */
import type { FailCode } from "../../src/contract/command.ts";
import type { Environment, ProbeReport } from "../../src/contract/heartbeat.ts";
import type { ReleaseManifest } from "../../src/contract/release.ts";

/** What the running plugin says of itself, for the counters. */
export type PluginEvent =
  | { type: "webhook"; ok: boolean }
  | { type: "request" }
  | { type: "error"; message: string; name?: string | undefined; stack?: string | undefined };

export type Settings = Record<string, string | number | boolean>;

/** A host's refusal in the contract's words; anything else that is thrown is reported as `internal`. */
export class HostError extends Error {
  override name = "HostError";
  readonly code: FailCode;
  constructor(code: FailCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface PluginHost {
  readonly product: string;
  /** The version that is switched to, running or not. */
  currentVersion(): Promise<string>;
  /** Short strings: platform, platform_version, runtime, ... */
  environment(): Environment;
  /** True when `switchTo(version)` needs no download; with a digest, only when it came from exactly that file. */
  holds(version: string, sha256?: string): Promise<boolean>;
  /** Unpacks a file whose manifest and digest have been verified. Throws `HostError("unpack_failed" | "bad_release")`. */
  stage(manifest: ReleaseManifest, file: Uint8Array): Promise<void>;
  /** Makes sure that `restore(version)` can work without network. Throws when it could not. */
  snapshot(version: string): Promise<void>;
  /** Atomic and durable: after a crash the current version is the old one or the new one. The plugin is stopped. */
  switchTo(version: string): Promise<void>;
  /** Back to a snapshot. Idempotent; needs neither network nor a plugin that boots. The plugin is stopped. */
  restore(version: string): Promise<void>;
  /**
   * Boots the current version, unless it runs already. Resolves when the plugin says that it is up, throws
   * `HostError("boot_failed")` when the first boot fails. Either way the host goes on keeping it up until `stop`.
   */
  start(): Promise<void>;
  /** Stops the plugin and every attempt to restart it. Idempotent. */
  stop(): Promise<void>;
  /** Deletes old versions, never the current one nor those named. */
  prune(keep: readonly string[]): Promise<void>;
  /** Merges settings in, keeps the previous ones, and remembers `mark`; one atomic, durable act. */
  applySettings(set: Settings, mark: string): Promise<void>;
  /** The settings before the last `applySettings`. */
  revertSettings(): Promise<void>;
  settingsMark(): Promise<string | null>;
  /** Runs the plugin's own probes, all of them when no name is given; a probe that does not answer is not ok. Bounded in time. */
  probe(names: readonly string[]): Promise<ProbeReport[]>;
  readJournal(): Promise<string | null>;
  /** Durable when it resolves. */
  writeJournal(text: string): Promise<void>;
  /** Calls `listener` for everything the plugin says. */
  listen(listener: (event: PluginEvent) => void): void;
}
