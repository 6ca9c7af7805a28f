/** What an attempt asks of others for the gate: of its product's object whether it may have its release, of the fleet a place in the hour. */
import type { ActionReservation } from "../../src/contract/rpc/fleet.ts";
import type { Admission, AdmissionRequest } from "../../src/contract/rpc/release.ts";
import { needsPlace } from "../../src/core/plugin/action-place.ts";
import type { GateFacts } from "../../src/core/plugin/event.ts";
import { type AttemptState, isListed, type PluginState, subjectOf } from "../../src/core/plugin/state.ts";

/**
 * Patches and remedies need a slot; the way to an earlier version only has to be one that is not barred. What takes a change
 * back by order asks nobody.
 */
export function admissionRequest(
  state: PluginState,
  attempt: AttemptState,
  policy: GateFacts["policy"],
): AdmissionRequest | null {
  const { action } = attempt.row;
  const subject = subjectOf(attempt.row);
  if (attempt.row.reverts !== null || subject === null || !isListed(attempt)) return null;
  if (action !== "patch" && action !== "config" && action !== "rollback") return null;
  return {
    action,
    version: subject,
    plugin_id: state.id,
    attempt_id: attempt.row.id,
    canary: policy.canary,
    env: state.env,
    merchant_id: state.merchantId,
  };
}

/**
 * Two shops that ask at the same moment for the last place of the hour must not both get it: it is taken as it is asked for, and
 * asked for only by what would leave at once.
 */
export function placeFor(
  state: PluginState,
  attempt: AttemptState,
  policy: GateFacts["policy"],
  admission: Admission | null,
): ActionReservation | undefined {
  if (!needsPlace(state, attempt, { policy, admission }, Date.now())) return undefined;
  return { attempt_id: attempt.row.id, limit: policy.limits.actions_per_fleet_per_hour };
}
