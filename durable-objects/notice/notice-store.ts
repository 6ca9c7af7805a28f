/** What the desk remembers: what was told to whom, what is held back for a digest, what is on its way, and merchants' addresses. */
import type {
  Audience,
  Language,
  MerchantNotificationsRow,
  NotificationRow,
} from "../../src/contract/notification.ts";
import type { Bucket } from "../../src/core/notice/admission.ts";

/** A message as it waits: its row, and what its body needs beside. */
export interface StoredLetter {
  row: NotificationRow;
  language: Language;
  link: string | null;
}

export interface Send {
  number: number;
  reader: string;
  /** When it was queued first (ms since epoch). */
  since: number;
  tries: number;
  letter: StoredLetter;
}

type SendRow = { number: number; reader: string; since: number; tries: number; letter: string };

const DIGEST_KEY = "digest_number";

export class NoticeStore {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "kv">) {
    this.#sql = storage.sql;
    this.#kv = storage.kv;
  }

  /** When the key was remembered (ms since epoch); null when it is not known. */
  seenAt(key: string): number | null {
    const [row] = this.#sql.exec<{ at: number }>("SELECT at FROM seen WHERE key = ?", key).toArray();
    return row?.at ?? null;
  }

  remember(key: string, now: number, forMs: number): void {
    this.#sql.exec(
      `INSERT INTO seen (key, at, until) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET at = excluded.at, until = excluded.until`,
      key,
      now,
      now + forMs,
    );
  }

  forget(key: string): void {
    this.#sql.exec("DELETE FROM seen WHERE key = ?", key);
  }

  /** Forgets every key that begins so. `prefix` ends in `|`. */
  forgetAll(prefix: string): void {
    // The character after `|`: a range, because `_` of an id would be a wildcard to LIKE.
    this.#sql.exec("DELETE FROM seen WHERE key >= ? AND key < ?", prefix, `${prefix.slice(0, -1)}}`);
  }

  prune(now: number): void {
    this.#sql.exec("DELETE FROM seen WHERE until <= ?", now);
    // A bucket that was not touched for a day is full again.
    this.#sql.exec("DELETE FROM buckets WHERE at <= ?", now - 86_400_000);
  }

  bucket(key: string): Bucket | null {
    const [row] = this.#sql
      .exec<{ tokens: number; at: number }>("SELECT tokens, at FROM buckets WHERE key = ?", key)
      .toArray();
    return row ?? null;
  }

  setBucket(key: string, { tokens, at }: Bucket): void {
    this.#sql.exec(
      `INSERT INTO buckets (key, tokens, at) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET tokens = excluded.tokens, at = excluded.at`,
      key,
      tokens,
      at,
    );
  }

  hold(reader: string, letter: StoredLetter, digestAt: number): void {
    this.#sql.exec(
      "INSERT INTO held (reader, digest_at, letter) VALUES (?, ?, ?)",
      reader,
      digestAt,
      JSON.stringify(letter),
    );
  }

  /** Readers whose digest is due. */
  digestsDue(now: number): string[] {
    return this.#sql
      .exec<{ reader: string }>("SELECT DISTINCT reader FROM held WHERE digest_at <= ?", now)
      .toArray()
      .map(({ reader }) => reader);
  }

  /** Takes a reader's held messages out, oldest first, whatever each waited for. */
  takeHeld(reader: string, limit: number): StoredLetter[] {
    const rows = this.#sql
      .exec<{ number: number; letter: string }>(
        "SELECT number, letter FROM held WHERE reader = ? ORDER BY number LIMIT ?",
        reader,
        limit,
      )
      .toArray();
    const last = rows.at(-1);
    if (last) this.#sql.exec("DELETE FROM held WHERE reader = ? AND number <= ?", reader, last.number);
    return rows.map(({ letter }) => JSON.parse(letter) as StoredLetter); // written by `hold`
  }

  nextDigest(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT min(digest_at) AS at FROM held").one().at;
  }

  nextDigestNumber(): number {
    const number = (this.#kv.get<number>(DIGEST_KEY) ?? 0) + 1;
    this.#kv.put(DIGEST_KEY, number);
    return number;
  }

  queue(reader: string, letter: StoredLetter, now: number): void {
    this.#sql.exec(
      "INSERT INTO sends (reader, since, due_at, letter) VALUES (?, ?, ?, ?)",
      reader,
      now,
      now,
      JSON.stringify(letter),
    );
  }

  /**
   * The reader whose turn it is among those to whom something may leave now, but for `except`: whoever is due longest. `untriedFirst`:
   * whoever has refused nothing that still waits comes before. Null when nothing may leave.
   */
  nextReader(
    audience: Audience,
    now: number,
    except: readonly string[],
    untriedFirst: boolean,
  ): string | null {
    const [row] = this.#sql
      .exec<{ reader: string }>(
        `SELECT reader FROM sends
         WHERE due_at <= ? AND (reader = 'ops') = ? AND reader NOT IN (SELECT value FROM json_each(?))
         GROUP BY reader
         ORDER BY ? AND max(tries) > 0, min(due_at), min(number)
         LIMIT 1`,
        now,
        audience === "ops" ? 1 : 0,
        JSON.stringify(except),
        untriedFirst ? 1 : 0,
      )
      .toArray();
    return row?.reader ?? null;
  }

  /** A reader's next message, oldest first; null when none is due. */
  nextSend(reader: string, now: number): Send | null {
    const [row] = this.#sql
      .exec<SendRow>(
        "SELECT number, reader, since, tries, letter FROM sends WHERE reader = ? AND due_at <= ? ORDER BY number LIMIT 1",
        reader,
        now,
      )
      .toArray();
    return row ? fromRow(row) : null;
  }

  allSends(reader: string): Send[] {
    return this.#sql
      .exec<SendRow>(
        "SELECT number, reader, since, tries, letter FROM sends WHERE reader = ? ORDER BY number",
        reader,
      )
      .toArray()
      .map(fromRow);
  }

  sent(number: number): void {
    this.#sql.exec("DELETE FROM sends WHERE number = ?", number);
  }

  /** This message waits until `dueAt`; with it, when the receiver is down, everything else for that reader. */
  retry({ number, reader }: Send, dueAt: number, wholeReader: boolean): void {
    this.#sql.exec("UPDATE sends SET tries = tries + 1, due_at = ? WHERE number = ?", dueAt, number);
    if (wholeReader)
      this.#sql.exec("UPDATE sends SET due_at = ? WHERE reader = ? AND due_at < ?", dueAt, reader, dueAt);
  }

  nextSendAt(audience: Audience): number | null {
    const ops = audience === "ops" ? 1 : 0;
    return this.#sql
      .exec<{ at: number | null }>("SELECT min(due_at) AS at FROM sends WHERE (reader = 'ops') = ?", ops)
      .one().at;
  }

  merchant(merchantId: string): MerchantNotificationsRow | null {
    const [row] = this.#sql
      .exec<{ row: string }>("SELECT row FROM merchants WHERE merchant_id = ?", merchantId)
      .toArray();
    return row ? (JSON.parse(row.row) as MerchantNotificationsRow) : null; // written by `setMerchant`
  }

  setMerchant(row: MerchantNotificationsRow): void {
    this.#sql.exec(
      `INSERT INTO merchants (merchant_id, row) VALUES (?, ?)
       ON CONFLICT (merchant_id) DO UPDATE SET row = excluded.row`,
      row.merchant_id,
      JSON.stringify(row),
    );
  }

  /** True while something is remembered that will once be forgotten. */
  hasMemory(): boolean {
    return this.#sql.exec("SELECT 1 FROM seen LIMIT 1").toArray().length > 0;
  }
}

function fromRow({ letter, ...row }: SendRow): Send {
  return { ...row, letter: JSON.parse(letter) as StoredLetter }; // written by `queue`
}
