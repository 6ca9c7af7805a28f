/** Where the rollouts of listed releases or remedies stand, asked from their objects. */
import { policyOf, releasesOf } from "../../../durable-objects/stubs.ts";
import type { RolloutState } from "../../contract/rollout.ts";
import type { Env } from "../../env.ts";

/** Products asked for one list; a company has a handful. The others are listed without. */
const MAX_PRODUCTS = 20;

type Objects = Pick<Env, "POLICY" | "RELEASE">;

/** By product and version or remedy id; null for what its object did not tell. */
export async function liveRollouts(
  env: Objects,
  products: readonly string[],
): Promise<(product: string, key: string) => RolloutState | null> {
  const distinct = [...new Set(products)].slice(0, MAX_PRODUCTS);
  if (distinct.length === 0) return () => null;
  const { document } = await policyOf(env).read();
  const answers = await Promise.allSettled(
    distinct.map((product) => releasesOf(env, product).rollouts(document.canary)),
  );
  const byProduct = new Map(
    answers.flatMap((answer, i) =>
      answer.status === "fulfilled" ? [[distinct[i] ?? "", answer.value] as const] : [],
    ),
  );
  return (product, key) => byProduct.get(product)?.[key] ?? null;
}
