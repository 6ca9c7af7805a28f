/** What strikes shops, and when: their own faults, outbreaks, and releases that the platform's own updater puts into them. */
import type { EventQueue } from "../../sim/event-queue.ts";
import { exponential, type Random } from "../../sim/random.ts";
import { compareSemver } from "../../src/core/semver.ts";
import type { BenchShop } from "./bench-shop.ts";
import type { Recorder } from "./recorder.ts";
import { START } from "./start.ts";
import * as world from "./world.ts";

const { DAY_MS, HOUR_MS } = world;
/** The real client has been running for so long when a fault begins. */
const WARM_MS = [10 * 60_000, 20 * 60_000] as const;
const REST_EVERY_MS = 25 * 60_000;

export class Fate {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #recorder: Recorder;
  readonly #factor: number;

  /** `factor`: so many times the ordinary rates. */
  constructor(queue: EventQueue, random: Random, recorder: Recorder, factor: number) {
    this.#queue = queue;
    this.#random = random;
    this.#recorder = recorder;
    this.#factor = factor;
  }

  /** Plans what befalls this shop until `end`. */
  awaits(shop: BenchShop, end: number): void {
    for (const kind of world.SHOP_FAULTS) this.#plan(shop, kind, end);
  }

  /** The platform's updater puts a release into some shops, past Vigie. */
  ship(shops: Iterable<BenchShop>, product: world.Product, release: world.WorldRelease, share: number): void {
    for (const shop of shops) {
      const { options } = shop;
      if (options.product !== product || options.random() >= share * this.#factor) continue;
      this.#queue.after(options.random() * 4 * HOUR_MS, () => {
        if (
          shop.dead ||
          shop.object.state.attempt !== null ||
          compareSemver(shop.disk.current, release.version) >= 0
        )
          return;
        this.#strike(shop, () => {
          this.#recorder.begin(shop, "regression", this.#queue.now);
          shop.by = "itself";
          shop.install(release.version);
          shop.by = "vigie";
        });
      });
    }
  }

  /** A Poisson process from its day on, and the outbreaks. */
  #plan(shop: BenchShop, kind: world.ShopFault, end: number): void {
    const { perDay, fromDay } = world.FAULT_RATES[kind];
    let at = START + fromDay * DAY_MS + HOUR_MS;
    for (;;) {
      at += exponential(DAY_MS / (perDay * this.#factor), shop.options.random);
      if (at >= end) break;
      this.#queue.plan(at, () => this.#strike(shop, () => this.#befall(shop, kind)));
    }
    for (const { fault, day, hours, share } of world.OUTBREAKS) {
      if (fault !== kind || shop.options.random() >= share * this.#factor) continue;
      const when = START + day * DAY_MS + shop.options.random() * hours * HOUR_MS;
      this.#queue.plan(when, () => this.#strike(shop, () => this.#befall(shop, kind)));
    }
  }

  /** Only what is well and left alone can fall ill. The real client has been running for a while by then. */
  #strike(shop: BenchShop, then: () => void): void {
    const free = () => !shop.dead && shop.well && shop.object.state.incidents.length === 0;
    if (!free()) return;
    shop.wake();
    const [from, to] = WARM_MS;
    this.#queue.after(from + (to - from) * this.#random(), () => {
      if (free()) then();
    });
    this.#restLater(shop);
  }

  #restLater(shop: BenchShop): void {
    this.#queue.after(REST_EVERY_MS, () => {
      if (shop.real && !shop.rest()) this.#restLater(shop);
    });
  }

  #befall(shop: BenchShop, kind: world.ShopFault): void {
    const now = this.#queue.now;
    if (kind === "config") delete shop.disk.settings.webhook_endpoint;
    if (kind === "disabled") delete shop.disk.settings.webhook_subscription;
    // What strikes again is a fault of its own: the earlier one is over for good.
    shop.notes.ended = shop.notes.ended.filter((fault) => fault.kind !== kind);
    const latent = shop.faults.has(kind);
    shop.faults.add(kind);
    if (kind !== "dead" && world.badness(world.effectsOf(shop)) === 0) {
      if (!latent) shop.faults.delete(kind);
      return;
    }
    this.#recorder.begin(shop, kind, now);
    if (kind === "dead") shop.die();
    shop.by = "itself";
    shop.renew();
    shop.by = "vigie";
    if (kind !== "transient") return;
    this.#queue.after(exponential(5 * 60_000, this.#random), () => {
      shop.faults.delete(kind);
      shop.by = "itself";
      shop.renew();
      shop.by = "vigie";
    });
  }
}
