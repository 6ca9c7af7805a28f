/** A simulated shop with what the benchmark notes about it. */
import type { SimulatedShop } from "../../sim/simulated-shop.ts";
import type { AttemptSeen, FaultSeen } from "./observe.ts";

export type BenchShop = SimulatedShop & {
  notes: { open: FaultSeen[]; ended: FaultSeen[]; attempts: AttemptSeen[] };
  by: "vigie" | "person" | "itself";
};

export function withNotes(shop: SimulatedShop): BenchShop {
  return Object.assign(shop, { notes: { open: [], ended: [], attempts: [] }, by: "vigie" as const });
}
