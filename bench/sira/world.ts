/**
 * A simulated product whose truth is known: which fix heals which fault in which environment, and how surely. Everything follows
 * from the seed, so that every way of deciding meets the same incidents and the same luck.
 */
import type { Candidate, DecideRequest } from "../../src/contract/decision.ts";
import type { IncidentType } from "../../src/contract/incident.ts";
import { betaOf, betaQuantile } from "../../src/core/sira/beta.ts";
import { stablePercent } from "../../src/core/stable-hash.ts";

export interface Family {
  name: string;
  /** What is assumed, for the table's note. */
  says: string;
  incidents: number;
  faults: number;
  environments: number;
  /** Share of fixes that heal at all, by action. */
  heals: { patch: number; rollback: number; config: number };
  /** Share of the fixes that heal only in some environments (half of them), or only some faults (six in ten). */
  onlySomePlaces: number;
  onlySomeFaults: number;
  /** Chance to heal where a fix heals, and where it does not: mean, and as sure as after so many attempts. */
  well: { mean: number; weight: number };
  badly: { mean: number; weight: number };
  /** Part of the run after which three in ten of the fixes heal no more. */
  changesAt?: number;
}

const PLAIN: Family = {
  name: "plain",
  says: "65 % of releases heal, wherever they are tried",
  incidents: 600,
  faults: 12,
  environments: 6,
  heals: { patch: 0.65, rollback: 0.4, config: 0.6 },
  onlySomePlaces: 0,
  onlySomeFaults: 0,
  well: { mean: 0.96, weight: 60 },
  badly: { mean: 0.06, weight: 30 },
};

export const FAMILIES: readonly Family[] = [
  PLAIN,
  {
    ...PLAIN,
    name: "environments",
    says: "and 40 % of those only in half of the environments",
    onlySomePlaces: 0.4,
  },
  {
    ...PLAIN,
    name: "faults",
    says: "and half of those only some of the faults",
    onlySomeFaults: 0.5,
    faults: 40,
  },
  {
    ...PLAIN,
    name: "thin",
    says: "hardly any fault comes twice, in twelve environments",
    faults: 400,
    environments: 12,
    onlySomePlaces: 0.2,
    onlySomeFaults: 0.2,
  },
  {
    ...PLAIN,
    name: "middling",
    says: "fixes heal with any chance, many half of the time",
    well: { mean: 0.75, weight: 4 },
    badly: { mean: 0.35, weight: 4 },
  },
  {
    ...PLAIN,
    name: "rules wrong",
    says: "releases seldom heal (20 %), going back mostly does (85 %)",
    heals: { patch: 0.2, rollback: 0.85, config: 0.3 },
  },
  {
    ...PLAIN,
    name: "changing",
    says: "plain, and half-way three in ten of the fixes heal no more",
    changesAt: 0.5,
  },
];

export interface SimulatedIncident {
  number: number;
  request: DecideRequest;
  /** True chance of each candidate to heal. */
  chance(candidate: Candidate): number;
  /** What comes of it: the same luck for whoever tries it. */
  outcome(candidate: Candidate): "success" | "rolled_back" | "failed";
}

const TYPES: readonly IncidentType[] = ["webhook_fail_rate", "error_spike", "new_error"];
const START = Date.UTC(2026, 2, 2);
const MINUTE_MS = 60_000;
export const PRODUCT = "demo-pay";
const FROM = ["1.2.0", "1.2.1", "1.2.2"];
const OFFERED = ["1.1.0", "1.1.5", "1.2.3", "1.2.4", "1.2.5", "1.3.0", "1.3.1", "2.0.0"];
const REMEDIES = ["rmd_timeouts", "rmd_retries-1"];

export function* incidentsOf(family: Family, seed: number): Generator<SimulatedIncident> {
  const u = (...parts: (string | number)[]) => stablePercent([seed, family.name, ...parts].join("|")) / 100;
  /** By fix, and by whether it heals. */
  const chances = new Map<string, number>();
  for (let number = 1; number <= family.incidents; number++) {
    const fault = pick(family.faults, u("fault", number));
    const type = TYPES[fault % TYPES.length] ?? "error_spike";
    const from = FROM[fault % FROM.length] ?? "1.2.0";
    const place = pick(family.environments, u("place", number));
    const late = family.changesAt !== undefined && number > family.incidents * family.changesAt;
    const fingerprint = `f${fault}`;
    const candidates = offered(u, fault);
    const chance = (candidate: Candidate) => {
      const fix = `${type}|${nameOf(candidate)}`;
      const share = family.heals[candidate.action as keyof Family["heals"]];
      const works =
        u("heals", fix) < share &&
        !(u("some places", fix) < family.onlySomePlaces && u("place", fix, place) < 0.5) &&
        !(u("some faults", fix) < family.onlySomeFaults && u("fault", fix, fault) < 0.4) &&
        !(late && u("changes", fix) < 0.3);
      const key = `${fix}|${works ? "well" : "badly"}`;
      const known = chances.get(key);
      if (known !== undefined) return known;
      const { mean, weight } = works ? family.well : family.badly;
      const drawn = betaQuantile(betaOf(mean, weight), u("chance", key));
      chances.set(key, drawn);
      return drawn;
    };
    yield {
      number,
      request: {
        incident: {
          id: `inc_${shopKey(number)}_1`,
          type,
          severity: "medium",
          signature: `${type}:${PRODUCT}@${from}:${fingerprint}`,
          value: 0.6,
          bound: 0.2,
          detected_at: new Date(START + number * 10 * MINUTE_MS).toISOString(),
        },
        plugin: {
          id: `plg_${shopKey(number)}`,
          product: PRODUCT,
          version: from,
          env: { platform: "shop", platform_version: `9.${place}`, runtime: "php", runtime_version: "8.2" },
        },
        candidates,
        excluded: [],
      },
      chance,
      outcome(candidate) {
        if (u("luck", number, nameOf(candidate)) < chance(candidate)) return "success";
        return u("ending", number, nameOf(candidate)) < 0.7 ? "rolled_back" : "failed";
      },
    };
  }
}

export function nameOf(candidate: Candidate): string {
  return `${candidate.action} ${candidate.version ?? candidate.remedy ?? ""}`;
}

function offered(u: (...parts: (string | number)[]) => number, fault: number): Candidate[] {
  const versions = OFFERED.map((version): Candidate => {
    const higher = version > "1.2.2";
    return { action: higher ? "patch" : "rollback", version, reversible: version !== "2.0.0" };
  });
  const remedies = REMEDIES.filter((remedy) => u("remedy", fault, remedy) < 0.3).map(
    (remedy): Candidate => ({ action: "config", remedy, config: { timeout_s: 20 }, reversible: true }),
  );
  return [...versions.filter(({ version }) => u("offered", fault, version ?? "") < 0.7), ...remedies];
}

/** Zipf's law nearly: the first are common, the last are rare. */
function pick(n: number, u: number): number {
  return Math.min(n, Math.floor((n + 1) ** u)) - 1;
}

function shopKey(number: number): string {
  return String(number).padStart(27, "A");
}
