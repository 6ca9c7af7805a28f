/** What is simulated: the company in two fleets, and a smaller one again and again with one protection taken away. */
import type { FleetSettings } from "./fleet.ts";
import { VARIANTS } from "./variants.ts";
import { PRODUCTS } from "./world.ts";

export interface Options {
  /** A sample of everything, within a minute. */
  quick: boolean;
  seed: number;
}

export interface Part extends FleetSettings {
  /** `week`: what the figures are quoted from. `comparison`: the same fleet under each variant. */
  of: "week" | "comparison";
}

/** Small fleets have one product each, and more faults: SIRA learns by product. */
const [FIRST, SECOND] = [PRODUCTS.slice(0, 2), PRODUCTS.slice(2)];

export function partsOf({ quick, seed }: Options): Part[] {
  const week = {
    of: "week",
    variant: "vigie",
    shops: quick ? 160 : 2500,
    faultFactor: quick ? 2.5 : 1,
    days: quick ? 6 : 7,
  } as const;
  const comparison = {
    of: "comparison",
    products: quick ? FIRST.slice(0, 1) : FIRST,
    shops: quick ? 100 : 400,
    faultFactor: 3,
    days: quick ? 2 : 3,
    seed: 1000 * seed + 3,
  } as const;
  return [
    { ...week, products: quick ? FIRST.slice(0, 1) : FIRST, seed: 1000 * seed + 1 },
    { ...week, products: quick ? FIRST.slice(1) : SECOND, seed: 1000 * seed + 2 },
    ...VARIANTS.map((variant) => ({ ...comparison, variant })),
  ];
}
