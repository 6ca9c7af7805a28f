/** A success that did not last: what it was counted as, elsewhere, is taken back. */
import type { Draft } from "./draft.ts";
import { type HealedBy, type IncidentState, iso } from "./state.ts";

/** The same signature came back in the bake, or the shop fell back before its commit. Release, fleet and SIRA are told once, by the attempt's own id. */
export function reportRelapse(draft: Draft, incident: IncidentState, fix: HealedBy, why: string): void {
  const { state, now } = draft;
  const subject = fix.version ?? fix.remedy;
  const change = state.inPlace?.find(({ attemptId }) => attemptId === fix.attemptId);
  if (subject !== undefined && change?.listed)
    draft.outbox.push({
      to: "release",
      report: "relapse",
      product: state.product,
      version: subject,
      attemptId: fix.attemptId,
    });
  draft.outbox.push({
    to: "fleet",
    report: "finished",
    attemptId: fix.attemptId,
    outcome: "failed",
    revised: true,
  });
  if (change?.confidence === undefined) return;
  const feedback = {
    attempt_id: fix.attemptId,
    // The first was its success.
    revision: 2,
    incident_id: incident.row.id,
    plugin_id: state.id,
    product: state.product,
    signature: incident.row.signature,
    incident_type: incident.row.type,
    env: state.env,
    from_version: change.from,
    action: fix.action,
    ...(fix.version === null ? {} : { target_version: fix.version }),
    ...(fix.remedy === undefined ? {} : { remedy: fix.remedy }),
    confidence: change.confidence,
    outcome: "failed" as const,
    reason: `relapsed: ${why}`.slice(0, 500),
    finished_at: iso(now),
  };
  draft.outbox.push({ to: "ledger", record: { kind: "feedback", row: feedback } }, { to: "sira", feedback });
}
