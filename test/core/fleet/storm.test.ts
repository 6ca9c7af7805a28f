import { describe, expect, it } from "vitest";
import {
  enterCount,
  judgeStorm,
  LOST_AFTER_MS,
  newStorm,
  type StormState,
  stormWake,
  usualRate,
} from "../../../src/core/fleet/storm.ts";
import { restOf } from "../../../src/core/fleet/storm-spread.ts";
import { CALM_MS, ONSET_WINDOW_MS, SIGNAL_TYPES, stormTest } from "../../../src/core/fleet/storm-tests.ts";
import { poisson, seeded } from "../../builders/seeded.ts";

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;

/** A fleet's books, as its object keeps them, before the real judge. */
function aFleet(roster: number) {
  let state: StormState = newStorm(T0);
  const silent = new Map<number, number>();
  const storms: { from: number; to: number | null }[] = [];
  const judge = (now: number, newly: number) => {
    const since = [...silent.values()];
    const recent = since.filter((at) => now - at < LOST_AFTER_MS);
    const verdict = judgeStorm(state, {
      now,
      roster,
      silent: recent.length,
      fresh: recent.filter((at) => now - at <= ONSET_WINDOW_MS).length,
      lost: since.length - recent.length,
      newly,
    });
    const open = storms.at(-1);
    if (verdict.storm && (open === undefined || open.to !== null)) storms.push({ from: now, to: null });
    if (!verdict.storm && open?.to === null) open.to = now;
    state = verdict.state;
    return verdict;
  };
  return {
    storms,
    get state() {
      return state;
    },
    judge: (now: number) => judge(now, 0),
    fallSilent(plugins: Iterable<number>, now: number) {
      let newly = 0;
      for (const plugin of plugins) {
        if (!silent.has(plugin)) newly += 1;
        silent.set(plugin, silent.get(plugin) ?? now);
      }
      return judge(now, newly);
    },
    comeBack(plugins: Iterable<number>, now: number) {
      for (const plugin of plugins) silent.delete(plugin);
      return judge(now, 0);
    },
  };
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("a storm begins", () => {
  const cases: [string, { roster: number; silent: number; lost?: number }, boolean][] = [
    ["not in a calm fleet", { roster: 100, silent: 0 }, false],
    ["not in an empty one", { roster: 0, silent: 0 }, false],
    ["with a twentieth of a quiet fleet at once", { roster: 5000, silent: 250 }, true],
    ["not with fewer", { roster: 5000, silent: 249 }, false],
    ["not with four plugins, whatever share they are", { roster: 5, silent: 4 }, false],
    ["with five", { roster: 12, silent: 5 }, true],
    ["undiluted by shops lost long ago", { roster: 5000, silent: 100, lost: 3000 }, true],
  ];
  it.each(cases)("%s", (_, { roster, silent, lost = 0 }, storm) => {
    const facts = { now: T0, roster, silent, fresh: silent, lost, newly: silent };
    expect(judgeStorm(newStorm(T0), facts).storm).toBe(storm);
  });

  it("not with as many that fell silent one after the other over the day", () => {
    const fleet = aFleet(100);
    for (let i = 0; i < 60; i++) fleet.fallSilent([i], T0 + i * 20 * MINUTE);
    expect(fleet.storms).toEqual([]);
  });

  it("by the fleet's own history: what is near the usual there is no storm, and a storm in a quiet fleet", () => {
    /** 10 plugins a minute fall silent for ten minutes: 50 of 1,000 within five, more than a twentieth. */
    const busyHour = (fleet: ReturnType<typeof aFleet>, from: number) => {
      for (let t = 0; t < 60; t++) {
        fleet.fallSilent(range(10 * t, 10 * (t + 1)), from + t * MINUTE);
        fleet.comeBack(range(10 * (t - 10), 10 * (t - 9)), from + t * MINUTE);
      }
    };
    const days = 7;
    const restless = aFleet(1000);
    for (let t = 1; t <= days * 1440; t++) {
      const from = (4 * t) % 1000;
      restless.fallSilent(range(from, from + 4), T0 + t * MINUTE);
      restless.comeBack(range((from + 960) % 1000, ((from + 960) % 1000) + 4), T0 + t * MINUTE);
    }
    expect(usualRate(restless.state, 1000)).toBeGreaterThan(3);
    busyHour(restless, T0 + (days * 1440 + 60) * MINUTE);
    expect(restless.storms).toEqual([]);
    restless.fallSilent(range(0, 1000), T0 + (days * 1440 + 200) * MINUTE);
    expect(restless.storms).toHaveLength(1);

    const quiet = aFleet(1000);
    quiet.judge(T0 + days * 1440 * MINUTE);
    busyHour(quiet, T0 + (days * 1440 + 60) * MINUTE);
    expect(quiet.storms).toHaveLength(1);
  });

  it("with the figures that decided it, in words too", () => {
    const facts = { now: T0, roster: 100, silent: 30, fresh: 30, lost: 0, newly: 30 };
    const { value, bound, explanation } = judgeStorm(newStorm(T0), facts);
    expect({ value, bound }).toEqual({ value: 30, bound: enterCount(100) });
    expect(explanation).toContain("30 of 100 plugins fell silent within 5 minutes");
  });
});

describe("a storm ends", () => {
  const underWay = () => {
    const fleet = aFleet(100);
    fleet.fallSilent(range(0, 40), T0);
    expect(fleet.storms).toHaveLength(1);
    return fleet;
  };

  it("when contact has been back for two minutes, and not before", () => {
    const fleet = underWay();
    expect(fleet.comeBack(range(0, 38), T0 + MINUTE).storm).toBe(true);
    expect(fleet.judge(T0 + MINUTE + CALM_MS - 1).storm).toBe(true);
    expect(fleet.judge(T0 + MINUTE + CALM_MS).storm).toBe(false);
  });

  it("not while more than half of what began it are silent, however long", () => {
    const fleet = underWay();
    fleet.comeBack(range(0, 37), T0 + MINUTE);
    expect(fleet.judge(T0 + 60 * MINUTE).storm).toBe(true);
  });

  it("only after calm without a break", () => {
    const fleet = underWay();
    fleet.comeBack(range(0, 40), T0 + MINUTE);
    fleet.fallSilent(range(0, 10), T0 + 2 * MINUTE);
    fleet.comeBack(range(0, 10), T0 + 3 * MINUTE);
    expect(fleet.judge(T0 + MINUTE + CALM_MS).storm).toBe(true);
    expect(fleet.judge(T0 + 3 * MINUTE + CALM_MS).storm).toBe(false);
    expect(fleet.storms).toHaveLength(1);
  });

  it("at the level of silence that was usual before it", () => {
    const fleet = aFleet(1000);
    for (let i = 0; i < 100; i++) fleet.fallSilent([i], T0 + i * 5 * MINUTE);
    const later = T0 + 600 * MINUTE;
    fleet.fallSilent(range(100, 1000), later);
    fleet.comeBack(range(100, 1000), later + MINUTE);
    expect(fleet.judge(later + MINUTE + CALM_MS).storm).toBe(false);
  });

  it("for shops that never come back after a day", () => {
    const fleet = underWay();
    expect(fleet.judge(T0 + LOST_AFTER_MS).storm).toBe(true);
    expect(fleet.judge(T0 + LOST_AFTER_MS + CALM_MS).storm).toBe(false);
  });

  it("without having taught the fleet that storms are usual", () => {
    const fleet = aFleet(5000);
    fleet.judge(T0 + 7 * 1440 * MINUTE);
    const before = usualRate(fleet.state, 5000);
    const later = T0 + 7 * 1440 * MINUTE + MINUTE;
    fleet.fallSilent(range(0, 5000), later);
    fleet.comeBack(range(0, 5000), later + 10 * MINUTE);
    fleet.judge(later + 20 * MINUTE);
    expect(fleet.storms).toHaveLength(1);
    expect(usualRate(fleet.state, 5000)).toBeLessThanOrEqual(before * 1.01);
  });
});

it("is judged again by the clock only while it lasts", () => {
  expect(stormWake(newStorm(T0), T0)).toBeNull();
  const fleet = aFleet(100);
  fleet.fallSilent(range(0, 40), T0);
  expect(stormWake(fleet.state, T0)).toBe(T0 + MINUTE);
  fleet.comeBack(range(0, 40), T0 + MINUTE);
  expect(stormWake(fleet.state, T0 + MINUTE)).toBe(T0 + MINUTE + CALM_MS);
});

it("changes nothing when it is asked more often", () => {
  const often = aFleet(1000);
  const seldom = aFleet(1000);
  for (const [fleet, step] of [
    [often, MINUTE],
    [seldom, 10 * MINUTE],
  ] as const) {
    fleet.fallSilent([1, 2], T0 + MINUTE);
    for (let t = 10 * MINUTE; t <= 600 * MINUTE; t += step) fleet.judge(T0 + t);
  }
  expect(usualRate(often.state, 1000)).toBeCloseTo(usualRate(seldom.state, 1000), 3);
});

describe("simulated fleets, seeded", () => {
  it("5,000 plugins that lose contact for 10 min are exactly one storm, over soon after", () => {
    const fleet = aFleet(5000);
    const random = seeded(3);
    const offset = range(0, 5000).map(() => random() * 2 * MINUTE);
    const lostAt = T0 + 60 * MINUTE;
    const steps: [number, () => void][] = [];
    for (let s = 0; s < 20 * 60; s += 5) {
      const [from, to] = [lostAt + s * 1000, lostAt + (s + 5) * 1000];
      const inStep = (at: number) => at >= from && at < to;
      // Each falls silent 45 s after its next beat was due, and is back with its first beat after the ten minutes.
      const gone = range(0, 5000).filter((n) => inStep(lostAt + (offset[n] ?? 0) + 45_000));
      const back = range(0, 5000).filter((n) => inStep(lostAt + 10 * MINUTE + (offset[n] ?? 0)));
      if (gone.length > 0) steps.push([to, () => fleet.fallSilent(gone, to)]);
      if (back.length > 0) steps.push([to, () => fleet.comeBack(back, to)]);
      steps.push([to, () => fleet.judge(to)]);
    }
    for (const [, step] of steps) step();
    expect(fleet.storms).toHaveLength(1);
    const [storm] = fleet.storms;
    expect(storm?.from).toBeLessThanOrEqual(lostAt + 1.5 * MINUTE);
    expect(storm?.to).toBeLessThanOrEqual(lostAt + 15 * MINUTE);
  });

  it.each([50, 500, 5000])("30 days of ordinary silences in %i plugins are none", (size) => {
    const fleet = aFleet(size);
    const random = seeded(size);
    let due: { plugin: number; at: number }[] = [];
    // A hundredth of the fleet a day falls silent for half an hour.
    for (let t = 1; t <= 30 * 1440; t++) {
      const now = T0 + t * MINUTE;
      const back = due.filter(({ at }) => at <= now);
      if (back.length > 0) {
        due = due.filter(({ at }) => at > now);
        fleet.comeBack(
          back.map(({ plugin }) => plugin),
          now,
        );
      }
      const gone = poisson((size * 0.01) / 1440, random);
      const plugins = range(0, gone).map(() => Math.floor(random() * size));
      due.push(...plugins.map((plugin) => ({ plugin, at: now + 30 * MINUTE })));
      if (gone > 0) fleet.fallSilent(plugins, now);
    }
    expect(fleet.storms).toEqual([]);
  });
});

describe("a storm of another signal", () => {
  const test = stormTest("webhook_fail_rate");
  const facts = { now: T0, roster: 1000, silent: 60, fresh: 60, lost: 0, newly: 60 };

  it("is one when what no cohort accounts for is a storm by itself", () => {
    const spread = judgeStorm(newStorm(T0), { ...facts, rest: () => ({ fresh: 20, reachable: 400 }) }, test);
    expect(spread.storm).toBe(true);
    expect(spread.explanation).toContain("20 of 400 beside the largest cohort");
    expect(spread.explanation).toContain("began to fail in their webhooks");
    const few = judgeStorm(newStorm(T0), { ...facts, rest: () => ({ fresh: 19, reachable: 400 }) }, test);
    expect(few.storm).toBe(false);
    expect(few.explanation).toContain("19 of 400 beside the largest cohort, where 20 would be: no storm");
  });

  it("asks what is left only when the counts are half way to a storm", () => {
    const rest = () => {
      throw new Error("asked");
    };
    expect(judgeStorm(newStorm(T0), { ...facts, fresh: 24, rest }, test).storm).toBe(false);
    expect(() => judgeStorm(newStorm(T0), { ...facts, fresh: 25, rest }, test)).toThrow("asked");
  });

  it.each(SIGNAL_TYPES)("has a longer window than silences: %s", (type) => {
    expect(stormTest(type).windowMs).toBeGreaterThan(ONSET_WINDOW_MS);
  });

  it("ends when few are affected; one that only a healing mends, when few are newly affected", () => {
    const spread = () => ({ fresh: 60, reachable: 1000 });
    const ends = (type: "webhook_fail_rate" | "webhook_disabled", silent: number, fresh: number): boolean => {
      const own = stormTest(type);
      const { state } = judgeStorm(newStorm(T0), { ...facts, rest: spread }, own);
      const later = { ...facts, silent, fresh, newly: 0 };
      const calm = judgeStorm(state, { ...later, now: T0 + MINUTE }, own).state;
      return !judgeStorm(calm, { ...later, now: T0 + MINUTE + own.calmMs }, own).storm;
    };
    expect(ends("webhook_fail_rate", 60, 0)).toBe(false);
    expect(ends("webhook_fail_rate", 24, 0)).toBe(true);
    expect(ends("webhook_disabled", 60, 0)).toBe(true);
    expect(ends("webhook_disabled", 60, 25)).toBe(false);
  });
});

it("is seen to rise half way there, when that took two minutes at most", () => {
  const test = stormTest("webhook_fail_rate");
  const at = (minutes: number, fresh: number, newly: number, state: StormState, rest = fresh) =>
    judgeStorm(
      state,
      {
        now: T0 + minutes * MINUTE,
        roster: 1000,
        silent: fresh,
        fresh,
        lost: 0,
        newly,
        rest: () => ({ fresh: rest, reachable: 1000 }),
      },
      test,
    );
  expect(at(0, 24, 24, newStorm(T0)).rising).toBe(false);
  const half = at(0, 25, 25, newStorm(T0));
  expect(half).toMatchObject({ rising: true, storm: false });
  expect(at(0, 25, 25, newStorm(T0), 10).rising).toBe(false);
  expect(at(4, 25, 0, half.state).rising).toBe(false);
  expect(at(4, 50, 25, half.state)).toMatchObject({ rising: false, storm: true });
});

describe("what one cohort accounts for", () => {
  const NONE: ReadonlySet<string> = new Set();
  const shops = (n: number, ...groups: string[]) => Array.from({ length: n }, () => ({ groups }));
  const size = (sizes: Record<string, number>) => (group: string) => sizes[group] ?? 0;

  it("is a bad release's shops: nothing is left", () => {
    const affected = shops(200, "v1.3", "p9");
    expect(restOf(affected, 5000, NONE, size({ "v1.3": 200, p9: 4000 }))).toEqual({
      fresh: 0,
      reachable: 1000,
    });
  });

  it("is the version or the platform that most share", () => {
    const affected = [...shops(50, "v1", "p9"), ...shops(50, "v2", "p9"), ...shops(3, "v1", "p8")];
    expect(restOf(affected, 1000, NONE, size({ p9: 300 }))).toEqual({ fresh: 3, reachable: 700 });
  });

  it("is what open cohorts are about, and one group besides", () => {
    const affected = [...shops(80, "v1", "p9"), ...shops(60, "v2", "p8"), ...shops(10, "v3", "p7")];
    const open = new Set(["v1", "v9"]);
    expect(restOf(affected, 1000, open, size({ v1: 80, v2: 60, p8: 70, v9: 500 }))).toEqual({
      fresh: 10,
      reachable: 850,
    });
  });

  it("leaves most of a failure that all share", () => {
    const affected = [...shops(400, "v1"), ...shops(300, "v2"), ...shops(300, "v3")];
    expect(restOf(affected, 1000, NONE, size({ v1: 400 }))).toEqual({ fresh: 600, reachable: 600 });
  });

  it("is nothing where nothing is affected", () => {
    expect(restOf([], 1000, NONE, size({}))).toEqual({ fresh: 0, reachable: 1000 });
  });
});
