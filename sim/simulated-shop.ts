/**
 * One shop: its traffic, its plugin and its client. While all is well its heart is a light one: the same counters and intervals, told to
 * its object directly. From shortly before a fault until long after it the real client runs (`plugin-client/core`): heart, healer, journal
 * and dead-man over a host in memory, with real signatures and a network that loses and delays.
 */
import type { Client } from "../plugin-client/core/client.ts";
import { fingerprintOf } from "../plugin-client/core/fingerprint.ts";
import { createClient } from "../plugin-client/core/healing-client.ts";
import { parseJournal } from "../plugin-client/core/journal.ts";
import type { Platform } from "../plugin-client/core/platform.ts";
import { boundedIntervalS, nextBeatDelayMs } from "../plugin-client/core/schedule.ts";
import type { Environment, ProbeReport } from "../src/contract/heartbeat.ts";
import type { PublisherKeys } from "../src/contract/release.ts";
import { smoothDay } from "./day-of-shop.ts";
import type { Planned } from "./event-queue.ts";
import { aDisk, type Disk, MemoryHost } from "./memory-host.ts";
import type { PluginObject } from "./plugin-object.ts";
import { binomial, poisson, type Random } from "./random.ts";
import { shopCrypto } from "./shop-crypto.ts";
import type { ShopLink } from "./shop-link.ts";
import type { VirtualRealm } from "./virtual-realm.ts";

/** How well a shop does at this moment. */
export interface Effects {
  /** Share of the webhooks that fail. */
  webhookFail: number;
  /** Errors per request beyond the ordinary ones, and their fingerprint. */
  errorShare: number;
  fingerprint: string | null;
  disabled: boolean;
  boots: boolean;
  /** The plugin's own probe notices. */
  probeSees: boolean;
}

export interface ShopOptions {
  index: number;
  product: string;
  version: string;
  environment: Environment;
  webhooksPerHour: number;
  requestsPerHour: number;
  shiftHours: number;
  random: Random;
  realm: VirtualRealm;
  controlKey: string;
  publisherKeys: PublisherKeys;
  effects(shop: SimulatedShop): Effects;
  /** After every change of version or settings. */
  changed(shop: SimulatedShop): void;
}

const TRAFFIC_TICK_MS = 6_000;
const DAY_DEPTH = 0.6;
const ORDINARY_FAIL = 0.005;
const ORDINARY_ERRORS = 0.003;
const ORDINARY_MESSAGE = "an ordinary error";
const ORDINARY_ERROR = {
  message: ORDINARY_MESSAGE,
  fingerprint: fingerprintOf({ name: "Error", message: ORDINARY_MESSAGE }),
};
const BEAT_LOSS = 0.003;
const HOUR_MS = 3_600_000;
const CREDENTIAL = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

export class SimulatedShop {
  readonly options: ShopOptions;
  readonly disk: Disk;
  readonly faults = new Set<string>();
  effects: Effects;
  object!: PluginObject;
  link!: ShopLink;
  /** The plugin's client does not run at all. */
  dead = false;
  #host: MemoryHost | null = null;
  #client: Client | null = null;
  #light: Planned | null = null;
  #seq = 0;
  #boot = 0;
  #counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
  #drawnAt: number;

  constructor(options: ShopOptions) {
    this.options = options;
    this.disk = aDisk(options.version);
    this.effects = options.effects(this);
    this.#drawnAt = options.realm.queue.now;
  }

  get real(): boolean {
    return this.#client !== null;
  }

  /** What ails it, if anything, is mended by its version or its settings. */
  get well(): boolean {
    const { webhookFail, errorShare, disabled, boots } = this.effects;
    return webhookFail === 0 && errorShare === 0 && !disabled && boots;
  }

  /** Something about the shop has changed: how does it do now? */
  renew(): void {
    this.effects = this.options.effects(this);
    this.#client?.setWebhookSubscription(this.effects.disabled ? "disabled" : "active");
    this.options.changed(this);
  }

  /** How many webhooks an hour at this time of its day. */
  webhooksPerHourAt(atMs: number): number {
    const { webhooksPerHour, shiftHours } = this.options;
    return webhooksPerHour * smoothDay(atMs, DAY_DEPTH, shiftHours);
  }

  /** Begins to beat lightly, somewhere in its first interval. */
  begin(): void {
    const { realm, random } = this.options;
    this.#boot += 1;
    this.#counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
    this.#drawnAt = realm.queue.now;
    this.#light = realm.queue.after(random() * 60_000, () => this.#beatLightly());
  }

  #beatLightly(): void {
    const { realm, random } = this.options;
    const { object } = this;
    if (object.state.attempt !== null || object.state.incidents.length > 0) return this.wake();
    const { sent, failed, requests, errors } = this.#draw();
    this.#counters.webhooks_sent += sent;
    this.#counters.webhooks_failed += failed;
    this.#counters.requests += requests;
    this.#counters.errors += errors;
    if (random() < BEAT_LOSS) {
      this.#light = realm.queue.after(10_000 + 2_000 * random(), () => this.#beatLightly());
      return;
    }
    this.#seq += 1;
    object.beat({
      plugin_id: object.state.id,
      seq: this.#seq,
      boot_id: `light-${this.#boot}`,
      version: this.disk.current,
      state: "running",
      cadence: "resident",
      counters: { ...this.#counters },
      errors: errors > 0 ? [{ ...ORDINARY_ERROR, count: errors }] : [],
      webhook_subscription: "active",
    });
    const delay = nextBeatDelayMs(boundedIntervalS(object.state.askedS), random());
    this.#light = realm.queue.after(delay, () => this.#beatLightly());
  }

  /** The real client takes over. */
  wake(): void {
    if (this.#client !== null || this.dead) return;
    if (this.#light !== null) this.#light.cancelled = true;
    this.#light = null;
    const { realm, random, environment, controlKey, publisherKeys } = this.options;
    if (this.disk.journal === null) this.disk.journal = JSON.stringify({ v: 1, seq: this.#seq });
    else this.disk.journal = JSON.stringify({ ...JSON.parse(this.disk.journal), seq: this.#seq });
    const host = new MemoryHost(this.options.product, this.disk, {
      environment,
      boots: () => this.effects.boots,
      probes: () => this.#probes(),
      changed: () => this.renew(),
      bootMs: 1_000 + 2_000 * random(),
      wait: (ms) =>
        new Promise((resolve) => {
          realm.queue.after(ms, () => {
            realm.touch();
            resolve();
          });
        }),
    });
    const platform: Platform = {
      now: () => Math.floor(realm.queue.now),
      random,
      setTimer: (run, delayMs) =>
        realm.queue.after(delayMs, () => {
          realm.touch();
          run();
        }),
      clearTimer: (timer) => {
        if (timer) (timer as Planned).cancelled = true; // only ever given what setTimer returned
      },
      fetch: (url, init) => this.link.fetch(url, init),
      crypto: shopCrypto(random),
    };
    const client = createClient({
      apiUrl: "https://vigie.example",
      pluginId: this.object.state.id,
      credential: CREDENTIAL,
      controlPublicKey: controlKey,
      publisherKeys,
      host,
      platform,
      intervalS: this.object.state.askedS,
    });
    this.#host = host;
    this.#client = client;
    client.setWebhookSubscription(this.effects.disabled ? "disabled" : "active");
    this.#drawnAt = realm.queue.now;
    realm.touch();
    void client.start();
    this.#traffic(client);
  }

  /** The client stops without a word: a crash, or the host is gone. */
  die(): void {
    this.dead = true;
    this.#stop();
  }

  /** Back to the light heart, when nothing is left open. False when something is. */
  rest(): boolean {
    const { state } = this.object;
    const journal = parseJournal(this.disk.journal ?? "");
    const quiet =
      state.incidents.length === 0 &&
      state.attempt === null &&
      state.commit === null &&
      state.commands.every((c) => c.row.finished_at !== null);
    if (!quiet || !this.well || this.dead || journal === null) return false;
    if (journal.probation !== null || journal.rollback !== null || journal.outbox.length > 0) return false;
    this.#stop();
    this.begin();
    return true;
  }

  /** A person at the shop: another version, put in place by hand or by the platform's own updater. */
  install(version: string): void {
    const { real } = this;
    if (real) this.#stop();
    if (this.disk.journal !== null)
      this.disk.journal = JSON.stringify({
        ...JSON.parse(this.disk.journal),
        probation: null,
        rollback: null,
        in_hand: null,
      });
    this.disk.versions.set(version, "installed");
    this.disk.current = version;
    this.renew();
    if (real) this.wake();
  }

  #stop(): void {
    if (this.#light !== null) this.#light.cancelled = true;
    this.#light = null;
    const client = this.#client;
    if (client === null) return;
    this.#seq = parseJournal(this.disk.journal ?? "")?.seq ?? this.#seq;
    this.#client = null;
    this.#host = null;
    this.options.realm.touch();
    void client.stop({ goodbye: false });
  }

  #traffic(client: Client): void {
    if (client !== this.#client || this.#host === null) return;
    const host = this.#host;
    const { sent, failed, requests, errors, ordinary } = this.#draw();
    // Which of them fail is in no order of its own.
    let left = failed;
    for (let i = sent; i > 0; i--) {
      const fails = this.options.random() * i < left;
      if (fails) left -= 1;
      host.say({ type: "webhook", ok: !fails });
    }
    for (let i = 0; i < requests; i++) host.say({ type: "request" });
    for (let i = 0; i < errors; i++) {
      const message = i < ordinary ? ORDINARY_MESSAGE : `fault ${this.effects.fingerprint ?? "unnamed"}`;
      host.say({ type: "error", name: "Error", message });
    }
    // Only failures in a row make the client act by itself.
    if (failed > 0) this.options.realm.touch();
    this.options.realm.queue.after(TRAFFIC_TICK_MS, () => this.#traffic(client));
  }

  #draw() {
    const { realm, random, shiftHours, webhooksPerHour, requestsPerHour } = this.options;
    const { now } = realm.queue;
    const hours = (now - this.#drawnAt) / HOUR_MS;
    this.#drawnAt = now;
    const { effects } = this;
    const busy = effects.boots ? hours * smoothDay(now, DAY_DEPTH, shiftHours) : 0;
    const sent = effects.disabled ? 0 : poisson(webhooksPerHour * busy, random);
    const failed = binomial(sent, Math.max(ORDINARY_FAIL, effects.webhookFail), random);
    const requests = poisson(requestsPerHour * busy, random);
    const ordinary = poisson(requestsPerHour * busy * ORDINARY_ERRORS, random);
    const errors = ordinary + (effects.errorShare > 0 ? binomial(requests, effects.errorShare, random) : 0);
    return { sent, failed, requests, errors, ordinary };
  }

  #probes(): ProbeReport[] {
    const { webhookFail, errorShare, probeSees } = this.effects;
    const bad = probeSees && this.options.random() < Math.max(webhookFail, errorShare);
    return [{ name: "webhook", ok: !bad, ms: 40 }];
  }
}
