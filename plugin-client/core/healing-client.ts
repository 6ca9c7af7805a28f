/** The whole client: watches and, through a `PluginHost`, heals. */
import type { PublisherKeys } from "../../src/contract/release.ts";
import { assemble, type Client, createWatcher, type WatcherOptions } from "./client.ts";
import { Executor } from "./executor.ts";
import { Healer } from "./healer.ts";
import type { PluginHost } from "./host.ts";

export interface ClientOptions extends WatcherOptions {
  /** Without a host every command is answered `unsupported`. */
  host?: PluginHost;
  /** Raw Ed25519 public key in base64, from enrolment; required with a host. */
  controlPublicKey?: string;
  /** From enrolment; required with a host. */
  publisherKeys?: PublisherKeys;
}

/** A client that is not started yet. Throws when a host comes without the keys to verify commands and releases with. */
export function createClient(options: ClientOptions): Client {
  const { host, controlPublicKey, publisherKeys } = options;
  if (host === undefined) return createWatcher(options);
  if (!controlPublicKey || !publisherKeys) throw new Error("a host needs controlPublicKey and publisherKeys");
  return assemble(options, {
    journal: host,
    environment: () => host.environment(),
    probe: () => host.probe([]),
    createDoor: (parts) =>
      new Healer({
        ...parts,
        controlPublicKey,
        executor: new Executor({ ...parts, host, publisherKeys }),
      }),
    onStart: (client) =>
      host.listen((event) => {
        if (event.type === "request") client.trackRequest();
        else if (event.type === "webhook") client.trackWebhook(event.ok);
        else client.trackError(event);
      }),
    onStop: () => host.stop(),
  });
}
