/** Pure: the answers of the ops API in lines for a terminal. */
import type { Emergency, EmergencyDetail, EmergencyScope } from "../../src/contract/emergency.ts";
import type { Guard, KillPreview } from "../../src/contract/guard.ts";
import type { Part } from "./ops-args.ts";

/** Of an action's shops when nobody asked for some of them; whoever does gets all that the API gives at once. */
const SHOWN_TARGETS = 30;

export function guardLines(guard: Guard): string[] {
  const { autonomy, attempts } = guard;
  return [
    `kill switch  ${guard.kill_switch ? "ENGAGED: no command leaves" : "released"}`,
    `mode         ${guard.mode} (policy revision ${guard.policy_revision})`,
    `autonomy     ${autonomy.state === "degraded" ? "DOWNGRADED: " : ""}${autonomy.explanation}`,
    ...(autonomy.state === "degraded"
      ? ['             restore it with: npm run ops -- autonomy restore --reason "…"']
      : []),
    `storm        ${guard.storm ? "STORM: " : ""}${guard.storm_explanation}`,
    `actions      ${guard.actions_last_hour} automatic in the last hour, at most ${guard.actions_per_hour}`,
    `attempts     ${attempts.waiting} wait, ${attempts.handed_over} are handed over, ${attempts.watched} under watch`,
    `emergency    ${guard.emergency === null ? "none runs" : `${guard.emergency} runs`}`,
  ];
}

export function killLines(preview: KillPreview): string[] {
  const { counts, attempts } = preview;
  const left = counts.waiting + counts.handed_over + counts.watched - attempts.length;
  return [
    preview.text,
    ...attempts.map(
      ({ phase, merchant_id, plugin_id, product, action, version }) =>
        `  ${phase.padEnd(11)} ${merchant_id} ${plugin_id}  ${product} ${action}${version === null ? "" : ` ${version}`}`,
    ),
    ...(left > 0 ? [`  and ${left} more`] : []),
    "Nothing has been done.",
  ];
}

export function emergencyLines(action: Emergency): string[] {
  const { counts } = action;
  const figures = (["waiting", "ordered", "done", "failed", "skipped"] as const)
    .filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${state}`);
  return [
    `${action.id}  ${action.status}  ${whatOf(action)}`,
    `  reason     ${action.reason} (${action.planned_by}, ${action.planned_at})`,
    `  targets    ${counts.targets}${figures.length > 0 ? `: ${figures.join(", ")}` : ""}`,
    ...action.changes.map(
      ({ product, action: kind, version, shops }) =>
        `             ${shops} x ${product} ${kind}${version === null ? "" : ` ${version}`}`,
    ),
    ...(action.wave > 0 ? [`  wave       ${action.wave}`] : []),
    ...(action.confirmed_by === null ? [] : [`  begun by   ${action.confirmed_by}, ${action.confirmed_at}`]),
    ...(action.ended_at === null
      ? []
      : [
          `  ended      ${action.ended_at}${action.ended_because === null ? "" : `: ${action.ended_because}`}`,
        ]),
    ...(action.held === null ? [] : [`  HELD       ${action.held}`]),
    ...action.warnings
      .filter((warning) => warning !== action.held)
      .map((warning) => `  note       ${warning}`),
  ];
}

/** With the command that runs it. */
export function planLines(plan: Emergency): string[] {
  const lines = emergencyLines(plan);
  if (plan.status !== "planned" || plan.counts.targets === 0) return lines;
  const verb = plan.kind === "cancel_pending" ? "cancel-pending" : "rollback-since";
  return [
    ...lines,
    "",
    `Nothing has been done. Until ${plan.expires_at} this runs it:`,
    `  npm run ops -- ${verb} --confirm ${plan.id}/${plan.counts.targets}/${plan.digest}`,
  ];
}

/** With the command that shows the shops that follow. */
export function detailLines(detail: EmergencyDetail, part: Part = {}): string[] {
  const { targets, next_after, id } = detail;
  const asked = part.state !== undefined || part.after !== undefined;
  const shown = asked ? targets : targets.slice(0, SHOWN_TARGETS);
  const after = shown.length < targets.length ? shown.at(-1)?.number : next_after;
  const state = part.state === undefined ? "" : ` --state ${part.state}`;
  return [
    ...emergencyLines(detail),
    ...shown.map(
      ({ number, state, plugin_id, merchant_id, text }) =>
        `  ${String(number).padStart(5)}  ${state.padEnd(8)} ${merchant_id} ${plugin_id}${text === "" ? "" : `  ${text}`}`,
    ),
    ...(after ? [`         more follow: npm run ops -- show ${id}${state} --after ${after}`] : []),
  ];
}

function whatOf({ kind, scope, minutes, wave_size, wave_growth, pause_s, stop_failed_percent }: Emergency) {
  if (kind === "cancel_pending") return `cancel what waits, ${scopeText(scope)}`;
  const growth = wave_growth === 1 ? "" : `, each ${wave_growth} times the one before`;
  return `take back what was applied in the last ${minutes} min, ${scopeText(scope)}; waves of ${wave_size}${growth}, ${pause_s} s apart, stops above ${stop_failed_percent} % failed`;
}

function scopeText({ product, version, merchant_id }: EmergencyScope): string {
  const parts = [
    ...(product === undefined ? [] : [version === undefined ? product : `${product} ${version}`]),
    ...(merchant_id === undefined ? [] : [`merchant ${merchant_id}`]),
  ];
  return parts.length === 0 ? "in the whole fleet" : `of ${parts.join(", ")}`;
}
