/** Ways of deciding, each with what it believes of its choice. Null: a person is asked. */

import { SiraMemory } from "../../sim/sira-memory.ts";
import type { Candidate, FeedbackRequest } from "../../src/contract/decision.ts";
import { beliefIn } from "../../src/core/sira/belief.ts";
import { betaMean, betaQuantile } from "../../src/core/sira/beta.ts";
import { decide } from "../../src/core/sira/decide.ts";
import { drawsFor } from "../../src/core/sira/draws.ts";
import { heuristicDecision, priorConfidence } from "../../src/core/sira/heuristics.ts";
import { placeOf } from "../../src/core/sira/lesson.ts";
import { stablePercent } from "../../src/core/stable-hash.ts";
import type { SimulatedIncident } from "./world.ts";

export interface Choice {
  candidate: Candidate;
  confidence: number;
  interval?: [number, number];
}

export interface Decider {
  decide(incident: SimulatedIncident): Choice | null;
  learn(feedback: FeedbackRequest): void;
}

export const DECIDERS = {
  "SIRA, best known": () => sira(false),
  "SIRA, exploring": () => sira(true),
  "rules alone": rules,
  "always patch": alwaysPatch,
  random: anyMove,
  "random, foretold by SIRA": anyMoveForetold,
  oracle,
} as const;
export type DeciderName = keyof typeof DECIDERS;

const nothing = () => undefined;

function sira(explores: boolean): Decider {
  const memory = new SiraMemory();
  return {
    decide({ request }) {
      const allowed = {
        actions: [...new Set(request.candidates.map(({ action }) => action))],
        min_confidence: 0.5,
        steps: ["patch" as const, "minor" as const, "major" as const, "downgrade" as const],
      };
      const asked = explores ? { ...request, allowed } : request;
      const reply = decide(asked, memory, explores ? drawsFor(request) : undefined);
      const candidate = chosenOf(request.candidates, reply);
      if (candidate === null) return null;
      const { confidence, interval } = reply;
      return { candidate, confidence, ...(interval === undefined ? {} : { interval }) };
    },
    learn: (feedback) => void memory.learn(feedback),
  };
}

function rules(): Decider {
  return {
    decide({ request }) {
      const reply = heuristicDecision(request);
      const candidate = chosenOf(request.candidates, reply);
      return candidate === null ? null : { candidate, confidence: reply.confidence };
    },
    learn: nothing,
  };
}

/** The next release above, as sure of it as the rule of thumb is. */
function alwaysPatch(): Decider {
  return {
    decide({ request }) {
      const [candidate] = request.candidates
        .filter(({ action }) => action === "patch")
        .sort((a, b) => ((a.version ?? "") < (b.version ?? "") ? -1 : 1));
      return candidate === undefined ? null : { candidate, confidence: 0.7 };
    },
    learn: nothing,
  };
}

function anyMove(): Decider {
  return {
    decide({ request, number }) {
      const { candidates } = request;
      const candidate = candidates[Math.floor((stablePercent(`any|${number}`) / 100) * candidates.length)];
      return candidate === undefined ? null : { candidate, confidence: 0.5 };
    },
    learn: nothing,
  };
}

/** The same moves, with what SIRA believes of them: how well it foretells what it would not have chosen. */
function anyMoveForetold(): Decider {
  const memory = new SiraMemory();
  const any = anyMove();
  return {
    decide(incident) {
      const choice = any.decide(incident);
      if (choice === null) return null;
      const { request } = incident;
      const { action, version, remedy } = choice.candidate;
      const { type, signature } = request.incident;
      const { env, version: from } = request.plugin;
      const belief = beliefIn(
        placeOf({ type, signature, env, from, action, version, remedy }),
        priorConfidence(choice.candidate, request),
        memory,
      );
      const interval: [number, number] = [betaQuantile(belief, 0.05), betaQuantile(belief, 0.95)];
      return { candidate: choice.candidate, confidence: betaMean(belief), interval };
    },
    learn: (feedback) => void memory.learn(feedback),
  };
}

/** Knows the truth. */
function oracle(): Decider {
  return {
    decide({ request, chance }) {
      const [best] = request.candidates
        .map((candidate) => ({ candidate, confidence: chance(candidate) }))
        .sort((a, b) => b.confidence - a.confidence);
      return best === undefined || worth(best.confidence) < 0 ? null : best;
    },
    learn: nothing,
  };
}

/** What a move with this chance is worth on average: 1 for a shop healed at once, less for one disturbed in vain; asking a person: 0. */
export function worth(chance: number): number {
  return chance - (1 - chance) * 0.35;
}

function chosenOf(
  candidates: readonly Candidate[],
  reply: { action: string; patch_version?: string | undefined; remedy?: string | undefined },
): Candidate | null {
  return (
    candidates.find(
      ({ action, version, remedy }) =>
        action === reply.action && version === reply.patch_version && remedy === reply.remedy,
    ) ?? null
  );
}
