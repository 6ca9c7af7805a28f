/** One shop's story, told through the public API only: the order book changes, an incident opens, an attempt ends it. */
import { type Attempt, TERMINAL_STATUSES } from "../../src/contract/attempt.ts";
import type { Incident } from "../../src/contract/incident.ts";
import { ActionReply, AttemptPage, IncidentDetail, IncidentPage } from "../../src/contract/ops.ts";
import type { Api } from "../stack/ops-client.ts";
import { call, OpsRefusal, until } from "./ops.ts";
import type { DemoShop } from "./roster.ts";

/** Detection waits for the next regular beat (120 s with jitter) at worst, then for one or two fast ones. */
const DETECT_TIMEOUT_MS = 240_000;
/** Staging, the next beat, 90 s of health check, an inconclusive stretch. */
const ATTEMPT_TIMEOUT_MS = 420_000;

export interface StoryContext {
  api: Api;
  signal: AbortSignal;
  log: (line: string) => void;
}

/** What a story came to; `failure` says what was missing. */
export interface StoryResult {
  shop: DemoShop;
  /** When the scenario changed the shop's orders (ms since epoch). */
  onsetAt: number;
  incident: Incident | null;
  attempt: Attempt | null;
  /** Codes and texts of the incident's commands that failed. */
  commandErrors: string[];
  /** The version on the shop's own disk at the end. */
  versionOnDisk: string | null;
  failure: string | null;
}

function isTerminal(attempt: Attempt): boolean {
  return TERMINAL_STATUSES.some((status) => status === attempt.status);
}

/** Waits for the shop's open incident. */
export function incidentOf(context: StoryContext, shop: DemoShop, pluginId: string): Promise<Incident> {
  const { api, signal } = context;
  return until(`an incident of ${shop.id}`, { timeoutMs: DETECT_TIMEOUT_MS, signal }, async () => {
    const { items } = await call(
      api,
      IncidentPage,
      `/api/ops/plugin-incidents?plugin_id=${pluginId}&status=open,unknown,healing,escalated,baking`,
    );
    return items[0];
  });
}

/** True when this change has been tried on the plugin before, in an earlier run. */
export async function wasTried(context: StoryContext, pluginId: string, version: string): Promise<boolean> {
  const { items } = await call(
    context.api,
    AttemptPage,
    `/api/ops/autopatch-attempts?plugin_id=${pluginId}&target_version=${version}`,
  );
  return items.length > 0;
}

/** A person orders a patch by hand. */
export function orderPatch(
  context: StoryContext,
  incident: Incident,
  version: string,
  reason: string,
): Promise<Attempt> {
  const { api, signal } = context;
  const path = `/api/ops/plugin-incidents/${incident.id}/manual-action`;
  return until(`leave to patch to ${version}`, { timeoutMs: 60_000, signal }, async () => {
    try {
      const json = { action: "patch", version, reason };
      return (await call(api, ActionReply, path, { json, as: "dev:ada" })).attempt;
    } catch (error) {
      // Something is under way on this plugin at this moment.
      if (error instanceof OpsRefusal && error.code === "conflict") return null;
      throw error;
    }
  });
}

/** Waits for the end of the attempt that `pick` finds among the incident's, approving where the policy demands a second person. */
export function endOfAttempt(
  context: StoryContext,
  incident: Incident,
  pick: (attempt: Attempt) => boolean,
): Promise<{ detail: IncidentDetail; attempt: Attempt }> {
  const { api, signal, log } = context;
  let lastStatus = "";
  return until(
    `the end of the attempt on ${incident.merchant_id}`,
    { timeoutMs: ATTEMPT_TIMEOUT_MS, signal },
    async () => {
      const detail = await call(api, IncidentDetail, `/api/ops/plugin-incidents/${incident.id}`);
      const attempt = detail.attempts.find(pick);
      if (!attempt) return null;
      if (attempt.status !== lastStatus) {
        lastStatus = attempt.status;
        log(
          `${incident.merchant_id}: ${attempt.action} to ${attempt.target_version ?? "-"} is ${attempt.status}`,
        );
      }
      if (attempt.status === "awaiting_approval" && attempt.requested_by === "dev:ada")
        await approve(context, attempt);
      return isTerminal(attempt) ? { detail, attempt } : null;
    },
  );
}

/** Grace did not ask for it, so she may approve it. */
async function approve({ api, log }: StoryContext, attempt: Attempt): Promise<void> {
  if (attempt.approvals.some(({ person }) => person === "dev:grace")) return;
  try {
    await call(api, ActionReply, `/api/ops/plugin-incidents/${attempt.incident_id}/approve`, {
      as: "dev:grace",
      json: { attempt_id: attempt.id, evidence_hash: attempt.evidence_hash, reason: "demo: second person" },
    });
    log(`${attempt.merchant_id}: approved by a second person`);
  } catch (error) {
    // The list that we read lags behind the plugin's own object by a moment.
    if (!(error instanceof OpsRefusal && error.code === "conflict")) throw error;
  }
}
