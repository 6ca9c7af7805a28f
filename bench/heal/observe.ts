/** What is written down of the simulated week, by those who know the truth: faults, attempts, what each did to its shop. Plain JSON. */
import type { Attempt } from "../../src/contract/attempt.ts";
import type { ShopFault } from "./world.ts";

export type FaultKind = ShopFault | "regression";

export interface FaultSeen {
  kind: FaultKind;
  shop: number;
  product: string;
  /** At that time of the shop's day, while all was well. */
  webhooksPerHour: number;
  at: number;
  /** When its incident was recorded. */
  detectedAt: number | null;
  /** When the shop was well again, and whose doing that was. */
  endedAt: number | null;
  endedBy: "vigie" | "person" | "itself" | null;
  /** The attempt that mended it. */
  attempt: string | null;
}

export interface AttemptSeen {
  id: string;
  shop: number;
  product: string;
  action: Attempt["action"];
  from: string;
  /** Version, remedy or "". */
  subject: string;
  source: string;
  confidence: number;
  incidentType: string;
  detectedAt: number;
  createdAt: number;
  /** When it entered each status, as recorded. */
  entered: Partial<Record<Attempt["status"], number>>;
  handedOverAt: number | null;
  status: Attempt["status"];
  reason: string | null;
  rule: string | null;
  reverts: boolean;
  /** Without a fault when the change reached the shop. */
  wasHealthy: boolean;
  badnessBefore: number | null;
  /** The change itself made the shop worse than it was. */
  madeWorse: boolean;
  /** When that was over, and by whom. */
  restoredAt: number | null;
  restoredBy: "vigie" | "person" | null;
  /** Ended as a success, and the shop was not well. */
  falseSuccess: boolean;
  /** The same came back while it was watched. */
  relapsed: boolean;
}

export interface WeekSeen {
  plugins: number;
  days: number;
  beats: number;
  steps: number;
  faults: FaultSeen[];
  attempts: AttemptSeen[];
  /** Distinct shops that an attempt put on each release that is not good, by product and version; and how many steps it stood on its stage. */
  reach: { product: string; version: string; nature: string; shops: number; stage: number; status: string }[];
  incidents: number;
  /** Incidents in shops without a fault. */
  falseIncidents: number;
  pages: number;
  degradedMinutes: number;
  restores: number;
  /** Good releases that people let go on after a halt. */
  resumed: number;
  broken: string[];
  failures: string[];
  cpuSeconds: number;
}
