/** What a notice is about, in figures: the desk makes a merchant's text of it. Pure. */
import type { NotificationFacts } from "../../contract/notification.ts";
import type { AttemptState, IncidentState, PluginState } from "./state.ts";

export function noticeFacts(
  state: PluginState,
  { row }: IncidentState,
  attempt: AttemptState | null,
): NotificationFacts {
  const { type, severity, status, signal } = row;
  return {
    type,
    severity,
    status,
    cause: row.cause ?? null,
    value: signal.value,
    sample: signal.sample,
    window_s: signal.window_s,
    product: row.product,
    site_url: state.siteUrl,
    attempt: attempt === null ? null : changeOf(attempt),
  };
}

function changeOf({ row }: AttemptState): NonNullable<NotificationFacts["attempt"]> {
  return {
    action: row.action,
    from_version: row.from_version,
    target_version: row.target_version,
    health_rule: row.health?.rule ?? null,
    ...(row.health === null ? {} : { health_verdict: row.health.verdict }),
    ...(row.reverts === null ? {} : { takes_back: true }),
  };
}
