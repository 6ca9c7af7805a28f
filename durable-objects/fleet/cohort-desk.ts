/**
 * Shops' reports become cohorts, cohorts become incidents, and a release that is to blame is halted. Storage and outbox only: the
 * arithmetic is `src/core/cohort.ts`. Called inside one transaction per report.
 */
import { FLEET_INCIDENT_PLUGINS } from "../../src/contract/fleet-incident.ts";
import type { EvidenceReport } from "../../src/contract/rpc.ts";
import {
  blamesRelease,
  COHORT_TEST,
  type Cohort,
  dropShop,
  endsFiring,
  fires,
  hasDrained,
  isExplained,
  mayFire,
  NEW_COHORT,
  NEW_SHOP,
  poolReport,
  SHOP_MEMORY_MS,
} from "../../src/core/cohort.ts";
import { percent } from "../../src/core/finding.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import { type CohortName, type CohortStore, cohortKey, type NamedCohort } from "./cohort-store.ts";
import type { FleetIncidents } from "./fleet-incidents.ts";

/** An order to the releases' object, in this object's outbox. */
export interface HaltOrder {
  product: string;
  version: string;
  reason: string;
  incident: string;
}

const EXPIRE_BATCH = 500;
const EXPIRE_EVERY_MS = 3_600_000;

export class CohortDesk {
  readonly #store: CohortStore;
  readonly #incidents: FleetIncidents;
  readonly #outbox: OutboxStore;

  constructor(store: CohortStore, incidents: FleetIncidents, outbox: OutboxStore) {
    this.#store = store;
    this.#incidents = incidents;
    this.#outbox = outbox;
  }

  /** One shop's report; a repeated or overtaken one changes nothing. `product` is the roster's, not the report's. */
  report(product: string, report: EvidenceReport, now: number): void {
    if (!this.#store.takeReport(report.plugin_id, report.number)) return;
    const names: CohortName[] = [{ kind: "version", product, name: report.version }];
    if (report.platform_version !== null)
      names.push({ kind: "platform", product, name: report.platform_version });
    const here = new Set(names.map(cohortKey));
    for (const place of this.#store.placesOf(report.plugin_id))
      if (!here.has(place.key)) this.#drop(place.key, report.plugin_id, place.held, now);
    // The version first: of two explanations for the same shops it is the one that can be halted.
    for (const name of names) this.#pool(name, report, now);
  }

  /** Evidence too old to say anything about now. */
  expire(now: number): void {
    for (const { key, plugin_id, held } of this.#store.stale(now - SHOP_MEMORY_MS, EXPIRE_BATCH))
      this.#drop(key, plugin_id, held, now);
  }

  /** When to look for expired evidence, ms since epoch: every hour while anything is held, so that no report need ask for the oldest. */
  nextExpiry(now: number): number | null {
    return this.#store.isEmpty() ? null : now + EXPIRE_EVERY_MS;
  }

  #pool(name: CohortName, report: EvidenceReport, now: number): void {
    const key = cohortKey(name);
    const known = this.#store.cohort(key)?.cohort ?? NEW_COHORT;
    const shop = this.#store.shop(key, report.plugin_id) ?? NEW_SHOP;
    const pooled = poolReport(known, shop, report, now);
    this.#store.saveShop(key, report.plugin_id, pooled.shop);
    this.#settle({ ...name, key, cohort: pooled.cohort }, now);
  }

  #drop(key: string, pluginId: string, held: number, now: number): void {
    this.#store.removeShop(key, pluginId);
    const named = this.#store.cohort(key);
    if (named !== null) this.#settle({ ...named, cohort: dropShop(named.cohort, { held }) }, now);
  }

  #settle(named: NamedCohort, now: number): void {
    const { key, cohort } = named;
    if (hasDrained(cohort)) {
      this.#keep({ ...named, cohort: endsFiring(cohort) });
      const left = cohort.shops === 0 ? "no shop holds" : `${cohort.shops} shop(s) hold`;
      return this.#incidents.end(key, `${left} evidence of failure any more`, now);
    }
    if (mayFire(cohort) && !isExplained(cohort, this.#store.explained(key))) {
      this.#store.save({ ...named, cohort: fires(cohort) });
      return this.#open(named, now);
    }
    this.#keep(named);
    if (cohort.firing) this.#incidents.grow(key, () => this.#affected(named), cohort.shops, now);
  }

  /** A cohort without a shop that holds anything is not kept: the table holds only what fails, whatever shops call their platforms. */
  #keep(named: NamedCohort): void {
    if (named.cohort.shops === 0 && !named.cohort.firing) this.#store.remove(named.key);
    else this.#store.save(named);
  }

  #open(named: NamedCohort, now: number): void {
    const { key, kind, product, name, cohort } = named;
    const alike = !blamesRelease(this.#store.siblings(named).map((sibling) => sibling.cohort));
    const halts = kind === "version" && !alike;
    const incident = this.#incidents.begin(
      {
        kind: "cohort",
        key,
        product,
        version: kind === "version" ? name : null,
        platform_version: kind === "platform" ? name : null,
        signal: {
          type: kind === "version" ? "cohort_version" : "cohort_platform_version",
          method: "pooled-bernoulli-cusum",
          value: cohort.sum,
          bound: COHORT_TEST.enter,
          sample: cohort.trials,
          window_s: Math.max(0, Math.round((now - (cohort.onsetAt ?? now)) / 1000)),
          onset_at: cohort.onsetAt === null ? null : new Date(cohort.onsetAt).toISOString(),
          explanation: explanationOf(named, cohort, alike),
        },
      },
      this.#affected(named),
      now,
    );
    console.warn(JSON.stringify({ event: "cohort", key, shops: cohort.shops, halts }));
    if (!halts) return;
    const order: HaltOrder = {
      product,
      version: name,
      reason: `${incident.signal.explanation} (${incident.id})`.slice(0, 500),
      incident: incident.id,
    };
    this.#outbox.append([{ kind: "release", lane: product, body: JSON.stringify(order) }], now);
  }

  #affected({ key, cohort }: NamedCohort) {
    return { ids: this.#store.shopsOf(key, FLEET_INCIDENT_PLUGINS), count: cohort.shops };
  }
}

function explanationOf({ kind, product, name }: CohortName, cohort: Cohort, alike: boolean): string {
  const where = kind === "version" ? `${product} ${name}` : `${product} on platform version ${name}`;
  const share = cohort.trials > 0 ? cohort.failures / cohort.trials : 0;
  const figures = `${cohort.failures} of ${cohort.trials} reported webhooks failed (${percent(share)}) in ${cohort.shops} shops of ${where}`;
  return alike ? `${figures}; other versions fail alike, so the release is not blamed` : figures;
}
