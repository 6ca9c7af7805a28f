/** Runs one way of deciding through one simulated product. */
import type { FeedbackRequest } from "../../src/contract/decision.ts";
import { DECIDERS, type DeciderName, worth } from "./deciders.ts";
import type { Forecast } from "./measure.ts";
import { type Family, incidentsOf, nameOf, PRODUCT, type SimulatedIncident } from "./world.ts";

/** An outcome is known when so many more incidents have been decided. */
const DELAY = 8;

export interface Tried extends Forecast {
  number: number;
  rolledBack: boolean;
}

export interface Run {
  tried: Tried[];
  /** By incident: worth of what was done, and of the best that could be done. */
  worth: number[];
  asked: number;
}

export function runOf(family: Family, seed: number, name: DeciderName): Run {
  const decider = DECIDERS[name]();
  const waiting: FeedbackRequest[] = [];
  const run: Run = { tried: [], worth: [], asked: 0 };
  for (const incident of incidentsOf(family, seed)) {
    if (waiting.length >= DELAY) decider.learn(waiting.shift() as FeedbackRequest); // just counted
    const choice = decider.decide(incident);
    if (choice === null) {
      run.asked += 1;
      run.worth.push(0);
      continue;
    }
    const chance = incident.chance(choice.candidate);
    const outcome = incident.outcome(choice.candidate);
    run.worth.push(worth(chance));
    run.tried.push({
      number: incident.number,
      said: choice.confidence,
      healed: outcome === "success",
      rolledBack: outcome === "rolled_back",
      chance,
      ...(choice.interval === undefined ? {} : { interval: choice.interval }),
    });
    waiting.push(feedbackOf(incident, choice, outcome));
  }
  return run;
}

function feedbackOf(
  { request, number }: SimulatedIncident,
  {
    candidate,
    confidence,
  }: {
    candidate: {
      action: FeedbackRequest["action"];
      version?: string | undefined;
      remedy?: string | undefined;
    };
    confidence: number;
  },
  outcome: FeedbackRequest["outcome"],
): FeedbackRequest {
  const { incident, plugin } = request;
  return {
    attempt_id: `${incident.id.replace("inc_", "att_").replace(/_1$/, "")}_1`,
    incident_id: incident.id,
    plugin_id: plugin.id,
    product: PRODUCT,
    signature: incident.signature,
    incident_type: incident.type,
    env: plugin.env,
    from_version: plugin.version,
    action: candidate.action,
    ...(candidate.version === undefined ? {} : { target_version: candidate.version }),
    ...(candidate.remedy === undefined ? {} : { remedy: candidate.remedy }),
    confidence,
    outcome,
    reason: nameOf(candidate),
    finished_at: new Date(Date.parse(incident.detected_at) + number).toISOString(),
  };
}
