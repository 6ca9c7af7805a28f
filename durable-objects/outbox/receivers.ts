/** The receivers that every object shares, Postgres and the dashboard's feed, and the messages meant for them. */
import type { FeedMessage, FeedTopic } from "../../src/contract/feed.ts";
import type { LedgerRecord } from "../../src/contract/ledger.ts";
import type { NotificationRecord } from "../../src/contract/notification.ts";
import { changesIn } from "../../src/core/feed-changes.ts";
import type { Env } from "../../src/env.ts";
import { connect } from "../../src/postgres/connection.ts";
import { classifyPgError, writeLedger } from "../../src/postgres/ledger.ts";
import { feedOf, noticesOf } from "../stubs.ts";
import type { Deliver } from "./outbox-drain.ts";
import type { OutboxMessage, OutboxRow } from "./outbox-store.ts";

/** A row for Postgres. Records of one lane reach it in order. */
export function ledgerMessage(lane: string, record: LedgerRecord): OutboxMessage {
  return { kind: "ledger", lane, body: JSON.stringify(record) };
}

/** "This changed" for every open dashboard. */
export function feedMessage(topic: FeedTopic, id?: string): OutboxMessage {
  const message: FeedMessage = { type: "changed", topic, ...(id === undefined ? {} : { id }) };
  return { kind: "feed", lane: topic, body: JSON.stringify(message) };
}

/**
 * Writes a batch in one transaction; a refusal of one row refuses the batch, which is then sent row by row. What is written is announced
 * from here: who was told of it by the object itself may have read the ledger before.
 */
export function ledgerReceiver(env: Pick<Env, "DATABASE_URL" | "NEON_PROXY_URL" | "FEED">): Deliver {
  return async (rows) => {
    const records = bodiesOf<LedgerRecord>(rows);
    try {
      await writeLedger(connect(env), records);
    } catch (error) {
      const failure = classifyPgError(error);
      return {
        status: failure.kind,
        why: failure.code === undefined ? failure.message : `${failure.code} ${failure.message}`,
      };
    }
    await announce(env, changesIn(records));
    return { status: "delivered" };
  };
}

/** Rows that are written must not wait for the feed: what it misses, pages see when they next fetch. */
async function announce(env: Pick<Env, "FEED">, messages: FeedMessage[]): Promise<void> {
  if (messages.length === 0) return;
  try {
    await feedOf(env).changed(messages);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.warn(JSON.stringify({ event: "feed", status: "unavailable", messages: messages.length, why }));
  }
}

export function feedReceiver(env: Pick<Env, "FEED">): Deliver {
  return async (rows) => {
    await feedOf(env).changed(bodiesOf<FeedMessage>(rows));
    return { status: "delivered" };
  };
}

/**
 * Something that people should hear of: its row in the ledger, and the message to the desk that tells them. The desk writes what
 * became of it under higher revisions of the same row.
 */
export function noticeMessages(lane: string, record: NotificationRecord): OutboxMessage[] {
  const { facts: _facts, storm: _storm, called_by: _calledBy, ...row } = record;
  return [
    ledgerMessage(lane, { kind: "notification", row: { ...row, status: "queued" } }),
    deskMessage(lane, record),
  ];
}

/** The message to the desk alone: of what has no row until somebody is told. */
export function deskMessage(lane: string, record: NotificationRecord): OutboxMessage {
  return { kind: "notify", lane, body: JSON.stringify({ to: "notify", record }) };
}

/** The receiver `notify` of every object that has something to tell. */
export function noticeReceiver(env: Pick<Env, "NOTICES">): Deliver {
  return async (rows) => {
    const records = bodiesOf<{ record: NotificationRecord }>(rows).map(({ record }) => record);
    await noticesOf(env).take(records);
    return { status: "delivered" };
  };
}

/** Bodies were written by this object's own code: their shape is what it appended. */
export function bodiesOf<T>(rows: readonly OutboxRow[]): T[] {
  return rows.map((row) => JSON.parse(row.body) as T);
}
