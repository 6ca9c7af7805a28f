import { describe, expect, it } from "vitest";
import { FleetLife } from "../../sim/fleet-life.ts";
import { seededRandom } from "../../sim/random.ts";
import { T0 } from "../builders/heartbeat.ts";

const MINUTE_MS = 60_000;
const FROM = T0 + 10 * MINUTE_MS;
const TO = FROM + 10 * MINUTE_MS;

function aFleet(lost: (plugin: number) => boolean, guarded = true) {
  const arrives = (plugin: number, at: number) => !lost(plugin) || at < FROM || at >= TO;
  return new FleetLife({ size: 60, startAt: T0, random: seededRandom(5), arrives, guarded });
}

it("stays calm while every beat arrives", () => {
  const fleet = aFleet(() => false).run(TO);
  expect(fleet.storms).toEqual([]);
  expect([fleet.incidents.size, fleet.open]).toEqual([0, 0]);
  expect(Math.max(...fleet.longestGapMs)).toBeLessThan(3 * MINUTE_MS);
});

it("heals a single silent shop, which shows that nothing but the guard forbids it", () => {
  const fleet = aFleet((plugin) => plugin === 7).run(TO);
  expect(fleet.storms).toEqual([]);
  expect(fleet.attempts.size).toBe(1);
});

it("is one storm without attempts when all lose contact, and full of attempts when nobody tells the plugins", () => {
  const guarded = aFleet(() => true).run(TO + 20 * MINUTE_MS);
  expect(guarded.storms).toHaveLength(1);
  expect([guarded.incidents.size, guarded.attempts.size, guarded.open]).toEqual([60, 0, 0]);
  expect(guarded.storms[0]?.to).toBeLessThan(TO + 10 * MINUTE_MS);

  const unguarded = aFleet(() => true, false).run(TO);
  expect(unguarded.attempts.size).toBeGreaterThan(50);
});

describe("webhooks that fail all over the fleet", () => {
  /** Three versions on three platforms' versions; those that `fails` is true of lose every webhook for half an hour. */
  function aFleetOfVersions(fails: (version: string) => boolean) {
    const until = FROM + 30 * MINUTE_MS;
    return new FleetLife({
      size: 90,
      startAt: T0,
      random: seededRandom(6),
      arrives: () => true,
      runs: (plugin) => ({ version: `1.2.${plugin % 3}`, platform: `9.${Math.floor(plugin / 3) % 3}` }),
      webhooks: {
        perHour: 120,
        failing: (_, version, at) => (at >= FROM && at < until && fails(version) ? 1 : 0),
      },
      guarded: true,
    }).run(until + 20 * MINUTE_MS);
  }

  it("are one storm when all versions fail: next to nobody is patched, and nothing is left open", () => {
    const fleet = aFleetOfVersions(() => true);
    expect(fleet.storms.map(({ type }) => type)).toEqual(["webhook_fail_rate"]);
    expect(fleet.incidents.size).toBe(90);
    expect(fleet.handedOver.size).toBe(0);
    expect(fleet.open).toBe(0);
  });

  it("are none when one version fails: its shops are healed", () => {
    const fleet = aFleetOfVersions((version) => version === "1.2.2");
    expect(fleet.storms).toEqual([]);
    expect(fleet.handedOver.size).toBe(30);
    expect(fleet.open).toBe(0);
  });
});
