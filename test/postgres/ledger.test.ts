import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ledgerReceiver } from "../../durable-objects/outbox/receivers.ts";
import type { Attempt } from "../../src/contract/attempt.ts";
import type { FeedMessage } from "../../src/contract/feed.ts";
import { OPEN_INCIDENT_STATUSES } from "../../src/contract/incident.ts";
import type { LedgerRecord } from "../../src/contract/ledger.ts";
import type { Env } from "../../src/env.ts";
import { incidentDetail } from "../../src/postgres/incident-queries.ts";
import { classifyPgError, writeLedger } from "../../src/postgres/ledger.ts";
import {
  aCommand,
  aFeedback,
  aFleetIncident,
  aMerchant,
  aNotification,
  anApproval,
  anAttempt,
  anAuditRecord,
  anEvent,
  anIncident,
  aPluginRecord,
  aPolicy,
  aRelease,
  at,
  attemptId,
  incidentId,
  pluginId,
} from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const write = (...records: LedgerRecord[]) => writeLedger(database.db, records);
const first = async (sql: string, params: unknown[] = []) => (await database.asOwner(sql, params)).rows[0];
const failureOf = (work: Promise<unknown>) => work.then(() => null, classifyPgError);

const TABLES = [
  "merchants",
  "merchant_plugins",
  "plugin_incidents",
  "plugin_autopatch_attempts",
  "plugin_agent_commands",
  "ops_policy",
  "ops_policy_history",
  "sira_learning_feedback",
  "plugin_releases",
  "fleet_incidents",
  "approvals",
  "incident_events",
  "notifications",
  "audit_log",
];

describe("writeLedger", () => {
  it("Invariant 6: writes one record of every kind, and the same records again change nothing", async () => {
    const records: LedgerRecord[] = [
      { kind: "merchant", row: aMerchant() },
      { kind: "plugin", row: aPluginRecord(), credential: { kind: "hmac", sealed: "v1.sealed" } },
      { kind: "incident", row: anIncident() },
      { kind: "attempt", row: anAttempt() },
      { kind: "command", row: aCommand() },
      { kind: "event", row: anEvent() },
      { kind: "approval", row: anApproval() },
      { kind: "feedback", row: aFeedback() },
      { kind: "notification", row: aNotification() },
      { kind: "policy", row: aPolicy() },
      { kind: "release", row: aRelease() },
      { kind: "fleet_incident", row: aFleetIncident() },
      { kind: "audit", row: anAuditRecord() },
    ];
    const content = async () =>
      Promise.all(TABLES.map(async (table) => (await database.asOwner(`SELECT * FROM ${table}`)).rows));
    await write(...records);
    const once = await content();
    expect(once.map((rows) => rows.length)).toEqual(TABLES.map(() => 1));
    await write(...records);
    await write(...records, ...records);
    expect(await content()).toEqual(once);
  });

  it("writes nothing for no records", async () => {
    await expect(write()).resolves.toBeUndefined();
  });

  it("replaces an older revision and ignores one that comes late", async () => {
    const row = anIncident({ id: incidentId(20), plugin_id: pluginId(20) });
    const decided = { ...row, revision: 2, status: "healing" as const, decided_at: at(61) };
    await write({ kind: "incident", row });
    await write({ kind: "incident", row: decided });
    await write({ kind: "incident", row });
    expect(await first("SELECT revision, status FROM plugin_incidents WHERE id = $1", [row.id])).toEqual({
      revision: 2,
      status: "healing",
    });
  });

  it("keeps a plugin's credential when a later row carries none, and replaces it when one does", async () => {
    const row = aPluginRecord({ id: pluginId(21) });
    const credential = () =>
      first(
        "SELECT version, credential_kind, sealed_secret, public_key FROM merchant_plugins WHERE id = $1",
        [row.id],
      );
    await write({ kind: "plugin", row, credential: { kind: "hmac", sealed: "v1.sealed" } });
    await write({ kind: "plugin", row: { ...row, revision: 2, version: "1.2.3" } });
    expect(await credential()).toEqual({
      version: "1.2.3",
      credential_kind: "hmac",
      sealed_secret: "v1.sealed",
      public_key: null,
    });
    await write({
      kind: "plugin",
      row: { ...row, revision: 3 },
      credential: { kind: "ed25519", public_key: "key" },
    });
    expect(await credential()).toMatchObject({
      credential_kind: "ed25519",
      sealed_secret: null,
      public_key: "key",
    });
  });

  it("writes all of a batch or nothing of it", async () => {
    const row = anIncident({ id: incidentId(22), plugin_id: pluginId(22) });
    const twin = anIncident({ id: incidentId(22, 2), plugin_id: pluginId(22) });
    expect(await failureOf(write({ kind: "incident", row }, { kind: "incident", row: twin }))).toMatchObject({
      kind: "rejected",
      code: "23505",
    });
    expect(
      await first("SELECT id FROM plugin_incidents WHERE plugin_id = $1", [row.plugin_id]),
    ).toBeUndefined();
  });

  it("applies the rows of a batch in order", async () => {
    const row = anAttempt({ id: attemptId(23), plugin_id: pluginId(23) });
    const steps = (["pending", "staging", "applying", "verifying", "success"] as const).map(
      (status, index) => ({
        kind: "attempt" as const,
        row: { ...row, status, revision: index + 1, finished_at: status === "success" ? at(900) : null },
      }),
    );
    await write(...steps);
    expect(
      await first("SELECT status, revision FROM plugin_autopatch_attempts WHERE id = $1", [row.id]),
    ).toEqual({
      status: "success",
      revision: 5,
    });
  });

  it.each(OPEN_INCIDENT_STATUSES)(
    "holds one open incident per plugin and dedupe key while one is %s",
    async (status) => {
      const plugin = 30 + OPEN_INCIDENT_STATUSES.indexOf(status);
      const row = anIncident({ id: incidentId(plugin), plugin_id: pluginId(plugin), status });
      const second = { ...row, id: incidentId(plugin, 2), status: "open" as const };
      await write({ kind: "incident", row });
      expect((await failureOf(write({ kind: "incident", row: second })))?.code).toBe("23505");
      await write({ kind: "incident", row: { ...second, dedupe_key: "error_spike" } });
      await write({
        kind: "incident",
        row: { ...second, id: incidentId(900 + plugin), plugin_id: pluginId(900 + plugin) },
      });
      const ended = { ...row, revision: 2, status: "resolved" as const, resolved_at: at(900) };
      await write(
        { kind: "incident", row: ended },
        { kind: "incident", row: { ...second, id: incidentId(plugin, 3) } },
      );
    },
  );

  it("Invariant 1: holds one attempt in flight per plugin", async () => {
    const row = anAttempt({ id: attemptId(40), plugin_id: pluginId(40) });
    const second = { ...row, id: attemptId(40, 2) };
    await write({ kind: "attempt", row });
    expect(await failureOf(write({ kind: "attempt", row: second }))).toMatchObject({
      kind: "rejected",
      code: "23505",
    });
    const ended = { ...row, revision: 2, status: "cancelled" as const, finished_at: at(900) };
    await write({ kind: "attempt", row: ended }, { kind: "attempt", row: second });
  });

  it("derives the flat policy columns from the document, and refuses to have them set by hand", async () => {
    const { document } = aPolicy();
    const flat = () =>
      first(
        "SELECT revision, autopatch_enabled, autopatch_whitelist, autopatch_max_severity FROM ops_policy",
      );
    const whitelist = { all: false, merchants: ["m-1", "m-2"] };
    const open = { ...document, mode: "auto" as const, whitelist, max_severity: "high" as const };
    await write({ kind: "policy", row: aPolicy({ revision: 10, document: open }) });
    expect(await flat()).toEqual({
      revision: 10,
      autopatch_enabled: true,
      autopatch_whitelist: ["m-1", "m-2"],
      autopatch_max_severity: "high",
    });
    const killed = { ...open, kill_switch: true, whitelist: { all: true, merchants: [] } };
    await write({ kind: "policy", row: aPolicy({ revision: 11, document: killed }) });
    expect(await flat()).toMatchObject({
      revision: 11,
      autopatch_enabled: false,
      autopatch_whitelist: ["*"],
    });
    await write({ kind: "policy", row: aPolicy({ revision: 10, document: open }) });
    expect(await flat()).toMatchObject({ revision: 11 });
    await expect(
      database.asOwner("UPDATE ops_policy SET autopatch_enabled = true WHERE id = 1"),
    ).rejects.toThrow("autopatch_enabled");
    await expect(database.asOwner("INSERT INTO ops_policy SELECT 2")).rejects.toThrow();
  });

  it("follows a release's standing, and never takes another file for the same version", async () => {
    const row = aRelease({ version: "2.0.0" });
    const status = async () =>
      (await first("SELECT status FROM plugin_releases WHERE version = $1", [row.version])).status;
    await write({ kind: "release", row });
    await write({ kind: "release", row: { ...row, revision: 2, status: "halted" } });
    expect(await status()).toBe("halted");
    const other = { ...row, revision: 3, sha256: "b".repeat(64) };
    expect(await failureOf(write({ kind: "release", row: other }))).toMatchObject({
      kind: "rejected",
      code: "23514",
    });
    expect(await status()).toBe("halted");
    for (const change of [
      "signed = '{}'",
      "expires = now()",
      "reversible = NOT reversible",
      "min_from = '0.0.1'",
    ])
      await expect(
        database.asOwner(`UPDATE plugin_releases SET ${change} WHERE version = '2.0.0'`),
      ).rejects.toThrow("never changes");
  });

  it("stores hostile text that Postgres could not, instead of losing the row", async () => {
    const hostile = "a\0b\ud800c'; DROP TABLE merchants; --";
    const row = anEvent({ id: "hostile", text: hostile, data: { [hostile]: [hostile, { deep: hostile }] } });
    await write({ kind: "event", row });
    const tamed = "a\uFFFDb\uFFFDc'; DROP TABLE merchants; --";
    expect(await first("SELECT text, data FROM incident_events WHERE id = 'hostile'")).toEqual({
      text: tamed,
      data: { [tamed]: [tamed, { deep: tamed }] },
    });
  });

  it("keeps instants to the millisecond, whatever their offset", async () => {
    const detected_at = "2026-11-22T12:00:00.123+02:00";
    await write({
      kind: "incident",
      row: anIncident({ id: incidentId(50), plugin_id: pluginId(50), detected_at }),
    });
    const row = await first("SELECT detected_at FROM plugin_incidents WHERE id = $1", [incidentId(50)]);
    expect(row.detected_at.toISOString()).toBe("2026-11-22T10:00:00.123Z");
  });
});

describe("an incident that returns", () => {
  it("moves from resolved back to open under a higher revision, with what keeps it quiet", async () => {
    const id = incidentId(71);
    const base = anIncident({ id, plugin_id: pluginId(71), dedupe_key: "returns" });
    const muted = { by: "ada", reason: "known", until: at(60) };
    await write({
      kind: "incident",
      row: { ...base, revision: 1, status: "resolved", resolved_at: at(5), resolution: "gone" },
    });
    await write({
      kind: "incident",
      row: { ...base, revision: 2, status: "open", reopened: 1, flapping: true, muted },
    });
    const sql =
      "SELECT status, resolved_at, resolution, reopened, flapping, muted, snoozed FROM plugin_incidents WHERE id = $1";
    expect(await first(sql, [id])).toEqual({
      status: "open",
      resolved_at: null,
      resolution: null,
      reopened: 1,
      flapping: true,
      muted,
      snoozed: null,
    });
    await write({ kind: "incident", row: { ...base, revision: 3, status: "resolved", muted: null } });
    expect(await first(sql, [id])).toMatchObject({ status: "resolved", muted: null });
  });
});

describe("votes", () => {
  it("are one for each person; the latest counts, in whatever order they arrive", async () => {
    const aVote = (person: string, revision: number, vote: "useful" | "false_positive") => ({
      kind: "vote" as const,
      row: {
        incident_id: incidentId(72),
        plugin_id: pluginId(72),
        person,
        revision,
        vote,
        reason: "seen",
        at: at(revision),
      },
    });
    await write(aVote("ada", 1, "useful"), aVote("grace", 2, "useful"), aVote("ada", 4, "false_positive"));
    await write(aVote("ada", 3, "useful"));
    const { rows } = await database.asOwner(
      "SELECT person, vote, revision FROM incident_votes WHERE incident_id = $1 ORDER BY person",
      [incidentId(72)],
    );
    expect(rows).toEqual([
      { person: "ada", vote: "false_positive", revision: 4 },
      { person: "grace", vote: "useful", revision: 2 },
    ]);
    const detail = await incidentDetail(database.db, incidentId(72));
    expect(detail).toBeNull();
    await write({
      kind: "incident",
      row: anIncident({ id: incidentId(72), plugin_id: pluginId(72), dedupe_key: "voted" }),
    });
    expect((await incidentDetail(database.db, incidentId(72)))?.votes?.map((one) => one.vote)).toEqual([
      "useful",
      "false_positive",
    ]);
  });
});

describe("the receiver of ledger rows", () => {
  const rowsOf = (...records: LedgerRecord[]) =>
    records.map((record, id) => ({
      id,
      kind: "ledger",
      lane: "one",
      body: JSON.stringify(record),
      due_at: 0,
      attempts: 0,
      rejections: 0,
    }));
  function withFeed(changed: (messages: FeedMessage[]) => Promise<void>) {
    const FEED = { getByName: () => ({ changed }) } as unknown as Env["FEED"];
    return ledgerReceiver({
      DATABASE_URL: database.postgres.appUrl,
      NEON_PROXY_URL: database.proxy.url,
      FEED,
    });
  }
  const attempt = (revision: number, status: Attempt["status"]) => ({
    kind: "attempt" as const,
    row: anAttempt({ id: attemptId(81), plugin_id: pluginId(81), revision, status }),
  });
  const statusOf = async () =>
    (await first("SELECT status FROM plugin_autopatch_attempts WHERE id = $1", [attemptId(81)]))?.status;

  it("announces a change when whoever then reads the ledger finds it there, and each only once", async () => {
    const told: [FeedMessage[], unknown][] = [];
    const deliver = withFeed(async (messages) => void told.push([messages, await statusOf()]));
    expect(await deliver(rowsOf(attempt(1, "pending")))).toEqual({ status: "delivered" });
    expect(await deliver(rowsOf(attempt(2, "staging"), attempt(3, "applying")))).toEqual({
      status: "delivered",
    });
    const message = { type: "changed", topic: "attempts", id: attemptId(81) };
    expect(told).toEqual([
      [[message], "pending"],
      [[message], "applying"],
    ]);
  });

  it("announces nothing that was refused, nor what nobody looks at", async () => {
    const told: FeedMessage[][] = [];
    const deliver = withFeed(async (messages) => void told.push(messages));
    // An end without its moment: a constraint of the table refuses it.
    const broken = { kind: "attempt" as const, row: anAttempt({ id: attemptId(82), status: "success" }) };
    expect(await deliver(rowsOf(broken))).toMatchObject({ status: "rejected" });
    expect(await deliver(rowsOf({ kind: "audit", row: anAuditRecord() }))).toEqual({ status: "delivered" });
    expect(told).toEqual([]);
  });

  it("has delivered what is written, also when the feed cannot be told", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const deliver = withFeed(async () => {
      throw new Error("the feed was reset");
    });
    expect(await deliver(rowsOf(attempt(4, "verifying")))).toEqual({ status: "delivered" });
    expect(await statusOf()).toBe("verifying");
    expect(warned).toHaveBeenCalledWith(expect.stringContaining("the feed was reset"));
    warned.mockRestore();
  });
});
