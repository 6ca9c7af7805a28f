/** The events that are raced. Each is made of what its giver saw where the race began; null where it cannot happen. */
import type { FailCode } from "../../../src/contract/command.ts";
import type { ManualAction } from "../../../src/contract/ops.ts";
import type { PluginOrder } from "../../../src/contract/order.ts";
import { nextWake } from "../../../src/core/plugin/schedule.ts";
import type { PluginState, Work } from "../../../src/core/plugin/state.ts";
import { A_PLUGIN_ID } from "../../builders/heartbeat.ts";
import { aDecision, aPerson, aRelease } from "../../builders/release.ts";
import type { Grid, Track } from "./race-track.ts";

type Run = (track: Track) => void;
export type Racer = (seen: Grid) => Run | null;

function attemptSeen({ state }: Grid) {
  return state.attempt;
}

function commandSeen(state: PluginState) {
  return state.commands.find(({ row }) => row.finished_at === null) ?? null;
}

/** A command that has left, live or not: the shop may still speak of it. */
function commandInShop(state: PluginState) {
  return state.commands.findLast(({ row }) => row.handed_over_at !== null) ?? null;
}

function workSeen<K extends Work["kind"]>(state: PluginState, kind: K) {
  return state.work.find((work): work is Extract<Work, { kind: K }> => work.kind === kind) ?? null;
}

function answer(decision: "approve" | "reject"): Racer {
  return (seen) => {
    const attempt = attemptSeen(seen);
    const asked =
      attempt?.phase.name === "awaiting_approval" ||
      (attempt?.phase.name === "verifying" && attempt.phase.askedUntil !== null);
    if (!attempt || !asked) return null;
    const { id, incident_id: incidentId, evidence_hash } = attempt.row;
    const input = { attempt_id: id, decision, evidence_hash, reason: "seen" };
    return (track) => {
      track.apply({ type: "approve", incidentId, input, person: aPerson("grace") });
    };
  };
}

function act(action: ManualAction): Racer {
  return ({ state }) => {
    const incidentId = state.incidents[0]?.row.id;
    if (incidentId === undefined) return null;
    const release = action.action === "patch" ? aRelease({ version: "1.3.0" }) : null;
    return (track) => {
      track.apply({ type: "act", incidentId, action, person: aPerson("ada"), release });
    };
  };
}

/** The authority has changed its mind; who waits for the gate's facts is told so. */
function authority(change: (track: Track) => void): Racer {
  return ({ state }) => {
    const work = workSeen(state, "gate");
    return (track) => {
      change(track);
      if (work) track.apply({ type: "gate_facts", workId: work.id, facts: track.facts() });
    };
  };
}

function report(code: FailCode, version: (state: PluginState) => string | undefined): Racer {
  return ({ state }) => {
    const command = commandInShop(state);
    if (command === null) return null;
    const runs = version(state);
    return (track) => {
      if (runs !== undefined) track.shopVersion = runs;
      track.apply({
        type: "fail",
        data: {
          plugin_id: A_PLUGIN_ID,
          command_id: command.row.id,
          error: { code, message: "because" },
          ...(runs === undefined ? {} : { version: runs }),
        },
      });
    };
  };
}

const fromVersion = ({ attempt }: PluginState) => attempt?.row.from_version ?? "1.2.2";
const targetVersion = ({ attempt }: PluginState) => attempt?.row.target_version ?? "1.2.3";

function ack(times: number): Racer {
  return ({ state }) => {
    const command = commandInShop(state);
    if (command === null) return null;
    const back = command.row.type === "rollback";
    const config = command.row.type === "config";
    const version = config ? state.version : back ? fromVersion(state) : targetVersion(state);
    return (track) => {
      for (let i = 0; i < times; i++) {
        track.shopVersion = version;
        track.ack(command.row.id, version);
      }
    };
  };
}

function beatOf(version: (state: PluginState) => string): Racer {
  return ({ state }) => {
    const runs = version(state);
    return (track) => {
      track.shopVersion = runs;
      track.beat(5, 0);
    };
  };
}

/** Sent again for want of an answer: it tells of the shop as its sender saw it, whatever has happened since. */
const builtBefore: Racer = ({ state, shopVersion: version, counters }) => {
  const { runState, seq } = state;
  return (track) => {
    track.beat(0, 0, { seq: seq + 1, version, state: runState, counters });
  };
};

function staged(ok: boolean): Racer {
  return ({ state }) => {
    const work = workSeen(state, "stage");
    if (work === null) return null;
    const checks = [{ name: "smoke" as const, ok, ms: 3, log: "tested" }];
    const reply = { ok, attempt_id: work.attemptId, checks, total_ms: 3, runner: "race" };
    return (track) => {
      track.apply({ type: "staged", workId: work.id, reply });
    };
  };
}

function order(kind: PluginOrder["kind"]): Racer {
  return () => (track) => {
    const given: PluginOrder = { kind, reason: "it hurts elsewhere", by: "test:ada", cause: "emergency" };
    track.apply({ type: "order", order: given, release: aRelease({ version: "1.2.2" }) });
  };
}

/** A decision about another incident of the same plugin, which began a moment before. */
const decision: Racer = ({ state }) => {
  if (state.incidents.some(({ row }) => row.type === "webhook_disabled")) return null;
  return (track) => {
    track.beat(0, 0, { webhook_subscription: "disabled" });
    const work = workSeen(track.state, "decide");
    if (work === null) return;
    const { patch_version: _none, ...resubscribe } = aDecision({ action: "resubscribe" });
    track.apply({ type: "decided", workId: work.id, decision: resubscribe, release: null });
  };
};

export const RACERS = {
  approve: answer("approve"),
  reject: answer("reject"),
  resolve: act({ action: "resolve", reason: "mine" }),
  "patch by hand": act({ action: "patch", version: "1.3.0", reason: "mine" }),
  "signal clears": () => (track) => {
    track.beat(300, 0);
  },
  "severity rises": () => (track) => {
    track.beat(60, 60);
  },
  "kill switch": authority(({ world }) => {
    world.killSwitch = true;
  }),
  "release halted": authority(({ world }) => {
    world.halted = true;
  }),
  "gate facts": ({ state }) => {
    const work = workSeen(state, "gate");
    if (work === null) return null;
    return (track) => {
      track.apply({ type: "gate_facts", workId: work.id, facts: track.facts() });
    };
  },
  "staging passed": staged(true),
  "staging failed": staged(false),
  "hand-over": ({ state }) => {
    const command = commandSeen(state);
    return command === null ? null : (track) => void track.handOver(command.row.id);
  },
  ack: ack(1),
  "ack twice": ack(2),
  fail: report("download_failed", () => undefined),
  "dead-man restore": report("restored", fromVersion),
  "beat with the new version": beatOf(targetVersion),
  "beat with the old version": beatOf(fromVersion),
  "beat built before": builtBefore,
  "beat with a foreign version": beatOf(() => "9.9.9"),
  goodbye: () => (track) => {
    track.beat(0, 0, { state: "goodbye" });
  },
  deadline: ({ state, policy }) => {
    const wake = nextWake({ ...state, work: [] }, policy.intervals);
    if (wake === null) return null;
    return (track) => {
      track.now = Math.max(track.now, wake);
      track.apply({ type: "tick" });
    };
  },
  decision,
  "order to cancel": order("cancel"),
  "order to take back": order("revert"),
} satisfies Record<string, Racer>;

export type RacerName = keyof typeof RACERS;
export const RACER_NAMES = Object.keys(RACERS) as RacerName[]; // The keys of a literal are its type's.
