/** The moves of a random life, as fast-check draws them: what a shop, people, services and the clock may do, sensible or not. */
import fc from "fast-check";
import { FAIL_CODES } from "../../../src/contract/command.ts";
import { COMMAND_OUTCOMES } from "../../../src/contract/heartbeat.ts";
import type { ManualAction } from "../../../src/contract/ops.ts";
import type { PluginOrder } from "../../../src/contract/order.ts";
import type { PolicyDocument } from "../../../src/contract/policy.ts";
import { aPolicy } from "../../builders/release.ts";

export const VERSIONS = ["1.2.2", "1.2.3", "1.3.0", "1.2.1"] as const;
const version = fc.constantFrom(...VERSIONS);
const pick = fc.nat(11);
const wait = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 60 }) },
  { weight: 2, arbitrary: fc.integer({ min: 60, max: 1200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1200, max: 100_000 }) },
);

export const POLICIES: readonly PolicyDocument[] = [
  aPolicy(),
  aPolicy({ max_severity: "critical", approvals: { by_severity: { high: 0, critical: 0 }, by_step: {} } }),
  aPolicy({ kill_switch: true }),
  aPolicy({ mode: "off" }),
  aPolicy({ mode: "approve-only" }),
  aPolicy({ mode: "shadow" }),
  aPolicy({ approvals: { by_severity: { low: 2, medium: 2, high: 3, critical: 3 } } }),
  aPolicy({ limits: { attempts_per_plugin_per_day: 1 } }),
  aPolicy({ intervals: { command_ttl_s: 30, apply_s: 60, verify_s: 10, verify_limit_s: 10, bake_s: 10 } }),
  aPolicy({ intervals: { reopen_s: 86_400 } }),
  aPolicy({ intervals: { reopen_s: 0 } }),
  aPolicy({ mutes: [{ type: "webhook_fail_rate", until: "2026-03-02T14:00:00Z", reason: "known" }] }),
  aPolicy({
    maintenance: [
      { scope: "all", from: "2026-03-02T12:10:00Z", until: "2026-03-02T13:00:00Z", reason: "migration" },
    ],
  }),
];

const counts = fc.record({
  errors: fc.nat(30),
  requests: fc.nat(60),
  sent: fc.nat(40),
  failed: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(40) }),
});

const beat = fc.record({
  kind: fc.constant("beat" as const),
  wait,
  counts,
  /** Null: the version the shop is believed to run. */
  version: fc.option(version, { nil: null, freq: 6 }),
  boot: fc.nat(2),
  state: fc.constantFrom("running" as const, "running" as const, "probation" as const, "goodbye" as const),
  cadence: fc.constantFrom("resident" as const, "resident" as const, "page-view" as const),
  subscription: fc.constantFrom("active" as const, "disabled" as const, "unknown" as const, undefined),
  probesOk: fc.constantFrom(undefined, true, true, false),
  last: fc.option(fc.record({ pick, outcome: fc.constantFrom(...COMMAND_OUTCOMES) }), { freq: 2 }),
  errorName: fc.option(fc.constantFrom("a", "b", "c"), { freq: 2 }),
  stale: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
});

export type Admitted = "active" | "full" | "halted" | "none" | "paused" | "held" | "below_floor";

const facts = fc.record({
  policy: fc.nat(POLICIES.length - 1),
  admission: fc.constantFrom<Admitted>(
    "active",
    "active",
    "active",
    "full",
    "halted",
    "none",
    "paused",
    "held",
    "below_floor",
  ),
  storm: fc.integer({ min: 0, max: 8 }).map((n) => n === 0),
});

/** What the outside does when all goes as it should; the other moves disturb it. */
const advance = fc.record({
  kind: fc.constant("advance" as const),
  wait: fc.integer({ min: 0, max: 20 }),
  version,
});

const answer = fc.record({
  kind: fc.constant("answer" as const),
  pick,
  remedy: fc.boolean(),
  action: fc.constantFrom(
    "patch" as const,
    "rollback" as const,
    "config" as const,
    "resubscribe" as const,
    "escalate" as const,
    "monitor" as const,
  ),
  version: fc.option(version),
  inCatalogue: fc.boolean(),
  reversible: fc.boolean(),
  failed: fc.constantFrom<"no" | "once" | "final">("no", "no", "once", "final"),
  ok: fc.boolean(),
  facts,
});

const person = fc.constantFrom("ada", "grace", "linus", "edsger");
const move = fc.oneof(
  { weight: 8, arbitrary: beat },
  { weight: 10, arbitrary: advance },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("tick" as const), wait }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("due" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("ack" as const), pick, version }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      pick,
      code: fc.constantFrom(...FAIL_CODES),
      version: fc.option(version),
    }),
  },
  { weight: 3, arbitrary: answer },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("handOver" as const), facts }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("approve" as const),
      person,
      decision: fc.constantFrom("approve" as const, "approve" as const, "reject" as const),
      rightEvidence: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("act" as const),
      pick,
      person,
      action: fc.constantFrom<ManualAction["action"]>(
        "patch",
        "rollback",
        "config",
        "retry",
        "acknowledge",
        "resolve",
        "escalate",
        "dismiss",
        "snooze",
        "vote",
      ),
      version,
      inCatalogue: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("order" as const),
      order: fc.constantFrom<PluginOrder["kind"]>("cancel", "revert", "revert"),
      cause: fc.constantFrom<PluginOrder["cause"]>("canary", "person", "emergency"),
      /** Of an earlier attempt, or without a number. */
      attempt: fc.option(fc.nat(3), { freq: 3 }),
      dryRun: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      inCatalogue: fc.boolean(),
    }),
  },
);
export type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;
export const aLife = (length: number) =>
  fc.array(move, { minLength: length / 2, maxLength: length * 1.5, size: "max" });

/** So many undisturbed moves end a whole attempt, from the fault to what is kept or taken back. */
const undisturbed = fc
  .tuple(advance, fc.integer({ min: 5, max: 30 }))
  .map(([one, times]): Move[] => Array.from({ length: times }, () => one));
const stretch = fc.oneof(
  { weight: 3, arbitrary: move.map((one): Move[] => [one]) },
  { weight: 1, arbitrary: undisturbed },
);
/** A life of many moves in which attempts often come to their good end; where every move is drawn alone hardly one in a hundred does. */
export const aHealingLife = (stretches: number) =>
  fc
    .array(stretch, { minLength: stretches / 2, maxLength: stretches * 1.5, size: "max" })
    .map((parts) => parts.flat());
