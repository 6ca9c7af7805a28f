/**
 * Emergency actions over many shops: cancel what waits, or take back what was applied in the last minutes, in waves. Each is
 * first a plan that names what it would touch; a plan runs when its digest and its number of targets are sent back in time.
 */
import { z } from "zod";
import {
  Action,
  AttemptId,
  Instant,
  MerchantId,
  PluginId,
  ProductName,
  RemedyId,
  Sha256,
  Version,
  Why,
} from "./ids.ts";

export const EmergencyId = z.string().regex(/^emg_[0-9]{1,9}$/, "not an emergency action's id");
export type EmergencyId = z.infer<typeof EmergencyId>;

export const EmergencyKind = z.enum(["cancel_pending", "rollback_since"]);
export type EmergencyKind = z.infer<typeof EmergencyKind>;

/** `stopped`: too many failed. `expired`: a plan that nobody confirmed in time. */
export const EMERGENCY_STATUSES = ["planned", "running", "done", "stopped", "aborted", "expired"] as const;
export const EmergencyStatus = z.enum(EMERGENCY_STATUSES);
export type EmergencyStatus = z.infer<typeof EmergencyStatus>;

/** `ordered`: its plugin has the order, the outcome is awaited. `skipped`: nothing to do there, or it cannot be; its text says why. */
export const TARGET_STATES = ["waiting", "ordered", "done", "failed", "skipped"] as const;
export const TargetState = z.enum(TARGET_STATES);
export type TargetState = z.infer<typeof TargetState>;

/** What is meant: the whole fleet, or what matches every field that is named. */
export const EmergencyScope = z.object({
  product: ProductName.optional(),
  /** Of the change: a version, or a remedy's id. */
  version: z.union([Version, RemedyId]).optional(),
  merchant_id: MerchantId.optional(),
});
export type EmergencyScope = z.infer<typeof EmergencyScope>;

const versionHasProduct = (scope: EmergencyScope) =>
  scope.version === undefined || scope.product !== undefined;
const NAME_PRODUCT = { path: ["product"], message: "a version is one of a product: name it too" };

/** `POST /api/ops/emergency/cancel-pending`. Runs at once, unless it is only to be planned. */
export const CancelPendingRequest = z
  .strictObject({ ...EmergencyScope.shape, reason: Why, dry_run: z.boolean().default(false) })
  .refine(versionHasProduct, NAME_PRODUCT);
export type CancelPendingRequest = z.infer<typeof CancelPendingRequest>;

/** `POST /api/ops/emergency/rollback-since`: a plan, never more. */
export const RollbackSinceRequest = z
  .strictObject({
    ...EmergencyScope.shape,
    /** Applied in the last so many minutes; a week at most. */
    minutes: z.number().int().min(1).max(10_080),
    /** Shops of the first wave, ordered back together. */
    wave_size: z.number().int().min(1).max(500).default(25),
    /** Each wave has so many times the shops of the one before, 500 at most. */
    wave_growth: z.number().int().min(1).max(4).default(2),
    /** Seconds between the beginnings of two waves, at least. */
    pause_s: z.number().int().min(0).max(3_600).default(60),
    /** Ends when more of the finished ones than this have failed. */
    stop_failed_percent: z.number().min(0).max(100).default(20),
    reason: Why,
  })
  .refine(versionHasProduct, NAME_PRODUCT);
export type RollbackSinceRequest = z.infer<typeof RollbackSinceRequest>;

/** `POST /api/ops/emergency/:id/confirm`: exactly the plan that was read. */
export const ConfirmEmergencyRequest = z.strictObject({
  digest: Sha256,
  targets: z.number().int().positive(),
});
export type ConfirmEmergencyRequest = z.infer<typeof ConfirmEmergencyRequest>;

/** `POST /api/ops/emergency/:id/abort`. */
export const AbortEmergencyRequest = z.strictObject({ reason: Why });
export type AbortEmergencyRequest = z.infer<typeof AbortEmergencyRequest>;

export const EmergencyCounts = z.object({
  targets: z.number().int(),
  waiting: z.number().int(),
  ordered: z.number().int(),
  done: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
});
export type EmergencyCounts = z.infer<typeof EmergencyCounts>;

export const Emergency = z.object({
  id: EmergencyId,
  kind: EmergencyKind,
  status: EmergencyStatus,
  scope: EmergencyScope,
  /** Of `rollback_since`. */
  minutes: z.number().int().nullable(),
  wave_size: z.number().int(),
  wave_growth: z.number().int(),
  pause_s: z.number().int(),
  stop_failed_percent: z.number(),
  reason: z.string(),
  planned_by: z.string(),
  planned_at: Instant,
  /** Until then a plan may be confirmed. */
  expires_at: Instant,
  /** SHA-256 over what it would do and to which attempts. */
  digest: Sha256,
  confirmed_by: z.string().nullable(),
  confirmed_at: Instant.nullable(),
  ended_at: Instant.nullable(),
  /** Why it was stopped or aborted, and by whom. */
  ended_because: z.string().nullable(),
  counts: EmergencyCounts,
  /** What its targets would leave or have left, the most frequent first. */
  changes: z.array(
    z.object({
      product: ProductName,
      action: Action,
      version: z.string().nullable(),
      shops: z.number().int(),
    }),
  ),
  /** The present wave; 0 before the first. */
  wave: z.number().int(),
  /** Why nothing leaves at this moment, and what to do about it; null while all is well. */
  held: z.string().nullable(),
  /** What whoever confirms should know. */
  warnings: z.array(z.string()),
});
export type Emergency = z.infer<typeof Emergency>;

export const EmergencyTarget = z.object({
  /** Its place in the order of work. */
  number: z.number().int(),
  attempt_id: AttemptId,
  plugin_id: PluginId,
  merchant_id: MerchantId,
  product: ProductName,
  action: Action,
  version: z.string().nullable(),
  /** When it was applied, handed over, or began to wait. */
  at: Instant,
  state: TargetState,
  wave: z.number().int().nullable(),
  /** The attempt whose end is awaited. */
  follows: AttemptId.nullable(),
  text: z.string(),
});
export type EmergencyTarget = z.infer<typeof EmergencyTarget>;

/** `GET /api/ops/emergency/:id`: at most 200 targets, in the order of work; `after` is the last number seen. */
export const EmergencyQuery = z.object({
  state: TargetState.optional(),
  after: z.coerce.number().int().min(0).default(0),
});
export type EmergencyQuery = z.infer<typeof EmergencyQuery>;

export const EmergencyDetail = Emergency.extend({
  targets: z.array(EmergencyTarget),
  /** What `after` is for those that follow; null when these are the last. */
  next_after: z.number().int().nullable().default(null),
});
export type EmergencyDetail = z.infer<typeof EmergencyDetail>;

export const EmergencyList = z.object({ items: z.array(Emergency) });
export type EmergencyList = z.infer<typeof EmergencyList>;
