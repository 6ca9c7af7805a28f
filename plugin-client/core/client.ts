/** The client without healing: heartbeats and counters, in whatever has WebCrypto, fetch and timers. */
import type { Cadence, Environment, HeartbeatData, ProbeReport } from "../../src/contract/heartbeat.ts";
import { Tracker } from "./counters.ts";
import { type CommandDoor, watchOnly } from "./door.ts";
import type { ClientEvent, Listener } from "./events.ts";
import { Heart } from "./heart.ts";
import { Outbox } from "./outbox.ts";
import { defaultPlatform, type Platform } from "./platform.ts";
import { DEFAULT_INTERVAL_S } from "./schedule.ts";
import { createSigner, type Signer } from "./signing.ts";
import { type JournalFile, JournalStore } from "./store.ts";
import { Transport } from "./transport.ts";

export interface WatcherOptions {
  /** Origin of the control plane, `https://vigie.example`. */
  apiUrl: string;
  pluginId: string;
  /** `whsec_` secret or `whsk_` Ed25519 key. It signs; it is never sent and never logged. */
  credential: string;
  /** Version of the plugin; with a host, the host knows. */
  version?: string;
  /** `page-view` when nothing runs between two visits. */
  cadence?: Cadence;
  environment?: Environment;
  /** Seconds between beats until the control plane asks for something else. */
  intervalS?: number;
  /** Count errors that nobody caught. On by default, except with a host: there they are the agent's own, not the plugin's. */
  captureUncaught?: boolean;
  platform?: Platform;
}

export interface Client {
  /** Finishes what a crash left, boots the plugin (with a host), and sends the first beat; resolves when it was tried. */
  start(): Promise<void>;
  /** Stops beating and, with a host, the plugin. Says goodbye unless told not to. */
  stop(options?: { goodbye?: boolean }): Promise<void>;
  /** Resolves to whether the beat was answered. */
  beatNow(): Promise<boolean>;
  trackError(error: unknown): void;
  trackWebhook(ok: boolean): void;
  trackRequest(): void;
  setWebhookSubscription(state: NonNullable<HeartbeatData["webhook_subscription"]>): void;
  /** Structured log events, without secrets. Returns the unsubscription. */
  on(listener: Listener): () => void;
}

/** What a door is built from. */
export interface DoorParts {
  platform: Platform;
  store: JournalStore;
  outbox: Outbox;
  transport: Transport;
  pluginId: string;
  emit(event: ClientEvent): void;
  /** The version, the state or the last command has changed: beat at once. */
  changed(): void;
}

/** What a host adds to a watcher. */
export interface Healing {
  journal: JournalFile;
  environment(): Environment;
  probe(): Promise<ProbeReport[]>;
  createDoor(parts: DoorParts): CommandDoor;
  onStart(client: Client): void;
  onStop(): Promise<void>;
}

/** A client that beats and counts, and answers every command with `unsupported`. Not started yet. */
export function createWatcher(options: WatcherOptions): Client {
  return assemble(options, null);
}

/** The one place where the parts meet. */
export function assemble(options: WatcherOptions, healing: Healing | null): Client {
  const { pluginId } = options;
  const platform = options.platform ?? defaultPlatform();
  const listeners = new Set<Listener>();
  const emit = (event: ClientEvent) => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch {
        // A logger that throws must not stop the heart.
      }
    }
  };
  let signer: Promise<Signer> | null = null;
  const tracker = new Tracker();
  const store = new JournalStore(healing?.journal ?? null);
  const transport = new Transport(platform, options.apiUrl, pluginId, () => {
    signer ??= createSigner(platform, options.credential);
    return signer;
  });
  const outbox = new Outbox(platform, store, transport, pluginId, emit);
  const changed = () => {
    if (door.vitals().state === "probation") heart.quicken();
    heart.news();
  };
  const door: CommandDoor =
    healing?.createDoor({ platform, store, outbox, transport, pluginId, emit, changed }) ??
    watchOnly(options.version ?? "0.0.0", store, outbox, emit);
  const heart = new Heart({
    platform,
    transport,
    store,
    tracker,
    pluginId,
    cadence: options.cadence ?? "resident",
    intervalS: options.intervalS ?? DEFAULT_INTERVAL_S,
    environment: () => ({ ...healing?.environment(), ...options.environment }),
    vitals: () => door.vitals(),
    probe: async () => (await healing?.probe().catch(() => [])) ?? [],
    onReply: (reply) => {
      door.checkDeadline();
      void door.offer(reply.commands, reply.commit);
    },
    emit,
  });
  let forgetUncaught: (() => void) | undefined;

  const client: Client = {
    async start() {
      if (!(await store.load()))
        emit({ type: "problem", where: "journal", message: "damaged; starting anew" });
      // Where nothing is remembered between boots, the clock makes the sequence rise.
      if (healing === null)
        await store.change((journal) => ({ ...journal, seq: Math.max(journal.seq, platform.now()) }));
      healing?.onStart(client);
      if (options.captureUncaught ?? healing === null)
        forgetUncaught = platform.onUncaught?.((error) => client.trackError(error));
      await door.start();
      await heart.beat();
    },
    async stop({ goodbye = true } = {}) {
      forgetUncaught?.();
      await door.stop();
      await heart.stop(goodbye);
      await outbox.stop();
      await healing?.onStop();
    },
    beatNow: () => heart.beat(),
    trackError: (error) => {
      if (tracker.trackError(error)) heart.urgent();
    },
    trackWebhook: (ok) => {
      if (tracker.trackWebhook(ok)) heart.urgent();
    },
    trackRequest: () => tracker.trackRequest(),
    setWebhookSubscription: (state) => {
      const news = heart.webhookSubscription !== state;
      heart.webhookSubscription = state;
      if (news && state === "disabled") heart.urgent();
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return client;
}
