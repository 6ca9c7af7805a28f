import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { migrate } from "../../durable-objects/migrations.ts";
import { OutboxDrain } from "../../durable-objects/outbox/outbox-drain.ts";
import { OUTBOX_MIGRATION, OutboxStore } from "../../durable-objects/outbox/outbox-store.ts";
import { type Delivery, MAX_REJECTIONS } from "../../src/core/outbox-drain.ts";
import { anyObject } from "./any-object.ts";

const T0 = 1_800_000_000_000;
const message = (body: string, lane = "inc_1", kind = "ledger") => ({ kind, lane, body });

/** Runs against a fresh object's real storage. */
async function withStorage(run: (storage: DurableObjectStorage) => unknown) {
  await runInDurableObject(anyObject(), async (_, state) => {
    await run(state.storage);
  });
}
async function withOutbox(run: (store: OutboxStore, storage: DurableObjectStorage) => unknown) {
  await withStorage(async (storage) => {
    storage.sql.exec(OUTBOX_MIGRATION.sql);
    await run(new OutboxStore(storage.sql), storage);
  });
}

describe("object migrations", () => {
  const first = { name: "first", sql: "CREATE TABLE a (id INTEGER PRIMARY KEY)" };
  const second = { name: "second", sql: "ALTER TABLE a ADD COLUMN note TEXT; CREATE TABLE b (id INTEGER)" };
  const list = (storage: DurableObjectStorage) =>
    storage.sql.exec<{ name: string }>(
      "SELECT name FROM migrations WHERE name IN ('first', 'second') ORDER BY id",
    );

  it("run once each, in order, also when the list has grown", async () => {
    await withStorage((storage) => {
      storage.sql.exec("DROP TABLE IF EXISTS migrations");
      migrate(storage, [first]);
      migrate(storage, [first, second]);
      migrate(storage, [first, second]);
      expect(
        list(storage)
          .toArray()
          .map((row) => row.name),
      ).toEqual(["first", "second"]);
      storage.sql.exec("INSERT INTO a (id, note) VALUES (1, 'kept')");
    });
  });

  it("throw when a released migration was edited, renamed or removed from the middle", async () => {
    await withStorage((storage) => {
      storage.sql.exec("DROP TABLE IF EXISTS migrations");
      migrate(storage, [first, second]);
      expect(() => migrate(storage, [{ ...first, sql: `${first.sql} STRICT` }, second])).toThrow(
        /history differs/,
      );
      expect(() => migrate(storage, [{ ...first, name: "erste" }, second])).toThrow(/history differs/);
      expect(() => migrate(storage, [second])).toThrow(/history differs/);
    });
  });

  it("leave an object alone that newer code has migrated", async () => {
    await withStorage((storage) => {
      storage.sql.exec("DROP TABLE IF EXISTS migrations");
      migrate(storage, [first, second]);
      migrate(storage, [first]);
      expect(list(storage).toArray()).toHaveLength(2);
    });
  });

  it("roll back whole when one fails", async () => {
    await withStorage((storage) => {
      storage.sql.exec("DROP TABLE IF EXISTS migrations");
      const broken = { name: "broken", sql: "CREATE TABLE c (id INTEGER); INSERT INTO nowhere VALUES (1)" };
      expect(() => migrate(storage, [broken])).toThrow();
      expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'c'").toArray()).toEqual([]);
      migrate(storage, [first]);
    });
  });
});

describe("outbox store", () => {
  it("keeps order, batch limit and bodies, and forgets what is done", async () => {
    await withOutbox((store) => {
      store.append([message("1"), message("2", "inc_2"), message("3")], T0);
      const rows = store.due("ledger", T0, 2);
      expect(rows.map((row) => row.body)).toEqual(["1", "2"]);
      store.done(rows.map((row) => row.id));
      expect(store.due("ledger", T0, 2).map((row) => row.body)).toEqual(["3"]);
      expect(store.size()).toBe(1);
    });
  });

  it("Invariant 6: rolls back with the change that it announces", async () => {
    await withOutbox((store, storage) => {
      expect(() =>
        storage.transactionSync(() => {
          store.append([message("1")], T0);
          throw new Error("the change failed");
        }),
      ).toThrow("the change failed");
      expect(store.size()).toBe(0);
      expect(store.nextDue(T0)).toBeNull();
    });
  });

  it("holds a receiver with one written row, however long the queue", async () => {
    await withOutbox((store, storage) => {
      store.append(
        Array.from({ length: 100 }, (_, i) => message(String(i), `inc_${i}`)),
        T0,
      );
      const [first] = store.due("ledger", T0, 50);
      store.hold(first?.id ?? 0, T0 + 1_000);
      expect(storage.sql.exec<{ n: number }>("SELECT changes() AS n").one().n).toBe(1);
      expect(store.due("ledger", T0, 50)).toEqual([]);
      expect(store.nextDue(T0)).toBe(T0 + 1_000);
      expect(store.due("ledger", T0 + 1_000, 50)).toHaveLength(50);
    });
  });

  it("parks a row out of the way, keeps it, and gives it another chance", async () => {
    await withOutbox((store) => {
      store.append([message("poison"), message("next")], T0);
      const [poison] = store.due("ledger", T0, 1);
      for (let i = 0; i < MAX_REJECTIONS; i++) store.retry([poison?.id ?? 0], T0);
      store.park(poison?.id ?? 0, T0 + 9_000, "no such column");
      expect(store.due("ledger", T0, 5).map((row) => row.body)).toEqual(["next"]);
      expect([store.size(), store.parked()]).toEqual([1, 1]);
      expect(store.due("ledger", T0 + 9_000, 5).map((row) => row.body)).toEqual(["poison"]);
    });
  });
});

describe("outbox drain", () => {
  it("delivers everything in order, each receiver its own, in one run at a time", async () => {
    await withOutbox(async (store) => {
      const got: string[] = [];
      const deliver = async (rows: readonly { body: string }[]): Promise<Delivery> => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        got.push(...rows.map((row) => row.body));
        return { status: "delivered" };
      };
      const drain = new OutboxDrain({ owner: "test", store, receivers: { ledger: deliver, feed: deliver } });
      await drain.run(); // An empty run must not leave the drain marked as busy.
      store.append([message("1"), message("f", "x", "feed"), message("2")], Date.now());
      const [a, b] = [drain.run(), drain.run()];
      store.append([message("3")], Date.now());
      await Promise.all([a, b]);
      expect(got.filter((body) => body !== "f")).toEqual(["1", "2", "3"]);
      expect(got).toHaveLength(4);
      expect(store.size()).toBe(0);
    });
  });

  it("does not let a slow receiver delay another", async () => {
    await withOutbox(async (store) => {
      const slow = Promise.withResolvers<Delivery>();
      const fast = Promise.withResolvers<void>();
      const drain = new OutboxDrain({
        owner: "test",
        store,
        receivers: {
          ledger: () => slow.promise,
          feed: async () => {
            fast.resolve();
            return { status: "delivered" };
          },
        },
      });
      store.append([message("1"), message("2", "x", "feed")], Date.now());
      const run = drain.run();
      await fast.promise;
      slow.resolve({ status: "delivered" });
      await run;
      expect(store.size()).toBe(0);
    });
  });

  it("loses nothing to a receiver that is down or throws, and does not hammer it", async () => {
    await withOutbox(async (store) => {
      let calls = 0;
      const drain = new OutboxDrain({
        owner: "test",
        store,
        receivers: {
          ledger: async () => {
            calls += 1;
            throw new Error("connection refused");
          },
        },
      });
      const now = Date.now();
      store.append([message("1"), message("2", "inc_2"), message("3")], now);
      await drain.run();
      expect(calls).toBe(1);
      expect(store.size()).toBe(3);
      expect(store.nextDue(now)).toBeGreaterThan(now);
    });
  });

  it("isolates one poisoned row: every other incident's rows leave, its own wait behind it", async () => {
    await withOutbox(async (store) => {
      const got: string[] = [];
      const drain = new OutboxDrain({
        owner: "test",
        store,
        receivers: {
          ledger: async (rows) => {
            if (rows.some((row) => row.body === "poison")) return { status: "rejected", why: "bad row" };
            got.push(...rows.map((row) => row.body));
            return { status: "delivered" };
          },
        },
      });
      store.append(
        [message("a", "inc_2"), message("poison"), message("after"), message("b", "inc_3")],
        Date.now(),
      );
      await drain.run();
      expect(got).toEqual(["a", "b"]);
      expect(store.size()).toBe(2);
    });
  });
});
