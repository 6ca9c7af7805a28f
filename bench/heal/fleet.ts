/** Sets up one fleet with its control plane, lets the week pass, and hands back what was seen of it. */

import { ControlPlane } from "../../sim/control-plane.ts";
import { EventQueue } from "../../sim/event-queue.ts";
import { PluginObject } from "../../sim/plugin-object.ts";
import { type Random, seededRandom } from "../../sim/random.ts";
import { ShopLink } from "../../sim/shop-link.ts";
import { SimulatedShop } from "../../sim/simulated-shop.ts";
import { VirtualRealm } from "../../sim/virtual-realm.ts";
import type { PluginRpc } from "../../src/contract/rpc/plugin.ts";
import { brokenInvariants } from "../../src/core/plugin/invariants.ts";
import { fnv1a } from "../../src/core/stable-hash.ts";
import { type BenchShop, withNotes } from "./bench-shop.ts";
import { digestOf, fileOf, PUBLISHER_KEYS, recordOf, remedyFor } from "./catalogue.ts";
import { Fate } from "./fate.ts";
import type { WeekSeen } from "./observe.ts";
import { ON_CALL, People } from "./people.ts";
import { Recorder } from "./recorder.ts";
import { stagingAnswer } from "./staging.ts";
import { START } from "./start.ts";
import { deciderOf, policyOf, type Variant } from "./variants.ts";
import * as world from "./world.ts";

const { DAY_MS } = world;
const INVARIANT_SAMPLE = 64;
const LATENCY_MS: Record<string, readonly [number, number]> = {
  triage: [300, 900],
  decide: [200, 600],
  gate: [100, 300],
  stage: [15_000, 40_000],
};

export interface FleetSettings {
  variant: Variant;
  products: readonly world.Product[];
  shops: number;
  days: number;
  seed: number;
  /** So many times the ordinary rate of faults: in a small fleet as much happens then as in a large one. */
  faultFactor: number;
}

export class Fleet {
  readonly #settings: FleetSettings;
  readonly #queue = new EventQueue(START);
  readonly #realm: VirtualRealm;
  readonly #random: Random;
  readonly #recorder = new Recorder();
  readonly #fate: Fate;
  readonly #policy;
  readonly #shops = new Map<string, BenchShop>();
  readonly #reach = new Map<string, Set<number>>();
  readonly #broken = new Set<string>();
  #plane!: ControlPlane;
  #people!: People;
  #steps = 0;
  #beats = 0;

  constructor(settings: FleetSettings) {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
    this.#fate = new Fate(this.#queue, this.#random, this.#recorder, settings.faultFactor);
    this.#policy = policyOf(settings.variant);
    this.#realm = new VirtualRealm(
      this.#queue,
      seededRandom(fnv1a(`${settings.seed}|objects`)),
      async (url, init) => {
        if (url.includes("/api/staging/smoke"))
          return stagingAnswer(String(init?.body), settings.variant !== "no staging");
        return new Response(null, { status: 200 });
      },
    );
  }

  async run(): Promise<WeekSeen> {
    const before = process.threadCpuUsage();
    const { variant, seed, days } = this.#settings;
    const decide = deciderOf(variant, fnv1a(`${seed}|lot`));
    this.#plane = await ControlPlane.start({
      realm: this.#realm,
      onRecord: () => {},
      plugin: (id) => this.#rpcOf(id),
      publisherKeys: PUBLISHER_KEYS,
      ...(decide === undefined ? {} : { decide }),
    });
    const { revision } = await this.#plane.policy.read();
    const put = await this.#plane.policy.put(
      { revision, document: this.#policy, reason: "a week on its own" },
      ON_CALL,
    );
    if (!put.ok) throw new Error(JSON.stringify(put.refusal));
    this.#people = new People(
      this.#realm,
      this.#plane,
      seededRandom(fnv1a(`${seed}|people`)),
      this.#settings.products,
    );
    for (const product of this.#settings.products) await this.#publish(product);
    for (let index = 0; index < this.#settings.shops; index++) await this.#open(index);
    await this.#realm.run(START + days * DAY_MS);
    const used = process.threadCpuUsage(before);
    return this.#seen((used.user + used.system) / 1e6);
  }

  /** Everything known before the week is on offer at once, the rest at its hour. */
  async #publish(product: world.Product): Promise<void> {
    const releases = this.#plane.releases(product);
    const publish = async (release: world.WorldRelease) => {
      await releases.publish(recordOf(product, release, START, this.#queue.now));
      if (release.shippedTo === undefined) return;
      this.#people.stopLater(product, release.version);
      this.#fate.ship(this.#shops.values(), product, release, release.shippedTo);
    };
    for (const release of world.releasesOf(product)) {
      const at = START + release.day * DAY_MS;
      if (at <= START) await publish(release);
      else this.#queue.plan(at, () => this.#realm.track(publish(release)));
    }
    await releases.publishRemedy(remedyFor(product, START));
  }

  async #open(index: number): Promise<void> {
    const { products, seed } = this.#settings;
    const random = seededRandom(fnv1a(`${seed}|shop|${index}`));
    const product = products[index % products.length] as world.Product; // there is at least one
    const webhooksPerHour = 2 * 150 ** random();
    const shop = withNotes(
      new SimulatedShop({
        index,
        product,
        version: world.START_VERSION,
        environment: world.environmentOf(random()),
        webhooksPerHour,
        requestsPerHour: 10 * webhooksPerHour,
        shiftHours: Math.floor(random() * 24),
        random,
        realm: this.#realm,
        controlKey: this.#plane.controlKey,
        publisherKeys: PUBLISHER_KEYS,
        effects: world.effectsOf,
        changed: (changed) => this.#changed(changed as BenchShop),
      }),
    );
    const id = `plg_${`${seed}x${index}`.padStart(27, "A")}`;
    const merchantId = `merchant-${index}`;
    const { environment } = shop.options;
    const nonce = { nonce: `n${index}`, nonce_expires_at: new Date(START + DAY_MS).toISOString() };
    await this.#plane.fleet.enroll({ plugin_id: id, product, merchant_id: merchantId, ...nonce });
    shop.object = new PluginObject(
      {
        id,
        merchantId,
        product,
        version: world.START_VERSION,
        env: environment,
        siteUrl: `https://shop-${index}.example/`,
        credential: { kind: "hmac", sealed: "v1.sealed" },
      },
      {
        realm: this.#realm,
        plane: this.#plane,
        random,
        policy: () => this.#policy,
        latencyMs: (kind) => {
          const [from, to] = LATENCY_MS[kind] ?? [100, 300];
          return from + (to - from) * random();
        },
        onStep: (object, event, before, result) => {
          this.#steps += 1;
          if (event.type === "beat") this.#beats += 1;
          const now = this.#queue.now;
          if (result.outbox.length > 0) this.#recorder.saw(shop, before, result, now);
          if (object.state.incidents.length > 0) this.#people.look(shop, object.state);
          if (event.type !== "beat" || this.#steps % INVARIANT_SAMPLE === 0)
            this.#check(event, before, object.state, result);
        },
      },
    );
    shop.link = new ShopLink({
      realm: this.#realm,
      random,
      object: shop.object,
      lossShare: 0.002,
      delayMs: [20, 150],
      artifact: (sha256) => this.#artifact(product, sha256),
    });
    this.#shops.set(id, shop);
    shop.begin();
    this.#fate.awaits(shop, START + this.#settings.days * DAY_MS);
  }

  #check(
    event: Parameters<typeof brokenInvariants>[0]["event"],
    before: PluginObject["state"],
    after: PluginObject["state"],
    result: Parameters<Recorder["saw"]>[2],
  ): void {
    if (this.#broken.size > 40) return;
    const seen = {
      before,
      event,
      after,
      outbox: result.outbox,
      handOver: result.handOver,
      now: Math.floor(this.#queue.now),
      policy: this.#policy,
    };
    for (const broken of brokenInvariants(seen))
      this.#broken.add(`${broken} (${event.type}, ${after.id}, ${new Date(this.#queue.now).toISOString()})`);
  }

  #changed(shop: BenchShop): void {
    const now = this.#queue.now;
    this.#recorder.applied(shop);
    this.#recorder.worsened(shop);
    this.#recorder.renewed(shop, now, shop.by);
    // Mended for good: the fault strikes no more until it is drawn again.
    if (world.badness(shop.effects) === 0 && shop.by === "person") shop.faults.clear();
    if (shop.by !== "vigie") return;
    const release = world.releaseOf(shop.disk.current);
    if (release === undefined || release.nature === "good") return;
    const key = `${shop.options.product}@${release.version}`;
    const reached = this.#reach.get(key) ?? new Set();
    reached.add(shop.options.index);
    this.#reach.set(key, reached);
  }

  #artifact(product: world.Product, sha256: string): Uint8Array<ArrayBuffer> | undefined {
    const release = world.releasesOf(product).find(({ version }) => digestOf(product, version) === sha256);
    return release === undefined ? undefined : fileOf(product, release.version);
  }

  #rpcOf(id: string): Partial<PluginRpc> {
    const shop = this.#shops.get(id);
    if (shop === undefined) throw new Error(`no plugin ${id}`);
    return { order: (order) => shop.object.order(order), sweep: async () => null };
  }

  async #seen(cpuSeconds: number): Promise<WeekSeen> {
    const reach: WeekSeen["reach"] = [];
    for (const [key, shops] of this.#reach) {
      const [product = "", version = ""] = key.split("@");
      const list = await this.#plane.releases(product).list();
      const status = list.find((release) => release.version === version)?.status ?? "unknown";
      reach.push({
        product,
        version,
        nature: world.releaseOf(version)?.nature ?? "",
        shops: shops.size,
        stage: 0,
        status,
      });
    }
    const { faults, attempts, incidents, falseIncidents, pages } = this.#recorder;
    return {
      plugins: this.#settings.shops,
      days: this.#settings.days,
      beats: this.#beats,
      steps: this.#steps,
      faults,
      attempts,
      reach,
      incidents,
      falseIncidents,
      pages,
      degradedMinutes: this.#people.degradedMinutes,
      restores: this.#people.restores,
      resumed: this.#people.resumed,
      broken: [...this.#broken],
      failures: this.#realm.failures,
      cpuSeconds,
    };
  }
}
