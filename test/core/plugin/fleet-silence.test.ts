/** A whole fleet through the real reducer and the real storm guard: our own ingest is away, every shop is up. */
import { describe, expect, it } from "vitest";
import type { LedgerRecord } from "../../../src/contract/ledger.ts";
import { judgeStorm, LOST_AFTER_MS, newStorm } from "../../../src/core/fleet/storm.ts";
import { ONSET_WINDOW_MS } from "../../../src/core/fleet/storm-tests.ts";
import type { OutboxMessage } from "../../../src/core/plugin/draft.ts";
import { enrollPlugin } from "../../../src/core/plugin/enroll.ts";
import type { PluginEvent } from "../../../src/core/plugin/event.ts";
import { nextWake } from "../../../src/core/plugin/schedule.ts";
import type { PluginState, Work } from "../../../src/core/plugin/state.ts";
import { step } from "../../../src/core/plugin/step.ts";
import { aHeartbeat, T0 } from "../../builders/heartbeat.ts";
import { aDecision, aPolicy, aRelease } from "../../builders/release.ts";
import { seeded } from "../../builders/seeded.ts";
import { aProbe } from "../../builders/site-probe.ts";

const MINUTE_MS = 60_000;
const policy = aPolicy({ mode: "auto" });

class Fleet {
  now = T0;
  readonly plugins: { state: PluginState; beatsAt: number }[];
  readonly sent: OutboxMessage[] = [];
  readonly #silentSince = new Map<string, number>();
  #storm = newStorm(T0);
  storms = 0;
  /** Beats do not arrive in this time. */
  outage: [from: number, to: number];

  constructor(size: number, outage: [from: number, to: number]) {
    this.outage = outage;
    const random = seeded(11);
    this.plugins = Array.from({ length: size }, (_, i) => {
      const enrollment = {
        id: `plg_${String(i).padStart(27, "A")}`,
        merchantId: `shop-${i}`,
        product: "molam-woocommerce",
        version: "1.2.2",
        env: {},
        siteUrl: `https://shop-${i}.molam.shop/`,
        credential: { kind: "hmac", sealed: "v1.x" } as const,
      };
      const { state } = enrollPlugin(enrollment, "Shop", policy.intervals.heartbeat_s, T0);
      return { state, beatsAt: T0 + Math.floor(random() * 120_000) };
    });
  }

  run(until: number): this {
    for (; this.now < until; this.now += 1000)
      for (const plugin of this.plugins) {
        if (plugin.beatsAt <= this.now) this.#beat(plugin);
        const wake = nextWake({ ...plugin.state, work: [] }, policy.intervals);
        if (wake !== null && wake <= this.now) this.#apply(plugin, { type: "tick" });
        for (const work of plugin.state.work)
          if (work.notBefore <= this.now) this.#apply(plugin, this.#answer(plugin.state, work));
      }
    return this;
  }

  #beat(plugin: Fleet["plugins"][number]): void {
    const [from, to] = this.outage;
    if (this.now < from || this.now >= to) {
      const { id, seq } = plugin.state;
      this.#apply(plugin, { type: "beat", beat: aHeartbeat({ plugin_id: id, seq: seq + 1 }) });
    }
    plugin.beatsAt = this.now + plugin.state.askedS * 1000;
  }

  #apply(plugin: Fleet["plugins"][number], event: PluginEvent): void {
    const stepped = step(plugin.state, event, { now: this.now, policy });
    if (!stepped.ok) throw new Error(stepped.refusal.reason);
    plugin.state = stepped.value.state;
    for (const message of stepped.value.outbox) {
      this.sent.push(message);
      if (message.to === "fleet" && message.report === "presence")
        this.#presence(plugin.state.id, message.silent);
    }
  }

  #presence(id: string, silent: boolean): void {
    if (silent) this.#silentSince.set(id, this.now);
    else this.#silentSince.delete(id);
    this.#guard(silent ? 1 : 0);
  }

  #guard(newly: number) {
    const ages = [...this.#silentSince.values()].map((since) => this.now - since);
    const silent = ages.filter((age) => age < LOST_AFTER_MS).length;
    const facts = {
      now: this.now,
      roster: this.plugins.length,
      silent,
      fresh: ages.filter((age) => age <= ONSET_WINDOW_MS).length,
      lost: ages.length - silent,
      newly,
    };
    const before = this.#storm.storm !== null;
    const verdict = judgeStorm(this.#storm, facts);
    this.#storm = verdict.state;
    if (verdict.storm && !before) this.storms += 1;
    const { storm, explanation } = verdict;
    return { storm, explanation, autonomy: "normal", actions_last_hour: 0 } as const;
  }

  /** Every shop is up, and a decision service would patch them all. */
  #answer(state: PluginState, work: Work): PluginEvent {
    const guard = this.#guard(0);
    if (work.kind === "triage")
      return { type: "triaged", workId: work.id, facts: { guard, probe: guard.storm ? null : aProbe() } };
    if (work.kind === "decide")
      return {
        type: "decided",
        workId: work.id,
        decision: aDecision({ patch_version: "1.2.3" }),
        release: aRelease({ version: "1.2.3" }),
      };
    throw new Error(`${state.id} asks for ${work.kind}`);
  }

  kinds(): Map<LedgerRecord["kind"], number> {
    const counts = new Map<LedgerRecord["kind"], number>();
    for (const message of this.sent)
      if (message.to === "ledger")
        counts.set(message.record.kind, (counts.get(message.record.kind) ?? 0) + 1);
    return counts;
  }

  incidents() {
    return this.plugins.flatMap(({ state }) => state.incidents.map(({ row }) => row));
  }
}

describe("a fleet of 300 that loses contact for ten minutes", () => {
  const from = T0 + 10 * MINUTE_MS;
  const fleet = new Fleet(300, [from, from + 10 * MINUTE_MS]);

  it("Invariant 10: is one storm: every silence is unknown, nothing is decided, nobody is told", () => {
    fleet.run(from + 9.5 * MINUTE_MS);
    expect(fleet.storms).toBe(1);
    expect(fleet.incidents()).toHaveLength(300);
    expect(new Set(fleet.incidents().map(({ status, cause }) => `${status} ${cause}`))).toEqual(
      new Set(["unknown ingest"]),
    );
  });

  it("is asked for slower beats while it comes back, and for the ordinary ones a quarter of an hour later", () => {
    const slow = () => fleet.plugins.filter(({ state }) => state.askedS > 200).length;
    fleet.run(from + 13 * MINUTE_MS);
    expect(slow()).toBeGreaterThan(250);
    fleet.run(from + 30 * MINUTE_MS);
    expect(slow()).toBe(0);
  });

  it("has nothing open afterwards, no attempt and no notification, and three lines for each incident", () => {
    expect(fleet.storms).toBe(1);
    expect(fleet.incidents()).toEqual([]);
    const kinds = fleet.kinds();
    expect([kinds.get("attempt"), kinds.get("notification")]).toEqual([undefined, undefined]);
    expect(kinds.get("event")).toBe(3 * 300);
  });
});
