/**
 * The people of the simulated company: nobody approves anything, but whoever is paged comes after a while and mends the shop by hand, and
 * an autonomy budget that is spent is restored. What they do is never counted as Vigie's.
 */

import type { ControlPlane } from "../../sim/control-plane.ts";
import type { Random } from "../../sim/random.ts";
import type { VirtualRealm } from "../../sim/virtual-realm.ts";
import type { Person } from "../../src/contract/ops.ts";
import type { PluginState } from "../../src/core/plugin/state.ts";
import type { BenchShop } from "./bench-shop.ts";
import { ownBadness, type Product, releaseOf, SAFE_VERSION } from "./world.ts";

const MINUTE_MS = 60_000;
/** From the page to the shop in order, minutes: uniform. */
export const PERSON_MINUTES = [30, 120] as const;
export const RESTORE_MINUTES = 30;
/** From the first shop on a regression to its stop, and from the halt of a good release to its resumption. */
export const STOP_HOURS = 4;
export const RESUME_MINUTES = 60;
const LOOK_MS = 10 * MINUTE_MS;

export const ON_CALL: Person = {
  id: "on-call",
  name: "On call",
  roles: ["viewer", "operator", "approver", "admin"],
};

export class People {
  degradedMinutes = 0;
  restores = 0;
  /** Good releases let go on after a halt. */
  resumed = 0;
  readonly #realm: VirtualRealm;
  readonly #plane: ControlPlane;
  readonly #random: Random;
  readonly #coming = new Set<number>();

  readonly #haltedSince = new Map<string, number>();

  constructor(realm: VirtualRealm, plane: ControlPlane, random: Random, products: readonly Product[]) {
    this.#realm = realm;
    this.#plane = plane;
    this.#random = random;
    realm.queue.after(LOOK_MS, () => realm.track(this.#watchBudget(0)));
    for (const product of products)
      realm.queue.after(LOOK_MS, () => realm.track(this.#watchReleases(product)));
  }

  /** After each step: is somebody called? */
  look(shop: BenchShop, state: PluginState): void {
    const { index } = shop.options;
    const called =
      state.incidents.some(({ row }) => row.status === "escalated") ||
      state.attempt?.row.status === "awaiting_approval";
    if (!called || this.#coming.has(index)) return;
    this.#coming.add(index);
    const [from, to] = PERSON_MINUTES;
    this.#realm.queue.after((from + (to - from) * this.#random()) * MINUTE_MS, () => {
      this.#coming.delete(index);
      this.#mend(shop);
    });
  }

  /** Whatever it is, it is mended; open incidents are closed. Not while a change is in the shop's hands: that ends by itself. */
  #mend(shop: BenchShop): void {
    const { state } = shop.object;
    const phase = state.attempt?.phase.name;
    const stillCalled = state.incidents.length > 0;
    if (phase === "verifying" || phase === "rolling_back" || (phase === "applying" && stillCalled)) {
      this.#realm.queue.after(20 * MINUTE_MS, () => this.look(shop, shop.object.state));
      return;
    }
    shop.by = "person";
    shop.faults.clear();
    const wasDead = shop.dead;
    shop.dead = false;
    if (ownBadness(shop) > 0) shop.install(SAFE_VERSION);
    else shop.renew();
    if (wasDead) shop.wake();
    shop.by = "vigie";
    for (const { row } of [...state.incidents]) {
      const action = { action: "resolve", reason: "Mended by hand." } as const;
      shop.object.apply({ type: "act", incidentId: row.id, action, person: ON_CALL, release: null });
    }
  }

  /** What the updater put into shops, and fails there, is offered to no other shop. */
  stopLater(product: Product, version: string): void {
    this.#realm.queue.after(STOP_HOURS * 60 * MINUTE_MS, () => {
      const reason = "Shops that the updater gave it fail.";
      this.#realm.touch();
      // Its answer is not waited for: it comes once what was admitted before has left, and no instant of this clock lasts so long.
      void this.#plane.releases(product).setStatus(version, "halted", reason, ON_CALL);
    });
  }

  /** A good release, or remedy, is halted when it was tried on a fault that it does not mend: people see that, and let it go on. */
  async #watchReleases(product: Product): Promise<void> {
    const releases = this.#plane.releases(product);
    const { now } = this.#realm.queue;
    const remedies = (await releases.remedies()).map(({ id, status }) => ({
      version: id,
      status,
      good: true,
    }));
    const versions = (await releases.list()).map(({ version, status }) => ({
      version,
      status,
      good: releaseOf(version)?.nature === "good",
    }));
    for (const { version, status, good } of [...remedies, ...versions]) {
      const key = `${product}@${version}`;
      const wronged = status === "halted" && good;
      if (!wronged) {
        this.#haltedSince.delete(key);
        continue;
      }
      const since = this.#haltedSince.get(key) ?? now;
      this.#haltedSince.set(key, since);
      if (now - since < RESUME_MINUTES * MINUTE_MS) continue;
      await releases.setStatus(version, "active", "It failed where another fault was.", ON_CALL);
      this.resumed += 1;
    }
    this.#realm.queue.after(LOOK_MS, () => this.#realm.track(this.#watchReleases(product)));
  }

  async #watchBudget(degradedMs: number): Promise<void> {
    const guard = await this.#plane.fleet.guard();
    let since = 0;
    if (guard.autonomy === "degraded") {
      this.degradedMinutes += LOOK_MS / MINUTE_MS;
      since = degradedMs + LOOK_MS;
      if (since >= RESTORE_MINUTES * MINUTE_MS) {
        await this.#plane.fleet.restoreAutonomy?.("Looked at: the releases to blame are stopped.", ON_CALL);
        this.restores += 1;
        since = 0;
      }
    }
    this.#realm.queue.after(LOOK_MS, () => this.#realm.track(this.#watchBudget(since)));
  }
}
