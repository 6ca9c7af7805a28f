/** The catalogue of releases and remedies as the ledger keeps it. */
import { asc, count, desc, eq, sql } from "drizzle-orm";
import { ReleaseRecord } from "../contract/ops.ts";
import { Remedy } from "../contract/remedy.ts";
import type { PlanShop } from "../contract/rollout-plan.ts";
import { environmentClass } from "../core/rollout/environment-class.ts";
import type { Db } from "./connection.ts";
import { plugins, releases, remedies } from "./schema.ts";

/** More than a page can show; the newest matter. */
const MAX_LISTED = 500;

/** Releases of one product, or of all, newest publication first. */
export async function listReleases(db: Db, product?: string): Promise<{ items: ReleaseRecord[] }> {
  const rows = await db
    .select()
    .from(releases)
    .where(product === undefined ? undefined : eq(releases.product, product))
    .orderBy(desc(releases.published_at), asc(releases.product), asc(releases.version))
    .limit(MAX_LISTED);
  return { items: rows.map((row) => ReleaseRecord.parse(row)) };
}

/** Remedies of one product, or of all, newest first. */
export async function listRemedies(db: Db, product?: string): Promise<{ items: Remedy[] }> {
  const rows = await db
    .select()
    .from(remedies)
    .where(product === undefined ? undefined : eq(remedies.product, product))
    .orderBy(desc(remedies.published_at), asc(remedies.id))
    .limit(MAX_LISTED);
  return {
    items: rows.map(({ min_version, max_version, ...row }) =>
      Remedy.parse({
        ...row,
        ...(min_version === null ? {} : { min_version }),
        ...(max_version === null ? {} : { max_version }),
      }),
    ),
  };
}

/** The shops of a product in the order of their ids, at most `limit`. */
export async function shopsOfProduct(db: Db, product: string, limit: number): Promise<PlanShop[]> {
  return db
    .select({
      id: plugins.id,
      merchant_id: plugins.merchant_id,
      version: plugins.version,
      env: plugins.env,
    })
    .from(plugins)
    .where(eq(plugins.product, product))
    .orderBy(asc(plugins.id))
    .limit(limit);
}

/** All that `environmentClass` looks at. The rest of what a plugin says of itself differs from shop to shop: one row each. */
const CLASS_FIELDS = ["platform", "platform_version", "runtime", "runtime_version"] as const;

/** How many shops of a product are in a class of environments. */
export async function shopsInEnvironment(db: Db, product: string, environment: string): Promise<number> {
  const env = sql`(SELECT coalesce(jsonb_object_agg(key, value), '{}')
    FROM jsonb_each_text(${plugins.env}) WHERE key IN ${CLASS_FIELDS})`
    .mapWith(plugins.env)
    .as("env");
  const shops = db.select({ env }).from(plugins).where(eq(plugins.product, product)).as("shops");
  const rows = await db.select({ env: shops.env, shops: count() }).from(shops).groupBy(shops.env);
  return rows
    .filter(({ env }) => environmentClass(env) === environment)
    .reduce((sum, { shops }) => sum + shops, 0);
}
