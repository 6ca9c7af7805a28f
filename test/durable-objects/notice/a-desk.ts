/** A notice desk over an object's storage in memory, with one merchant who wants its notices. */
import { NoticeDesk } from "../../../durable-objects/notice/notice-desk.ts";
import { NOTICE_MIGRATIONS } from "../../../durable-objects/notice/notice-migrations.ts";
import { NoticeStore } from "../../../durable-objects/notice/notice-store.ts";
import { OutboxStore } from "../../../durable-objects/outbox/outbox-store.ts";
import type { NotificationRecord, NotificationRow } from "../../../src/contract/notification.ts";
import { at } from "../../builders/ledger.ts";
import { aNotice } from "../../builders/notice.ts";
import { anObjectStorage } from "../../builders/object-storage.ts";

const T0 = Date.parse(at(0));

export function aDesk() {
  const { storage } = anObjectStorage();
  for (const { sql } of NOTICE_MIGRATIONS) storage.sql.exec(sql);
  const store = new NoticeStore(storage);
  const desk = new NoticeDesk(store, new OutboxStore(storage.sql));
  store.setMerchant({
    merchant_id: "m1",
    revision: 1,
    language: "en",
    url: "https://merchant.example.com/…",
    format: "vigie",
    disabled: null,
    updated_at: at(0),
    updated_by: "otto",
    sealed: "sealed",
  });
  let number = 0;
  const rows = () =>
    storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox ORDER BY id")
      .toArray()
      .map(({ body }) => (JSON.parse(body) as { row: NotificationRow }).row);
  return {
    storage,
    store,
    desk,
    /** One more notice, taken so many minutes after the first; each has an id of its own. Returns whom it was told. */
    take(minute: number, over: Partial<NotificationRecord> = {}): string[] {
      number += 1;
      const before = rows().length;
      const now = T0 + minute * 60_000;
      desk.take(aNotice({ id: `n${number}`, ...over }), { opsReachable: true, publicUrl: "https://v" }, now);
      return rows()
        .slice(before)
        .filter(({ status }) => status !== "skipped")
        .map(({ audience }) => audience ?? "");
    },
    /** What a merchant was told, or will be in a digest, oldest first. */
    toldMerchant: () =>
      rows().filter(({ audience, status }) => audience === "merchant" && status !== "skipped"),
  };
}
