/**
 * One step's working copy: the state being changed and the records that will leave through the outbox with it.
 * Local to one call of `step`; nothing outside sees it change.
 */
import type { FeedbackRequest, Outcome } from "../../contract/decision.ts";
import type { Incident, IncidentEvent } from "../../contract/incident.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { NotificationRecord } from "../../contract/notification.ts";
import type { Person } from "../../contract/ops.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import type { AttemptReport, FinishedReport, SignalReport } from "../../contract/rpc/fleet.ts";
import type { VoteRequest } from "../../contract/sira-memory.ts";
import type { ShopReport } from "../fleet/shop-evidence.ts";
import { plainCopy } from "../plain-copy.ts";
import { noticeFacts } from "./notice-facts.ts";
import { type AttemptState, type CommandState, type IncidentState, iso, type PluginState } from "./state.ts";

/** What leaves through the outbox: rows for the ledger, and reports that other objects and services must get at least once. */
export type OutboxMessage =
  | { to: "ledger"; record: LedgerRecord }
  | { to: "notify"; record: NotificationRecord }
  | { to: "sira"; feedback: FeedbackRequest }
  | { to: "sira_vote"; vote: VoteRequest }
  | ({ to: "release"; product: string; version: string; attemptId: string } & ReleaseNews)
  | ({ to: "fleet"; report: "finished"; attemptId: string } & Omit<FinishedReport, "attempt_id">)
  | { to: "fleet"; report: "attempt"; attempt: Omit<AttemptReport, "plugin_id"> }
  | { to: "fleet"; report: "action"; attemptId: string }
  | { to: "fleet"; report: "called_back"; attemptId: string }
  | { to: "fleet"; report: "presence"; silent: boolean }
  | { to: "fleet"; report: "signal"; signal: Omit<SignalReport, "plugin_id"> }
  | { to: "fleet"; report: "busy"; busy: boolean }
  | { to: "fleet"; report: "evidence"; evidence: ShopReport };

/**
 * Of an attempt with a release or remedy. `reverted`: the attempt named was to be taken back, and this is how that ended.
 * `called_back`, at that moment (ms since epoch): its command did not leave, and it waits for people.
 */
export type ReleaseNews =
  | { report: "called_back"; at: number }
  | { report?: "finished" | "reverted"; outcome: Outcome | "cancelled" }
  | { report: "relapse" };

export interface Draft {
  state: PluginState;
  outbox: OutboxMessage[];
  now: number;
  policy: PolicyDocument;
}

/** The detectors' part is shared, not copied: it is replaced by a new one, and never written to. */
export function beginDraft(state: PluginState, now: number, policy: PolicyDocument): Draft {
  return { state: plainCopy(state, "detection"), outbox: [], now, policy };
}

/** Queues the incident's row as it is now, under a new revision. */
export function recordIncident(draft: Draft, incident: IncidentState): void {
  incident.row.revision += 1;
  draft.outbox.push({ to: "ledger", record: { kind: "incident", row: structuredClone(incident.row) } });
}

export function recordAttempt(draft: Draft, attempt: AttemptState): void {
  attempt.row.revision += 1;
  draft.outbox.push({ to: "ledger", record: { kind: "attempt", row: structuredClone(attempt.row) } });
}

export function recordCommand(draft: Draft, command: CommandState): void {
  command.row.revision += 1;
  draft.outbox.push({ to: "ledger", record: { kind: "command", row: structuredClone(command.row) } });
}

export interface Note {
  kind: string;
  text: string;
  actor?: string;
  attemptId?: string | null;
  data?: Record<string, unknown>;
}

/** Adds one line to the incident's timeline. */
export function note(draft: Draft, incident: IncidentState, entry: Note): void {
  incident.events += 1;
  const row: IncidentEvent = {
    id: `${incident.row.id}.${incident.events}`,
    incident_id: incident.row.id,
    plugin_id: draft.state.id,
    attempt_id: entry.attemptId ?? null,
    number: incident.events,
    at: iso(draft.now),
    kind: entry.kind,
    actor: entry.actor ?? "vigie",
    text: entry.text.slice(0, 1000),
    data: entry.data ?? {},
  };
  draft.outbox.push({ to: "ledger", record: { kind: "event", row } });
}

/** One line in the audit log of what a person did; one stream per plugin, so that shops do not wait for each other. */
export function audit(
  draft: Draft,
  incident: IncidentState,
  person: Person,
  action: string,
  data: Record<string, unknown>,
): void {
  const row = {
    id: `${incident.row.id}.${incident.events}.${action}`,
    stream: `plugin/${draft.state.id}`,
    at: iso(draft.now),
    actor: person.id,
    action,
    subject: incident.row.id,
    data,
  };
  draft.outbox.push({ to: "ledger", record: { kind: "audit", row } });
}

/** Good news, and the one thing that always needs a person: no mute, window or snooze holds these back. */
const NEVER_HELD: ReadonlySet<NotificationRecord["kind"]> = new Set([
  "patched",
  "rollback_failed",
  "incident_resolved",
]);

/** Not repeated for each time that a flapping incident comes back. */
const TOLD_ONCE: ReadonlySet<NotificationRecord["kind"]> = new Set(["incident_detected", "escalated"]);

/** Nobody is to be told of it now. */
export function isQuiet({ row }: IncidentState, now: number): boolean {
  const snoozed = row.snoozed && Date.parse(row.snoozed.until) > now;
  return Boolean(row.muted || row.in_maintenance || snoozed);
}

interface NoticeOptions {
  /** The attempt that it speaks of, when it is one of this incident: the one in flight unless another is given. */
  about?: AttemptState | null;
  /** The person, by id, who calls for another by it. */
  calledBy?: string | undefined;
}

/** Tells people: once per incident, kind and occasion, whatever is repeated. Held back, and counted, while it is quiet. */
export function notify(
  draft: Draft,
  incident: IncidentState,
  kind: NotificationRecord["kind"],
  urgency: NotificationRecord["urgency"],
  title: string,
  text: string,
  { about = draft.state.attempt, calledBy }: NoticeOptions = {},
): void {
  const quiet = isQuiet(incident, draft.now);
  if (quiet && !NEVER_HELD.has(kind) && calledBy === undefined) {
    const { count, page } = incident.held ?? { count: 0, page: false };
    incident.held = { count: count + 1, page: page || urgency === "page" };
    return;
  }
  if (incident.row.flapping && TOLD_ONCE.has(kind)) {
    if (incident.flapTold) return;
    if (kind === "escalated") incident.flapTold = true;
  }
  const attempt = about?.row.incident_id === incident.row.id ? about : null;
  const row: NotificationRecord = {
    id: `${incident.row.id}.${kind}.${incident.events}`,
    kind,
    urgency,
    merchant_id: draft.state.merchantId,
    incident_id: incident.row.id,
    plugin_id: draft.state.id,
    attempt_id: attempt?.row.id ?? null,
    title: title.slice(0, 200),
    text: text.slice(0, 2000),
    at: iso(draft.now),
    // Quiet is for the merchant all the same: one of us calls for another of us.
    ...(quiet && calledBy !== undefined ? { audience: "ops" as const } : {}),
  };
  const record = {
    ...row,
    facts: noticeFacts(draft.state, incident, attempt),
    ...(calledBy === undefined ? {} : { called_by: calledBy }),
  };
  if (kind === "incident_resolved") {
    // Told only to whom its beginning was: the desk knows, and records what it sends.
    delete incident.told;
  } else {
    incident.told = true;
    draft.outbox.push({ to: "ledger", record: { kind: "notification", row: { ...row, status: "queued" } } });
  }
  draft.outbox.push({ to: "notify", record });
}

export function incidentById(state: PluginState, id: string): IncidentState | null {
  return state.incidents.find((incident) => incident.row.id === id) ?? null;
}

export function commandById(state: PluginState, id: string): CommandState | null {
  return state.commands.find((command) => command.row.id === id) ?? null;
}

/** The incident's newest row among these messages: a closed incident is in no state any more. */
export function recordedIncident(messages: readonly OutboxMessage[], id: string): Incident | null {
  const rows = messages.flatMap((message) =>
    message.to === "ledger" && message.record.kind === "incident" && message.record.row.id === id
      ? [message.record.row]
      : [],
  );
  return rows.at(-1) ?? null;
}
