/** Valid answers of the contract about the guard, emergency actions and notices. */
import type {
  Emergency,
  EmergencyDetail,
  EmergencyQuery,
  EmergencyTarget,
} from "../../src/contract/emergency.ts";
import type { Guard } from "../../src/contract/guard.ts";
import type { MerchantNotifications, NotificationRow } from "../../src/contract/notification.ts";
import { at, attemptId, HASH, incidentId, PLUGIN_ID } from "./fixtures.ts";

export function aGuard(over: Partial<Guard> = {}): Guard {
  return {
    storm: false,
    storm_explanation: "2 of 5,000 fell silent in 5 min, under 30",
    autonomy: {
      state: "degraded",
      explanation: "3 of 40 were rolled back, above 2 %",
      finished: 40,
      success: 36,
      rolled_back: 3,
      min_finished: 20,
      max_rollback_share: 0.02,
      min_success_share: 0.95,
      downgraded_at: at(-3600),
      restored: null,
    },
    actions_last_hour: 12,
    attempts: { waiting: 4, handed_over: 2, watched: 0 },
    emergency: null,
    kill_switch: false,
    mode: "auto",
    policy_revision: 3,
    actions_per_hour: 200,
    ...over,
  };
}

/** A plan that may still be confirmed, counted from `now`; `text` stands for what a stranger wrote. */
export function anEmergency(now: number, text: string, over: Partial<Emergency> = {}): Emergency {
  return {
    id: "emg_1",
    kind: "rollback_since",
    status: "planned",
    scope: { product: "molam-woo" },
    minutes: 30,
    wave_size: 25,
    wave_growth: 2,
    pause_s: 60,
    stop_failed_percent: 20,
    reason: text,
    planned_by: "amina",
    planned_at: at(-30, now),
    expires_at: at(570, now),
    digest: HASH,
    confirmed_by: null,
    confirmed_at: null,
    ended_at: null,
    ended_because: null,
    counts: { targets: 7, waiting: 7, ordered: 0, done: 0, failed: 0, skipped: 0 },
    changes: [{ product: "molam-woo", action: "patch", version: "1.2.3", shops: 7 }],
    wave: 0,
    held: null,
    warnings: [text],
    ...over,
  };
}

const TARGETS_SHOWN = 3;

/** Its targets, every second one failed, few at a time. */
export function anEmergencyDetail(
  emergency: Emergency,
  text: string,
  { state, after }: EmergencyQuery = { after: 0 },
): EmergencyDetail {
  const wanted = Array.from({ length: emergency.counts.targets }, (_, i) => aTarget(i + 1, text)).filter(
    (target) => target.number > after && target.state === (state ?? target.state),
  );
  const targets = wanted.slice(0, TARGETS_SHOWN);
  return {
    ...emergency,
    targets,
    next_after: wanted.length > targets.length ? (targets.at(-1)?.number ?? null) : null,
  };
}

function aTarget(number: number, text: string): EmergencyTarget {
  return {
    number,
    attempt_id: attemptId(number),
    plugin_id: PLUGIN_ID,
    merchant_id: "merchant-7",
    product: "molam-woo",
    action: "patch",
    version: "1.2.3",
    at: at(-600),
    state: number % 2 === 0 ? "failed" : "waiting",
    wave: null,
    follows: null,
    text,
  };
}

export function aNotice(over: Partial<NotificationRow> = {}): NotificationRow {
  return {
    id: "ntf_1",
    kind: "patched",
    urgency: "notice",
    audience: "merchant",
    merchant_id: "merchant-7",
    incident_id: incidentId(5),
    plugin_id: PLUGIN_ID,
    title: "Your shop's payment notifications work again",
    text: "We installed version 1.2.3.",
    at: at(-60),
    revision: 2,
    status: "sent",
    detail: null,
    digest_id: null,
    sent_at: at(-59),
    ...over,
  };
}

export function aMerchant(over: Partial<MerchantNotifications> = {}): MerchantNotifications {
  return {
    merchant_id: "merchant-7",
    revision: 1,
    language: "fr",
    url: "https://hooks.example/…",
    format: "slack",
    disabled: null,
    updated_at: at(-86_400),
    updated_by: "amina",
    ...over,
  };
}
