/** Pure. Emergency actions: the request that a form makes, and what a plan and its progress say. */
import {
  CancelPendingRequest,
  type Emergency,
  type EmergencyKind,
  RollbackSinceRequest,
} from "../../../src/contract/emergency.ts";
import type { Language } from "../i18n/i18n.ts";
import { inLanguage, issuesByField } from "./schema-issues.ts";

export interface EmergencyDraft {
  kind: EmergencyKind;
  product: string;
  version: string;
  merchant_id: string;
  minutes: number;
  wave_size: number;
  wave_growth: number;
  pause_s: number;
  stop_failed_percent: number;
}

/** Of what a request leaves out. */
const { wave_size, wave_growth, pause_s, stop_failed_percent } = RollbackSinceRequest.shape;

export const A_DRAFT: EmergencyDraft = {
  kind: "cancel_pending",
  product: "",
  version: "",
  merchant_id: "",
  minutes: 30,
  wave_size: wave_size.parse(undefined),
  wave_growth: wave_growth.parse(undefined),
  pause_s: pause_s.parse(undefined),
  stop_failed_percent: stop_failed_percent.parse(undefined),
};

export type EmergencyOrder =
  | { kind: "cancel_pending"; request: CancelPendingRequest }
  | { kind: "rollback_since"; request: RollbackSinceRequest };

/** A plan to look at first, never an action at once; or a message for each field that is wrong. */
export function planOf(
  draft: EmergencyDraft,
  reason: string,
  language: Language,
): { order: EmergencyOrder | null; issues: Map<string, string> } {
  const given = (["product", "version", "merchant_id"] as const)
    .map((field) => [field, draft[field].trim()] as const)
    .filter(([, text]) => text !== "");
  const scope = Object.fromEntries(given);
  if (draft.kind === "cancel_pending") {
    const parsed = CancelPendingRequest.safeParse({ ...scope, reason, dry_run: true }, inLanguage(language));
    return parsed.success
      ? { order: { kind: draft.kind, request: parsed.data }, issues: new Map() }
      : { order: null, issues: issuesByField(parsed.error.issues) };
  }
  const { minutes, wave_size, wave_growth, pause_s, stop_failed_percent } = draft;
  const waves = { wave_size, wave_growth, pause_s, stop_failed_percent };
  const parsed = RollbackSinceRequest.safeParse(
    { ...scope, ...waves, minutes, reason },
    inLanguage(language),
  );
  return parsed.success
    ? { order: { kind: draft.kind, request: parsed.data }, issues: new Map() }
    : { order: null, issues: issuesByField(parsed.error.issues) };
}

/** A plan that can still be confirmed at `now` (ms since epoch). */
export function isConfirmable(emergency: Emergency, now: number): boolean {
  return (
    emergency.status === "planned" && emergency.counts.targets > 0 && Date.parse(emergency.expires_at) > now
  );
}

/** Share of its targets that are settled, 0 to 1; 1 without targets. */
export function settledShare({ counts }: Emergency): number {
  const settled = counts.done + counts.failed + counts.skipped;
  return counts.targets === 0 ? 1 : settled / counts.targets;
}
