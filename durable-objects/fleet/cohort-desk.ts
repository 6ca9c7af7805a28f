/**
 * Shops' reports become cohorts, cohorts become incidents, and a release that is to blame is halted. Storage and outbox only: the
 * arithmetic is `src/core/fleet/cohort.ts`. Called inside one transaction per report.
 */
import { FLEET_INCIDENT_PLUGINS } from "../../src/contract/fleet-incident.ts";
import type { EvidenceReport } from "../../src/contract/rpc/fleet.ts";
import { percent } from "../../src/core/detect/finding.ts";
import {
  blamesRelease,
  type Cohort,
  drain,
  dropShop,
  endsFiring,
  enterAt,
  fires,
  hasDrained,
  isExplained,
  leave,
  type Member,
  mayFire,
  NEW_COHORT,
  NEW_SHOP,
  poolReport,
  SHOP_MEMORY_MS,
} from "../../src/core/fleet/cohort.ts";
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
    const before = this.#store.takeReport(report, now);
    if (before === null) return;
    const here = namesOf(product, report.version, report.platform_version);
    const keys = new Set(here.map(cohortKey));
    const left = namesOf(product, before.version, before.platform).map(cohortKey);
    for (const key of left) if (!keys.has(key)) this.#leave(key, report.plugin_id, before, now);
    for (const place of this.#store.placesOf(report.plugin_id))
      if (!keys.has(place.key)) this.#drop(place.key, report.plugin_id, place.held, now);
    // The version first: of two explanations for the same shops it is the one that can be halted.
    for (const name of here) this.#pool(name, report, left.includes(cohortKey(name)) ? before : null, now);
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

  #pool(name: CohortName, report: EvidenceReport, member: Member | null, now: number): void {
    const key = cohortKey(name);
    const known = this.#store.cohort(key)?.cohort ?? NEW_COHORT;
    const shop = this.#store.shop(key, report.plugin_id) ?? NEW_SHOP;
    const pooled = poolReport(known, shop, { ...report, perHour: report.per_hour }, member, now);
    this.#store.saveShop(key, report.plugin_id, pooled.shop);
    this.#settle({ ...name, key, cohort: pooled.cohort }, now);
  }

  #leave(key: string, pluginId: string, member: Member, now: number): void {
    const named = this.#store.cohort(key);
    if (named === null) return;
    const { held } = this.#store.shop(key, pluginId) ?? NEW_SHOP;
    this.#settle({ ...named, cohort: leave(named.cohort, { ...member, held }, now) }, now);
  }

  #drop(key: string, pluginId: string, held: number, now: number): void {
    this.#store.removeShop(key, pluginId);
    const named = this.#store.cohort(key);
    if (named === null) return;
    const member = this.#store.membership(pluginId);
    const runs = namesOf(named.product, member?.version ?? null, member?.platform ?? null).map(cohortKey);
    const perHour = runs.includes(key) ? (member?.perHour ?? 0) : 0;
    this.#settle({ ...named, cohort: dropShop(drain(named.cohort, now), { held }, perHour) }, now);
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

  /** A cohort that nobody runs any more is not kept: there are never more than two for each plugin, whatever shops call their platforms. */
  #keep(named: NamedCohort): void {
    const { members, shops, firing } = named.cohort;
    if ((members ?? 0) === 0 && shops === 0 && !firing) this.#store.remove(named.key);
    else this.#store.save(named);
  }

  #open(named: NamedCohort, now: number): void {
    const { key, kind, product, name, cohort } = named;
    const alike = !blamesRelease(this.#store.siblings(named).map((sibling) => drain(sibling.cohort, now)));
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
          bound: Number(enterAt(cohort).toFixed(2)),
          sample: trialsOf(cohort),
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
  const trials = trialsOf(cohort);
  const share = trials > 0 ? cohort.failures / trials : 0;
  const figures = `${cohort.failures} of about ${trials} webhooks failed (${percent(share)}) in ${cohort.shops} shops of ${where}`;
  return alike ? `${figures}; other versions fail alike, so the release is not blamed` : figures;
}

/** Deliveries since the onset. Those that succeeded are mostly known by the rate they come at. */
function trialsOf({ trials, failures }: Cohort): number {
  return Math.max(Math.round(trials), failures);
}

function namesOf(product: string, version: string | null, platform: string | null): CohortName[] {
  const names: CohortName[] = [];
  if (version !== null) names.push({ kind: "version", product, name: version });
  if (platform !== null) names.push({ kind: "platform", product, name: platform });
  return names;
}
