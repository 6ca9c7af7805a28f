import { expect, it } from "vitest";
import {
  ACTION_WINDOW_MS,
  FLEET_MIGRATIONS,
  FleetStore,
} from "../../../durable-objects/fleet/fleet-store.ts";
import { migrate } from "../../../durable-objects/migrations.ts";
import { anObjectStorage } from "../../builders/object-storage.ts";

const T0 = Date.parse("2026-11-22T10:00:00.000Z");
const MINUTE = 60_000;

function aBudget() {
  const { storage } = anObjectStorage();
  migrate(storage, FLEET_MIGRATIONS);
  const store = new FleetStore(storage);
  return { store, used: (now: number) => store.actionsSince(now - ACTION_WINDOW_MS) };
}

it("an action counts from the moment its command left, not from when its place was first asked for", () => {
  const { store, used } = aBudget();
  for (let i = 0; i < 200; i++) store.reserveAction(`att_${i}`, T0);
  const left = T0 + 70 * MINUTE;
  for (let i = 0; i < 200; i++) store.countAction(`att_${i}`, left);
  expect([used(left), used(left + 59 * MINUTE), used(left + 61 * MINUTE)]).toEqual([200, 200, 0]);
});

it("a report that is repeated does not count an action as of later", () => {
  const { store, used } = aBudget();
  store.countAction("att_1", T0);
  store.countAction("att_1", T0 + 50 * MINUTE);
  store.reserveAction("att_1", T0 + 50 * MINUTE);
  expect([used(T0 + 59 * MINUTE), used(T0 + 61 * MINUTE)]).toEqual([1, 0]);
});

it("a place is held from the last time it was asked for, and is free when it is given back", () => {
  const { store, used } = aBudget();
  store.reserveAction("att_1", T0);
  store.reserveAction("att_1", T0 + 50 * MINUTE);
  expect(used(T0 + 70 * MINUTE)).toBe(1);
  expect([store.otherActions("att_1", T0), store.otherActions("att_2", T0 + MINUTE)]).toEqual([0, 1]);
  store.giveBackAction("att_1");
  expect(used(T0 + 70 * MINUTE)).toBe(0);
});
