/**
 * What is to stay quiet, by whose word and until when: mutes and maintenance windows of the policy. Pure.
 * Quiet means that nobody is told and nothing is done automatically; incidents are opened, recorded and resolved all the same.
 */
import type { Quiet } from "../../contract/incident.ts";
import type { MaintenanceWindow, Mute, PolicyDocument } from "../../contract/policy.ts";

/** The incident that a rule may match. */
export interface QuietSubject {
  pluginId: string;
  merchantId: string;
  product: string;
  type: string;
}

type Rules = Pick<PolicyDocument, "mutes" | "maintenance">;

/** The mute in force that lasts longest; null when there is none. */
export function muteOf(policy: Rules, subject: QuietSubject, now: number): Quiet | null {
  // During a deployment an older authority may still answer with a document that has no such list.
  return longest((policy.mutes ?? []).filter((mute) => now < Date.parse(mute.until) && mutes(mute, subject)));
}

function mutes(mute: Mute, subject: QuietSubject): boolean {
  return (
    fits(mute.merchant_id, subject.merchantId) &&
    fits(mute.plugin_id, subject.pluginId) &&
    fits(mute.product, subject.product) &&
    fits(mute.type, subject.type)
  );
}

function fits(wanted: string | undefined, real: string): boolean {
  return wanted === undefined || wanted === real;
}

/** The maintenance window in force that lasts longest; null when there is none. */
export function maintenanceOf(policy: Rules, subject: QuietSubject, now: number): Quiet | null {
  return longest(windowsOf(policy, subject, now));
}

/** The same, of the windows that forbid automatic changes. */
export function freezeOf(policy: Rules, subject: QuietSubject, now: number): Quiet | null {
  return longest(windowsOf(policy, subject, now).filter((window) => window.changes === "forbid"));
}

function windowsOf(policy: Rules, subject: QuietSubject, now: number): MaintenanceWindow[] {
  return (policy.maintenance ?? []).filter(
    (window) => Date.parse(window.from) <= now && now < Date.parse(window.until) && covers(window, subject),
  );
}

function covers(window: MaintenanceWindow, subject: QuietSubject): boolean {
  switch (window.scope) {
    case "all":
      return true;
    case "merchant":
      return window.id === subject.merchantId;
    case "product":
      return window.id === subject.product;
    default:
      return window.scope satisfies never;
  }
}

/**
 * Who keeps a storm or a cohort quiet: a mute by product, by type or by both, or a maintenance window over its product or everything.
 * Rules about one merchant or one plugin do not cover what is about many.
 */
export function fleetQuietOf(
  policy: Rules,
  subject: { product: string | null; type: string },
  now: number,
): Quiet | null {
  const product = subject.product ?? "";
  const wide = {
    mutes: (policy.mutes ?? []).filter(
      (mute) => mute.merchant_id === undefined && mute.plugin_id === undefined,
    ),
    maintenance: (policy.maintenance ?? []).filter(({ scope }) => scope !== "merchant"),
  };
  const one = { pluginId: "", merchantId: "", product, type: subject.type };
  return muteOf(wide, one, now) ?? maintenanceOf(wide, one, now);
}

/** Milliseconds since the epoch before which nothing may be done automatically; null when it may be now. */
export function barredUntil(policy: Rules, subject: QuietSubject, now: number): number | null {
  const bars = [muteOf(policy, subject, now), freezeOf(policy, subject, now)].filter((bar) => bar !== null);
  return bars.length === 0 ? null : Math.max(...bars.map((bar) => Date.parse(bar.until)));
}

function longest(rules: readonly { by?: string | undefined; reason: string; until: string }[]): Quiet | null {
  const [first] = rules.toSorted((a, b) => Date.parse(b.until) - Date.parse(a.until));
  return first === undefined ? null : { by: first.by ?? "", reason: first.reason, until: first.until };
}
