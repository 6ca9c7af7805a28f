import { expect, it } from "vitest";
import { OUTBOX_MIGRATION, OutboxStore } from "../../../durable-objects/outbox/outbox-store.ts";
import { MAX_REJECTIONS, PARK_MS } from "../../../src/core/outbox-drain.ts";
import { anObjectStorage } from "../../builders/object-storage.ts";

const T0 = 1_800_000_000_000;

it("however many rows are parked, others leave, and the alarm is set for whichever is due first", () => {
  const { storage } = anObjectStorage();
  storage.sql.exec(OUTBOX_MIGRATION.sql);
  const store = new OutboxStore(storage.sql);
  const refused = Array.from({ length: 2_500 }, (_, i) => ({ kind: "ledger", lane: `inc_${i}`, body: "{}" }));
  store.append(refused, T0);
  storage.sql.exec(
    `UPDATE outbox SET rejections = ${MAX_REJECTIONS + 1}, parked_why = 'no such column', due_at = ?`,
    T0 + PARK_MS,
  );
  expect(store.nextDue(T0)).toBe(T0 + PARK_MS);
  store.append([{ kind: "ledger", lane: "inc_new", body: '"fresh"' }], T0);
  store.append([{ kind: "feed", lane: "plugins", body: "{}" }], T0);
  expect(store.due("ledger", T0, 50).map(({ body }) => body)).toEqual(['"fresh"']);
  expect(store.nextDue(T0)).toBeLessThanOrEqual(T0);
  expect(store.due("ledger", T0 + PARK_MS, 50)[0]?.lane).toBe("inc_0");
});
