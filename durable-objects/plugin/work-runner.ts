/** Performs one request to the outside and returns its answer as an event. Never throws: no answer is an answer too. */
import type { Decision } from "../../src/contract/decision.ts";
import type { ReleaseRecord } from "../../src/contract/ops.ts";
import type { SiteProbe } from "../../src/core/detect/silence-cause.ts";
import { attemptOf } from "../../src/core/plugin/attempts.ts";
import { decideRequest } from "../../src/core/plugin/candidates.ts";
import { incidentById } from "../../src/core/plugin/draft.ts";
import type { GateFacts, PluginEvent } from "../../src/core/plugin/event.ts";
import { chosen } from "../../src/core/plugin/on-work.ts";
import type { IncidentState, PluginState, Work } from "../../src/core/plugin/state.ts";
import type { Env } from "../../src/env.ts";
import { decide, siraPorts } from "../../src/services/sira-service.ts";
import { probeDenied, probeOptions, probeSite } from "../../src/services/site-probe.ts";
import { smoke } from "../../src/services/staging-service.ts";
import { publisherKeys } from "../../src/settings.ts";
import { fleetOf, policyOf, releasesOf, siraOf } from "../stubs.ts";
import { admissionRequest, placeFor } from "./gate-requests.ts";
import { policyForIntervals } from "./policy-cache.ts";

/** The runner's own limits add up to less; longer than this it is gone. */
const STAGING_TIMEOUT_MS = 120_000;

export async function perform(work: Work, state: PluginState, env: Env): Promise<PluginEvent> {
  try {
    switch (work.kind) {
      case "triage":
        return await performTriage(work, state, env);
      case "decide":
        return await performDecide(work, state, env);
      case "gate":
        return await performGate(work, state, env);
      case "stage":
        return await performStage(work, state, env);
      default:
        return work satisfies never;
    }
  } catch (error) {
    return failed(work, error instanceof Error ? error.message : String(error), false);
  }
}

function failed(work: Work, why: string, final: boolean): PluginEvent {
  return { type: "work_failed", workId: work.id, why: why.slice(0, 300), final };
}

/** In a storm nobody looks: it would be thousands of shops, for a fault that is not theirs. */
async function performTriage(
  work: Extract<Work, { kind: "triage" }>,
  state: PluginState,
  env: Env,
): Promise<PluginEvent> {
  const fleet = fleetOf(env);
  const guard = await fleet.guard();
  const facts = (probe: SiteProbe | null): PluginEvent => ({
    type: "triaged",
    workId: work.id,
    facts: { guard, probe },
  });
  if (guard.storm || state.siteUrl === null) return facts(null);
  const granted = await fleet.takeProbe();
  return facts(granted ? await probeSite(state.siteUrl, probeOptions(env)) : probeDenied());
}

async function performDecide(
  work: Extract<Work, { kind: "decide" }>,
  state: PluginState,
  env: Env,
): Promise<PluginEvent> {
  const incident = incidentById(state, work.incidentId);
  if (incident === null) return failed(work, "the incident is closed", true);
  // In a storm no automatic attempt passes the gate: the decision is put off until it is over.
  const guard = await fleetOf(env).guard();
  if (guard.storm) return { type: "triaged", workId: work.id, facts: { guard, probe: null } };
  const now = Date.now();
  const [offers, policy] = await Promise.all([
    releasesOf(env, state.product).offers({ env: state.env }),
    policyForIntervals(env, now),
  ]);
  const request = decideRequest(state, incident, offers, policy, now);
  const decision = await decide(request, siraPorts(env, siraOf(env, state.product)));
  const release = offers.releases.find((candidate) => candidate.version === decision.patch_version) ?? null;
  const shadow =
    policy.mode === "shadow" ? await shadowFacts(state, incident, { decision, release }, env) : null;
  return { type: "decided", workId: work.id, decision, release, ...(shadow === null ? {} : { shadow }) };
}

/** What the gate would be told, when the authority's mode is `shadow` too; no slot is taken. Null in every other mode. */
async function shadowFacts(
  state: PluginState,
  incident: IncidentState,
  { decision, release }: { decision: Decision; release: ReleaseRecord | null },
  env: Env,
): Promise<GateFacts | null> {
  const policy = await policyOf(env).read();
  if (policy.document.mode !== "shadow") return null;
  const change = { incident, decision, release: release && chosen(release), requestedBy: null };
  const attempt = attemptOf(state, change, state.numbers.attempt + 1, Date.now());
  const request = admissionRequest(state, attempt, policy.document);
  const [admission, guard] = await Promise.all([
    request === null ? null : releasesOf(env, state.product).check(request),
    fleetOf(env).guard(),
  ]);
  return { policy: policy.document, policyRevision: policy.revision, admission, guard };
}

async function performGate(
  work: Extract<Work, { kind: "gate" }>,
  state: PluginState,
  env: Env,
): Promise<PluginEvent> {
  const { attempt } = state;
  if (attempt === null || attempt.row.id !== work.attemptId) return failed(work, "the attempt is over", true);
  const policy = await policyOf(env).read();
  const request = admissionRequest(state, attempt, policy.document);
  const admission = request === null ? null : await releasesOf(env, state.product).check(request);
  // Of those that wait because the hour is used up only as many go on as there are places by now.
  const waits = attempt.phase.name === "awaiting_approval";
  const place = waits ? placeFor(state, attempt, policy.document, admission) : undefined;
  const guard = await fleetOf(env).guard(place);
  const facts: GateFacts = { policy: policy.document, policyRevision: policy.revision, admission, guard };
  return { type: "gate_facts", workId: work.id, facts };
}

async function performStage(
  work: Extract<Work, { kind: "stage" }>,
  state: PluginState,
  env: Env,
): Promise<PluginEvent> {
  const { attempt } = state;
  if (attempt === null || attempt.row.id !== work.attemptId || attempt.release === null)
    return failed(work, "the attempt is over", true);
  const { release } = attempt;
  const result = await smoke(
    {
      attempt_id: attempt.row.id,
      release: release.signed,
      publisher_keys: publisherKeys(env),
      artifact_url: new URL(`/artifacts/${release.sha256}`, env.PUBLIC_URL).href,
    },
    env,
    STAGING_TIMEOUT_MS,
  );
  if (!result.ok) return failed(work, `${result.reason}: ${result.detail}`, false);
  // A file that did not reach the runner is no finding about the release.
  const download = result.value.checks.find((check) => check.name === "download" && !check.ok);
  if (download)
    return failed(work, `the runner could not download the release: ${download.reason ?? "?"}`, false);
  return { type: "staged", workId: work.id, reply: result.value };
}
