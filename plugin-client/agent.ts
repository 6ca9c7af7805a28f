/**
 * The agent beside a plugin on Node: enrols once, keeps the identity, runs the plugin as a child process and heals it. A
 * process of its own, so that it works when the plugin does not.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cadence, Environment } from "../src/contract/heartbeat.ts";
import type { PublisherKeys } from "../src/contract/release.ts";
import type { Client } from "./core/client.ts";
import { enroll, parsePublisherKeys } from "./core/enroll.ts";
import type { Listener } from "./core/events.ts";
import { createClient } from "./core/healing-client.ts";
import type { Settings } from "./core/host.ts";
import { defaultPlatform, type Platform } from "./core/platform.ts";
import * as shape from "./core/shape.ts";
import { generateSigningKey } from "./core/signing.ts";
import { makeFolder, readIfThere, writeDurable } from "./file-host/durable-file.ts";
import { FileHost } from "./file-host/file-host.ts";
import { ProcessRunner, type ProcessRunnerOptions } from "./file-host/process-runner.ts";
import type { PluginRunner } from "./file-host/runner.ts";

/** What enrolment gave; kept in `identity.json` with mode 0600. */
export interface Identity {
  plugin_id: string;
  /** `whsec_` secret or `whsk_` Ed25519 key. */
  credential: string;
  control_public_key: string;
  publisher_keys: PublisherKeys;
  next_heartbeat_s: number;
}

export interface AgentOptions {
  apiUrl: string;
  /** Folder that belongs to this agent alone. */
  root: string;
  product: string;
  /** Needed for the first start only: afterwards `identity.json` says who this is. */
  claimCode?: string;
  /** Instead of a claim code, for a plugin that was enrolled elsewhere. */
  identity?: Identity;
  /** Put in place when no version is installed. `file` is the zip, or its path. */
  install?: { version: string; file: Uint8Array | string; settings?: Settings };
  /** `hmac`: the control plane makes a secret. `ed25519`: the key is made here and never leaves. Default `hmac`. */
  signing?: "hmac" | "ed25519";
  siteUrl?: string;
  environment?: Environment;
  cadence?: Cadence;
  runner?: PluginRunner;
  /** Of the default runner. */
  process?: ProcessRunnerOptions;
  onEvent?: Listener;
  platform?: Platform;
}

export interface Agent {
  readonly client: Client;
  readonly host: FileHost;
  readonly pluginId: string;
  /** Says goodbye, stops the plugin. */
  stop(options?: { goodbye?: boolean }): Promise<void>;
}

/** Resolves when the plugin was booted (or failed to) and the first beat was tried. Throws when it cannot enrol. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { root, product, apiUrl } = options;
  const platform = options.platform ?? defaultPlatform();
  const host = new FileHost({
    root,
    product,
    runner: options.runner ?? new ProcessRunner(options.process),
    ...(options.environment && { environment: options.environment }),
  });
  const { install } = options;
  if (install !== undefined && (await host.installedVersion()) === null) {
    const file = typeof install.file === "string" ? await readFile(install.file) : install.file;
    await host.install(install.version, file, install.settings);
  }
  const identity = await obtainIdentity(options, host, platform);
  const client = createClient({
    apiUrl,
    pluginId: identity.plugin_id,
    credential: identity.credential,
    controlPublicKey: identity.control_public_key,
    publisherKeys: identity.publisher_keys,
    intervalS: identity.next_heartbeat_s,
    host,
    platform,
    ...(options.cadence && { cadence: options.cadence }),
  });
  if (options.onEvent) client.on(options.onEvent);
  await client.start();
  return { client, host, pluginId: identity.plugin_id, stop: (how) => client.stop(how) };
}

async function obtainIdentity(options: AgentOptions, host: FileHost, platform: Platform): Promise<Identity> {
  const path = join(options.root, "identity.json");
  const kept = await readIfThere(path);
  if (kept !== null) return parseIdentity(kept);
  const identity = options.identity ?? (await enrolNow(options, host, platform));
  await makeFolder(options.root);
  await writeDurable(path, `${JSON.stringify(identity, null, 2)}\n`, () => {}, 0o600);
  return identity;
}

async function enrolNow(options: AgentOptions, host: FileHost, platform: Platform): Promise<Identity> {
  if (options.claimCode === undefined) throw new Error("not enrolled yet: a claim code is needed");
  const key = options.signing === "ed25519" ? await generateSigningKey(platform) : null;
  const { secret, ...enrolled } = await enroll({
    apiUrl: options.apiUrl,
    claimCode: options.claimCode,
    product: options.product,
    version: await host.currentVersion(),
    environment: host.environment(),
    platform,
    ...(options.siteUrl !== undefined && { siteUrl: options.siteUrl }),
    ...(key !== null && { publicKey: key.public_key }),
  });
  const credential = key?.credential ?? secret;
  if (credential === undefined) throw new Error("enrolment gave no credential");
  return { ...enrolled, credential };
}

/** Throws when the file is damaged: a new enrolment is a person's decision. */
function parseIdentity(text: string): Identity {
  const from = shape.parseFields(text, "identity.json", 64 * 1024);
  return {
    plugin_id: shape.text(from, "plugin_id", 64),
    credential: shape.text(from, "credential", 256, /^wh(sec|sk)_/),
    control_public_key: shape.text(from, "control_public_key", 64),
    publisher_keys: parsePublisherKeys(from.publisher_keys),
    next_heartbeat_s: shape.whole(from, "next_heartbeat_s", 1, 86_400),
  };
}
