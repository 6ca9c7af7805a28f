import { describe, expect, it } from "vitest";
import { EventQueue } from "../../sim/event-queue.ts";
import { ObjectStorage } from "../../sim/object-storage.ts";

function aStorage() {
  const queue = new EventQueue(0);
  const rings: number[] = [];
  const storage = new ObjectStorage(queue, () => rings.push(queue.now));
  storage.sql.exec(
    "CREATE TABLE shops (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE others (id INTEGER)",
  );
  return { queue, rings, storage };
}

describe("an object's storage in memory", () => {
  it("speaks SQL with bindings by place and by number, and hands rows back", () => {
    const { storage } = aStorage();
    const added = storage.sql.exec("INSERT INTO shops (name) VALUES (?) RETURNING id", "ada");
    expect(added.one()).toEqual({ id: 1 });
    const counted = storage.sql.exec(
      "SELECT count(*) FILTER (WHERE id > ?1) AS n, ?2 AS said FROM shops",
      0,
      "yes",
    );
    expect(counted.toArray()).toEqual([{ n: 1, said: "yes" }]);
    expect(() => storage.sql.exec("SELECT * FROM others").one()).toThrow("expected one row, got 0");
  });

  it("takes rows, values and the alarm back together when a transaction throws", () => {
    const { storage, queue, rings } = aStorage();
    storage.kv.put("state", { step: 1 });
    void storage.setAlarm(50);
    const broken = () =>
      storage.transactionSync(() => {
        storage.sql.exec("INSERT INTO shops (name) VALUES ('lost')");
        storage.kv.put("state", { step: 2 });
        void storage.setAlarm(10);
        storage.transactionSync(() => storage.sql.exec("INSERT INTO others VALUES (1)"));
        throw new Error("no");
      });
    expect(broken).toThrow("no");
    expect(
      storage.sql.exec("SELECT (SELECT count(*) FROM shops) + (SELECT count(*) FROM others) AS n").one(),
    ).toEqual({ n: 0 });
    expect(storage.kv.get("state")).toEqual({ step: 1 });
    while (queue.step(100));
    expect(rings).toEqual([50]);
  });

  it("keeps values apart from those who hold them", () => {
    const { storage } = aStorage();
    const mine = { list: [1] };
    storage.kv.put("state", mine);
    mine.list.push(2);
    storage.kv.get<typeof mine>("state")?.list.push(3);
    expect(storage.kv.get("state")).toEqual({ list: [1] });
  });

  it("has one alarm: the last one set", async () => {
    const { storage, queue, rings } = aStorage();
    await storage.setAlarm(20);
    await storage.setAlarm(60);
    expect(await storage.getAlarm()).toBe(60);
    while (queue.step(100));
    expect(rings).toEqual([60]);
    await storage.setAlarm(120);
    await storage.deleteAlarm();
    while (queue.step(200));
    expect(rings).toEqual([60]);
  });
});
