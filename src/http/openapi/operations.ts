/** Every route of the API as a row: what it takes, what it answers, who may call it. A test holds it against the app. */
import type { OpsRoute } from "../ops/ops-roles.ts";
import type { SchemaName } from "./schemas.ts";

export type Security = "none" | "claim" | "plugin" | "ops" | "sira";

export interface Operation {
  summary: string;
  security: Security;
  query?: SchemaName;
  body?: SchemaName;
  /** Schema of the JSON answer, by success status; a sentence where it is no JSON. */
  replies: Readonly<Record<number, { schema: SchemaName } | { text: string }>>;
  /** Statuses of refusals, each with an ErrorBody. 500 goes without saying. */
  refusals: readonly number[];
}

const json = (schema: SchemaName) => ({ 200: { schema } }) as const;
const created = (schema: SchemaName) => ({ 201: { schema } }) as const;

/** What every plugin route may refuse: bad shape, identity, size, media type, flood, busy object. */
const PLUGIN = [400, 401, 413, 415, 429, 503] as const;
const READ = [401, 403, 503] as const;
const LIST = [400, ...READ] as const;
const WRITE = [400, 401, 403, 409, 413, 415, 503] as const;
const SIRA = [400, 401, 413, 415, 503] as const;

const opsOperations: Record<OpsRoute, Operation> = {
  "GET /api/ops/me": {
    summary: "Who the token is, and which roles it has",
    security: "ops",
    replies: json("Person"),
    refusals: [401, 403],
  },
  "GET /api/ops/plugin-incidents": {
    summary: "Incidents, newest first",
    security: "ops",
    query: "IncidentQuery",
    replies: json("IncidentPage"),
    refusals: LIST,
  },
  "GET /api/ops/plugin-incidents/:id": {
    summary: "One incident with its timeline, decision, attempts, commands and evidence",
    security: "ops",
    replies: json("IncidentDetail"),
    refusals: [...READ, 404],
  },
  "POST /api/ops/plugin-incidents/:id/approve": {
    summary: "Approve or reject the attempt that awaits it, for the evidence seen",
    security: "ops",
    body: "ApproveRequest",
    replies: json("ActionReply"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/plugin-incidents/:id/manual-action": {
    summary: "Patch, rollback, config, retry, acknowledge, snooze, resolve, escalate, dismiss or vote",
    security: "ops",
    body: "ManualAction",
    replies: json("ActionReply"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/fleet-incidents": {
    summary: "Storms and cohorts across shops, newest first",
    security: "ops",
    query: "FleetIncidentQuery",
    replies: json("FleetIncidentPage"),
    refusals: LIST,
  },
  "GET /api/ops/fleet-incidents/:id": {
    summary: "One storm or cohort with the shops it is about",
    security: "ops",
    replies: json("FleetIncident"),
    refusals: [...READ, 404],
  },
  "GET /api/ops/autopatch-attempts": {
    summary: "Attempts, newest first",
    security: "ops",
    query: "AttemptQuery",
    replies: json("AttemptPage"),
    refusals: LIST,
  },
  "GET /api/ops/plugins": {
    summary: "Plugins as the ledger knows them",
    security: "ops",
    query: "PluginQuery",
    replies: json("PluginPage"),
    refusals: LIST,
  },
  "GET /api/ops/plugins/:id": {
    summary: "One plugin, live",
    security: "ops",
    replies: json("PluginDetail"),
    refusals: [...READ, 404],
  },
  "GET /api/ops/releases": {
    summary: "Published releases, with where each rollout stands",
    security: "ops",
    query: "ReleaseQuery",
    replies: json("ReleaseList"),
    refusals: LIST,
  },
  "POST /api/ops/releases": {
    summary: "Publish a release: a manifest signed by enough publishers, and its file",
    security: "ops",
    body: "PublishRequest",
    replies: created("ReleaseRecord"),
    refusals: WRITE,
  },
  "POST /api/ops/releases/:product/:version/status": {
    summary: "Pause, halt, block or resume a release",
    security: "ops",
    body: "ReleaseStatusRequest",
    replies: json("ReleaseRecord"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/releases/:product/:version/rollout": {
    summary: "One rollout, live: stage, counts, holds, plan, what is taken back, and the shops that took it",
    security: "ops",
    replies: json("RolloutDetail"),
    refusals: [...READ, 404],
  },
  "PUT /api/ops/releases/:product/:version/rollout": {
    summary:
      "Plan a rollout in waves, in place of the policy's stages; a dry run says whom each wave may reach",
    security: "ops",
    body: "PlanRequest",
    replies: json("PlanReply"),
    refusals: [...WRITE, 404],
  },
  "DELETE /api/ops/releases/:product/:version/rollout": {
    summary: "Cancel the plan: the rollout follows the policy's stages again, from the first",
    security: "ops",
    body: "CancelPlanRequest",
    replies: json("RolloutState"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/releases/:product/:version/holds": {
    summary: "Keep it from a class of environments, or lift a hold",
    security: "ops",
    body: "HoldRequest",
    replies: json("RolloutState"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/releases/:product/:version/revert": {
    summary: "Halt it and take it back wherever it was applied, newest first; a dry run lists the shops",
    security: "ops",
    body: "RevertRequest",
    replies: json("RevertReply"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/releases/:product/floor": {
    summary: "The version below which a product may not go",
    security: "ops",
    replies: json("Floor"),
    refusals: [...READ, 404],
  },
  "PUT /api/ops/releases/:product/floor": {
    summary: "Set or remove the product's floor: no patch or rollback to a version below it",
    security: "ops",
    body: "FloorRequest",
    replies: json("Floor"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/remedies": {
    summary: "Published remedies, with where each stands",
    security: "ops",
    query: "ReleaseQuery",
    replies: json("RemedyList"),
    refusals: LIST,
  },
  "POST /api/ops/remedies": {
    summary: "Publish a remedy: settings that answer kinds of incidents",
    security: "ops",
    body: "PublishRemedyRequest",
    replies: created("Remedy"),
    refusals: WRITE,
  },
  "POST /api/ops/remedies/:product/:id/status": {
    summary: "Pause, halt, block or resume a remedy",
    security: "ops",
    body: "ReleaseStatusRequest",
    replies: json("Remedy"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/policy": {
    summary: "The policy in force, from its authority",
    security: "ops",
    replies: json("Policy"),
    refusals: READ,
  },
  "PUT /api/ops/policy": {
    summary: "Replace the policy",
    security: "ops",
    body: "PolicyPut",
    replies: json("Policy"),
    refusals: WRITE,
  },
  "PATCH /api/ops/policy": {
    summary: "Change the policy by an RFC 7396 merge patch",
    security: "ops",
    body: "PolicyPatch",
    replies: json("Policy"),
    refusals: WRITE,
  },
  "GET /api/ops/policy/kill": {
    summary: "What pulling the kill switch would stop, and what would go on; changes nothing",
    security: "ops",
    replies: json("KillPreview"),
    refusals: READ,
  },
  "POST /api/ops/policy/kill": {
    summary: "Pull or release the kill switch; once it has answered, no command leaves",
    security: "ops",
    body: "KillRequest",
    replies: json("Policy"),
    refusals: WRITE,
  },
  "POST /api/ops/policy/backtest": {
    summary: "What a draft policy would have said of the last days' attempts; changes nothing",
    security: "ops",
    body: "BacktestRequest",
    replies: json("BacktestReply"),
    refusals: WRITE,
  },
  "GET /api/ops/shadow-decisions": {
    summary: "What would have been done in mode shadow, newest first, and what became of it",
    security: "ops",
    query: "ShadowQuery",
    replies: json("ShadowPage"),
    refusals: LIST,
  },
  "GET /api/ops/policy/history": {
    summary: "Earlier policies, newest first, with who and why",
    security: "ops",
    query: "HistoryQuery",
    replies: json("PolicyHistory"),
    refusals: LIST,
  },
  "GET /api/ops/notifications": {
    summary: "What people were told, newest first, and what became of each message",
    security: "ops",
    query: "NotificationQuery",
    replies: json("NotificationPage"),
    refusals: LIST,
  },
  "POST /api/ops/notifications/test": {
    summary: "Send a test message to ops now, and say how that went",
    security: "ops",
    body: "TestNoticeRequest",
    replies: json("TestNotice"),
    refusals: WRITE,
  },
  "GET /api/ops/merchants/:id/notifications": {
    summary: "Where a merchant wants its notices, and in which language",
    security: "ops",
    replies: json("MerchantNotifications"),
    refusals: [...READ, 404],
  },
  "PUT /api/ops/merchants/:id/notifications": {
    summary: "Set a merchant's language and address; a secret made for it is answered once",
    security: "ops",
    body: "MerchantNotificationsPut",
    replies: json("MerchantNotificationsReply"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/merchants/:id/notifications/test": {
    summary: "Send a test message to the merchant now, and say how that went",
    security: "ops",
    body: "TestNoticeRequest",
    replies: json("TestNotice"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/guard": {
    summary: "What holds automatic changes back now: storm, autonomy budget, hourly budget, kill switch",
    security: "ops",
    replies: json("Guard"),
    refusals: READ,
  },
  "POST /api/ops/autonomy/restore": {
    summary: "Let automatic healing go on after its budget was spent; outcomes so far count no more",
    security: "ops",
    body: "RestoreAutonomyRequest",
    replies: json("Guard"),
    refusals: WRITE,
  },
  "GET /api/ops/emergency": {
    summary: "Emergency actions, newest first",
    security: "ops",
    replies: json("EmergencyList"),
    refusals: READ,
  },
  "POST /api/ops/emergency/cancel-pending": {
    summary: "Cancel every attempt that no shop was told of; `dry_run` only lists them",
    security: "ops",
    body: "CancelPendingRequest",
    replies: created("Emergency"),
    refusals: WRITE,
  },
  "POST /api/ops/emergency/rollback-since": {
    summary:
      "Plan to take back, in waves, what was applied in the last minutes; nothing happens before it is confirmed",
    security: "ops",
    body: "RollbackSinceRequest",
    replies: created("Emergency"),
    refusals: WRITE,
  },
  "GET /api/ops/emergency/:id": {
    summary: "One emergency action with its progress and its targets",
    security: "ops",
    query: "EmergencyQuery",
    replies: json("EmergencyDetail"),
    refusals: [...LIST, 404],
  },
  "POST /api/ops/emergency/:id/confirm": {
    summary: "Run a plan: its digest and number of targets, sent back within ten minutes",
    security: "ops",
    body: "ConfirmEmergencyRequest",
    replies: json("Emergency"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/emergency/:id/abort": {
    summary: "Give no further orders; what was ordered goes on",
    security: "ops",
    body: "AbortEmergencyRequest",
    replies: json("Emergency"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/sira/:product/rebuild": {
    summary: "Build what SIRA knows of a product anew from the records, or only count what that would change",
    security: "ops",
    body: "RebuildRequest",
    replies: json("RebuildReply"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/claims": {
    summary: "Mint a claim code for a merchant's plugin",
    security: "ops",
    body: "ClaimRequest",
    replies: created("ClaimReply"),
    refusals: WRITE,
  },
  "GET /api/ops/kpis": {
    summary: "Success and rollback rates, times to detect and repair",
    security: "ops",
    query: "KpiQuery",
    replies: json("Kpis"),
    refusals: LIST,
  },
  "GET /api/ops/feed": {
    summary: "WebSocket of FeedMessage; offer the subprotocols `vigie.v1, bearer.<token>`",
    security: "ops",
    replies: { 101: { text: "the upgrade, with subprotocol vigie.v1" } },
    refusals: [400, 401, 403, 503],
  },
};

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "POST /api/plugins/enroll": {
    summary: "Turn a claim code into a plugin identity",
    security: "claim",
    body: "EnrollRequest",
    replies: created("EnrollReply"),
    refusals: [400, 401, 409, 413, 415, 429, 503],
  },
  "POST /api/plugins/heartbeat": {
    summary: "One beat; the answer may carry commands and a commit",
    security: "plugin",
    body: "HeartbeatEnvelope",
    replies: json("HeartbeatReply"),
    refusals: [...PLUGIN, 409],
  },
  "POST /api/plugins/commands/:id/ack": {
    summary: "The command was carried out; a repeat gets the same answer",
    security: "plugin",
    body: "AckEnvelope",
    replies: json("CommandReply"),
    refusals: [...PLUGIN, 404, 409],
  },
  "POST /api/plugins/commands/:id/fail": {
    summary: "The command was not carried out; a repeat gets the same answer",
    security: "plugin",
    body: "FailEnvelope",
    replies: json("CommandReply"),
    refusals: [...PLUGIN, 404, 409],
  },
  "GET /artifacts/:sha256": {
    summary: "A release file; ranges and conditional requests are honoured",
    security: "none",
    replies: {
      200: { text: "the whole file" },
      206: { text: "the range asked for" },
      304: { text: "not modified" },
      416: { text: "the range lies outside the file" },
    },
    refusals: [404],
  },
  ...opsOperations,
  "POST /api/sira/decide": {
    summary: "Choose among the candidates for an incident",
    security: "sira",
    body: "DecideRequest",
    replies: json("DecideReply"),
    refusals: SIRA,
  },
  "POST /api/sira/votes": {
    summary: "Learn what a person thinks of an incident; the latest vote of each counts",
    security: "sira",
    body: "VoteRequest",
    replies: json("FeedbackReply"),
    refusals: SIRA,
  },
  "POST /api/sira/feedback": {
    summary: "Learn from a finished attempt; once per attempt",
    security: "sira",
    body: "FeedbackRequest",
    replies: json("FeedbackReply"),
    refusals: SIRA,
  },
  "GET /openapi.json": {
    summary: "This document",
    security: "none",
    replies: { 200: { text: "OpenAPI 3.1" } },
    refusals: [],
  },
  "GET /healthz": { summary: "The process answers", security: "none", replies: json("Health"), refusals: [] },
  "GET /readyz": {
    summary: "What the Worker needs answers",
    security: "none",
    replies: { 200: { schema: "Readiness" }, 503: { schema: "Readiness" } },
    refusals: [],
  },
};
