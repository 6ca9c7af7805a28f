/** Incidents as people and the ledger see them: what was found, its story, and what people think of it. */

import { z } from "zod";
import { Decision } from "./decision.ts";
import {
  AttemptId,
  IncidentId,
  Instant,
  MerchantId,
  PluginId,
  ProductName,
  Severity,
  Version,
} from "./ids.ts";

export const INCIDENT_TYPES = [
  "webhook_fail_rate",
  "webhook_disabled",
  "error_spike",
  "new_error",
  "heartbeat_missed",
] as const;

export const IncidentType = z.enum(INCIDENT_TYPES);

export type IncidentType = z.infer<typeof IncidentType>;

/**
 * `open`: nobody and nothing acts. `unknown`: of the type that a storm is about, nothing is judged until it is over. `healing`:
 * an attempt is under way. `escalated`: a person must act. `baking`: healed, watched on.
 */
export const INCIDENT_STATUSES = [
  "open",
  "unknown",
  "healing",
  "escalated",
  "baking",
  "resolved",
  "dismissed",
] as const;

export const IncidentStatus = z.enum(INCIDENT_STATUSES);

export type IncidentStatus = z.infer<typeof IncidentStatus>;

export const OPEN_INCIDENT_STATUSES = ["open", "unknown", "healing", "escalated", "baking"] as const;

/**
 * Why a plugin is silent. A goodbye is none of these: announced silence opens no incident. `shop_down`: the shop itself does not
 * answer. `plugin_silent`: the shop answers, its plugin does not; only this may be healed. `ingest`: so many fell silent at
 * once that the fault is ours.
 */
export const SILENCE_CAUSES = ["shop_down", "plugin_silent", "ingest", "unknown"] as const;

export const SilenceCause = z.enum(SILENCE_CAUSES);

export type SilenceCause = z.infer<typeof SilenceCause>;

/** A detector's finding: value against bound, over how much, since when. */
export const Signal = z.object({
  type: IncidentType,
  method: z.string().max(64),
  value: z.number().nullable(),
  bound: z.number().nullable(),
  sample: z.number().nonnegative(),
  window_s: z.number().nonnegative(),
  onset_at: Instant.nullable(),
  explanation: z.string().max(500),
});

export type Signal = z.infer<typeof Signal>;

/** Who keeps an incident quiet, why, and until when. */
export const Quiet = z.object({ by: z.string().max(200), reason: z.string().max(500), until: Instant });

export type Quiet = z.infer<typeof Quiet>;

export const Incident = z.object({
  id: IncidentId,
  revision: z.number().int().positive(),
  plugin_id: PluginId,
  merchant_id: MerchantId,
  product: ProductName,
  version: Version,
  type: IncidentType,
  dedupe_key: z.string().max(200),
  signature: z.string().max(200),
  severity: Severity,
  status: IncidentStatus,
  signal: Signal,
  /** Telemetry frozen at detection. */
  telemetry_snapshot: z.record(z.string(), z.unknown()),
  decision: Decision.nullable(),
  onset_at: Instant.nullable(),
  detected_at: Instant,
  decided_at: Instant.nullable(),
  acknowledged_by: z.string().max(200).nullable(),
  acknowledged_at: Instant.nullable(),
  resolved_at: Instant.nullable(),
  resolution: z.string().max(500).nullable(),
  reopened: z.number().int().nonnegative(),
  /** Of a missed heartbeat, once it is known. */
  cause: SilenceCause.nullish(),
  /** It comes and goes: no automatic attempt, and no page for each time. */
  flapping: z.boolean().optional(),
  /** A person wants no notice of this one before then. */
  snoozed: Quiet.nullish(),
  /** The policy mutes it. */
  muted: Quiet.nullish(),
  /** A maintenance window covers it. */
  in_maintenance: Quiet.nullish(),
});

export type Incident = z.infer<typeof Incident>;

export const VOTES = ["useful", "not_actionable", "false_positive"] as const;

/** What a person thinks of an incident afterwards. One for each person; the latest counts. */
export const IncidentVote = z.object({
  incident_id: IncidentId,
  plugin_id: PluginId,
  person: z.string().max(200),
  /** Rises with every vote of the plugin, so that a late row never undoes a newer one. */
  revision: z.number().int().positive(),
  vote: z.enum(VOTES),
  reason: z.string().max(500),
  at: Instant,
});

export type IncidentVote = z.infer<typeof IncidentVote>;

/** One line of an incident's story. `kind` is stable for machines, `text` is for people, `data` holds the figures. */
export const IncidentEvent = z.object({
  id: z.string().max(96),
  incident_id: IncidentId,
  plugin_id: PluginId,
  attempt_id: AttemptId.nullable(),
  number: z.number().int().positive(),
  at: Instant,
  kind: z.string().max(48),
  actor: z.string().max(200),
  text: z.string().max(1000),
  data: z.record(z.string(), z.unknown()),
});

export type IncidentEvent = z.infer<typeof IncidentEvent>;
