/** What ops decide: the policy, and what may be handed out. */
import { sql } from "drizzle-orm";
import { boolean, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { type ReleaseRecord, ReleaseStatus } from "../../contract/ops.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import type { Standing } from "../../contract/release.ts";
import type { Remedy } from "../../contract/remedy.ts";
import { instant, json, oneOf, revision } from "../columns.ts";

export const policy = pgTable("ops_policy", {
  id: integer().primaryKey(),
  revision: revision(),
  document: json<PolicyDocument>().notNull(),
  autopatch_enabled: boolean().notNull().generatedAlwaysAs(sql`derived from the document`),
  autopatch_whitelist: jsonb().notNull().generatedAlwaysAs(sql`derived from the document`),
  autopatch_max_severity: text().notNull().generatedAlwaysAs(sql`derived from the document`),
  updated_at: instant().notNull(),
  updated_by: text().notNull(),
  reason: text().notNull(),
});

export const policyHistory = pgTable("ops_policy_history", {
  revision: integer().primaryKey(),
  document: json<PolicyDocument>().notNull(),
  changed_by: text().notNull(),
  reason: text().notNull(),
  changed_at: instant().notNull(),
});

export const releases = pgTable(
  "plugin_releases",
  {
    revision: integer().notNull(),
    product: text().notNull(),
    version: text().notNull(),
    sha256: text().notNull(),
    size: integer().notNull(),
    min_from: text().notNull(),
    reversible: boolean().notNull(),
    expires: instant().notNull(),
    status: oneOf(ReleaseStatus.options).notNull(),
    signed: json<ReleaseRecord["signed"]>().notNull(),
    notes: text().notNull(),
    published_by: text().notNull(),
    published_at: instant().notNull(),
    standing: json<Standing>(),
  },
  (t) => [primaryKey({ columns: [t.product, t.version] })],
);

export const remedies = pgTable("plugin_remedies", {
  id: text().primaryKey(),
  revision: revision(),
  product: text().notNull(),
  title: text().notNull(),
  for: json<Remedy["for"]>().notNull(),
  set: json<Remedy["set"]>().notNull(),
  min_version: text(),
  max_version: text(),
  status: oneOf(ReleaseStatus.options).notNull(),
  standing: json<Standing>(),
  published_by: text().notNull(),
  published_at: instant().notNull(),
});
