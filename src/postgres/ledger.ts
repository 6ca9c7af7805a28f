/**
 * The only writer of the tables. Every statement is idempotent by id and revision, so an outbox may send the same records
 * any number of times; sent in order, they leave the newest revision of each row.
 */
import { and, eq, getTableColumns, lt, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { LedgerRecord, PluginCredential } from "../contract/ledger.ts";
import type { MerchantNotificationsRow } from "../contract/notification.ts";
import type { Policy } from "../contract/policy.ts";
import type { Db } from "./connection.ts";
import * as schema from "./schema.ts";
import { storable } from "./storable.ts";

export { classifyPgError, type PgFailure } from "./pg-error.ts";

/**
 * Writes the records in order, in one transaction: all or none. Rejects with the driver's error; `classifyPgError` says
 * whether to try again. After an outage the commit is unknown: send the same records again.
 */
export async function writeLedger(db: Db, records: readonly LedgerRecord[]): Promise<void> {
  const [first, ...rest] = records.flatMap((record) => statementsOf(db, storable(record)));
  if (first) await db.batch([first, ...rest]);
}

function statementsOf(db: Db, record: LedgerRecord): BatchItem<"pg">[] {
  switch (record.kind) {
    case "merchant":
      return [db.insert(schema.merchants).values(record.row).onConflictDoNothing()];
    case "plugin": {
      const row = { ...record.row, ...credentialColumns(record.credential) };
      return [db.insert(schema.plugins).values(row).onConflictDoUpdate(replaceOlder(schema.plugins, row))];
    }
    case "incident": {
      const { row } = record;
      return [
        db.insert(schema.incidents).values(row).onConflictDoUpdate(replaceOlder(schema.incidents, row)),
      ];
    }
    case "attempt": {
      const { row } = record;
      return [db.insert(schema.attempts).values(row).onConflictDoUpdate(replaceOlder(schema.attempts, row))];
    }
    case "shadow": {
      const { row } = record;
      return [
        db
          .insert(schema.shadowDecisions)
          .values(row)
          .onConflictDoUpdate(replaceOlder(schema.shadowDecisions, row)),
      ];
    }
    case "command": {
      const { row } = record;
      return [db.insert(schema.commands).values(row).onConflictDoUpdate(replaceOlder(schema.commands, row))];
    }
    case "event":
      return [db.insert(schema.incidentEvents).values(record.row).onConflictDoNothing()];
    case "approval":
      return [db.insert(schema.approvals).values(record.row).onConflictDoNothing()];
    case "vote": {
      const { row } = record;
      return [
        db
          .insert(schema.votes)
          .values(row)
          .onConflictDoUpdate({
            target: [schema.votes.incident_id, schema.votes.person],
            set: excluded(schema.votes, ["revision", "vote", "reason", "at"]),
            setWhere: sql`excluded.revision > ${schema.votes.revision}`,
          }),
      ];
    }
    case "feedback":
      return [db.insert(schema.feedback).values(record.row).onConflictDoNothing()];
    case "notification": {
      const row = { revision: 1, ...record.row };
      return [
        db
          .insert(schema.notifications)
          .values(row)
          .onConflictDoUpdate(replaceOlder(schema.notifications, row)),
      ];
    }
    case "merchant_notifications":
      return [setMerchantNotifications(db, record.row)];
    case "policy":
      return policyStatements(db, record.row);
    case "release": {
      // Its content is final by trigger; what an older revision says of its standing is not taken.
      const standing = excluded(schema.releases, ["revision", "sha256", "status", "notes", "standing"]);
      return [
        db
          .insert(schema.releases)
          .values(record.row)
          .onConflictDoUpdate({
            target: [schema.releases.product, schema.releases.version],
            set: standing,
            setWhere: sql`excluded.revision > ${schema.releases.revision}`,
          }),
      ];
    }
    case "remedy": {
      const { row } = record;
      return [db.insert(schema.remedies).values(row).onConflictDoUpdate(replaceOlder(schema.remedies, row))];
    }
    case "fleet_incident": {
      const { row } = record;
      return [
        db
          .insert(schema.fleetIncidents)
          .values(row)
          .onConflictDoUpdate(replaceOlder(schema.fleetIncidents, row)),
      ];
    }
    case "audit":
      // By id alone: any other conflict would be a fork of the chain, which must be loud.
      return [
        db.insert(schema.auditLog).values(record.row).onConflictDoNothing({ target: schema.auditLog.id }),
      ];
    default:
      return record satisfies never;
  }
}

/** Of a merchant that is known: it came with its first plugin. */
function setMerchantNotifications(db: Db, row: MerchantNotificationsRow): BatchItem<"pg"> {
  return db
    .update(schema.merchants)
    .set({
      notify_revision: row.revision,
      language: row.language,
      notify_url: row.url,
      notify_format: row.format,
      notify_secret: row.sealed,
      notify_disabled: row.disabled,
      notify_updated_at: row.updated_at,
    })
    .where(and(eq(schema.merchants.id, row.merchant_id), lt(schema.merchants.notify_revision, row.revision)));
}

function policyStatements(db: Db, row: Policy): BatchItem<"pg">[] {
  const { revision, document, updated_at, updated_by, reason } = row;
  const current = { id: 1, revision, document, updated_at, updated_by, reason };
  return [
    db.insert(schema.policy).values(current).onConflictDoUpdate(replaceOlder(schema.policy, current)),
    db
      .insert(schema.policyHistory)
      .values({ revision, document, reason, changed_by: updated_by, changed_at: updated_at })
      .onConflictDoNothing(),
  ];
}

/** No columns when the record carries no credential, so that a later row leaves the stored one alone. */
function credentialColumns(credential: PluginCredential | undefined) {
  if (!credential) return {};
  switch (credential.kind) {
    case "hmac":
      return { credential_kind: credential.kind, sealed_secret: credential.sealed, public_key: null };
    case "ed25519":
      return { credential_kind: credential.kind, sealed_secret: null, public_key: credential.public_key };
    default:
      return credential satisfies never;
  }
}

/** ON CONFLICT (id): the columns of the given row replace those of an older revision; otherwise nothing happens. */
function replaceOlder(table: PgTable & { id: PgColumn; revision: PgColumn }, row: object) {
  const names = Object.keys(getTableColumns(table)).filter((name) => name !== "id" && name in row);
  return {
    target: table.id,
    set: excluded(table, names),
    setWhere: sql`excluded.revision > ${table.revision}`,
  };
}

/** `SET name = excluded.name` for each column. */
function excluded<Name extends string>(table: PgTable, names: readonly Name[]): Record<Name, SQL> {
  const columns = getTableColumns(table);
  const set = names.map((name) => [name, sql`excluded.${sql.identifier(columns[name]?.name ?? name)}`]);
  return Object.fromEntries(set); // typed `any` by the library: the keys are exactly `names`
}
