/** What is simulated: the company in a fleet for each product, and a smaller one again and again with one protection taken away. */
import type { Sample } from "../sample.ts";
import type { FleetSettings } from "./fleet.ts";
import { VARIANTS } from "./variants.ts";
import { PRODUCTS } from "./world.ts";

export interface Part extends FleetSettings {
  /** `week`: what the figures are quoted from. `comparison`: the same fleet under each variant. */
  of: "week" | "comparison";
}

export function partsOf({ quick, seed }: Sample): Part[] {
  // One product each: SIRA learns by product, and a smaller fleet stays in a core's cache.
  const products = quick ? PRODUCTS.slice(0, 2) : PRODUCTS;
  // In quick, as many faults as a product of a thousand shops has: SIRA learns from attempts, not from shops.
  const week = {
    of: "week",
    variant: "vigie",
    shops: quick ? 230 : 1250,
    faultFactor: quick ? 4 : 1,
    // The whole week, also in quick: on its last days SIRA has met every fault often enough to know it.
    days: 7,
  } as const;
  const comparison = {
    of: "comparison",
    products: PRODUCTS.slice(0, 1),
    shops: quick ? 30 : 500,
    faultFactor: 3,
    days: quick ? 2 : 2.5,
    seed: 1000 * seed + 9,
  } as const;
  return [
    ...products.map((product, i): Part => ({ ...week, products: [product], seed: 1000 * seed + 1 + i })),
    ...VARIANTS.map((variant) => ({ ...comparison, variant })),
  ];
}
