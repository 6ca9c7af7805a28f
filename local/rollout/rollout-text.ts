/** Pure: rollouts as lines of text. */

import type { Floor, FloorReply } from "../../src/contract/floor.ts";
import type { RevertReply, RevertRun } from "../../src/contract/revert.ts";
import type {
  EnvironmentHold,
  HoldReply,
  PlanReply,
  RolloutDetail,
  RolloutState,
} from "../../src/contract/rollout.ts";

export function stateLines(name: string, state: RolloutState): string[] {
  const stage = state.stages[state.stage] ?? "none";
  const failed = state.rolled_back + state.failed + state.relapsed;
  const lines = [
    `${name}  ${state.status}${state.standing === null ? "" : ` (${state.standing.by}, ${state.standing.at}: ${printable(state.standing.reason)})`}`,
    `  stage      ${state.stage + 1} of ${state.stages.length}, ${printable(stage)}, since ${state.stage_since} (${state.source})`,
    `  in flight  ${state.in_flight} of at most ${state.in_flight_limit}`,
    `  ended      ${state.success} healed (${state.baked} for ${state.bake_s} s and more), ${failed} failed: ` +
      `${state.rolled_back} rolled back, ${state.failed} failed, ${state.relapsed} relapsed; ${state.inconclusive} inconclusive`,
  ];
  if (state.not_before !== null) lines.push(`  not before ${state.not_before}`);
  lines.push(...state.holds.map(holdLine));
  for (const { at, by, failures, finished, reason } of state.acknowledgements)
    lines.push(
      `  resumed    ${at} by ${by}, ${failures} of ${finished} failures acknowledged: ${printable(reason)}`,
    );
  if (state.revert !== null) lines.push(revertLine(state.revert));
  return lines;
}

export function holdLines(name: string, { hold, shops, ...state }: HoldReply): string[] {
  const where = printable(hold.environment);
  const now = hold.lifted === null ? "is kept from" : "is not kept from";
  const whom =
    shops === null ? "the ledger cannot be read now: no count" : `${shops} shops on record are there`;
  return [...stateLines(name, state), `it ${now} ${where}: ${whom}`];
}

function holdLine({ environment, lifted, by, at, reason }: EnvironmentHold): string {
  const end = lifted === null ? "" : `; lifted ${lifted.at} by ${lifted.by}: ${printable(lifted.reason)}`;
  return `  held       ${printable(environment)} since ${at} by ${by}: ${printable(reason)}${end}`;
}

function revertLine({ state, by, reason, counts, held }: Omit<RevertRun, "items">): string {
  const told = Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([status, n]) => `${n} ${status}`);
  return `  going back ${state}, ordered by ${by}: ${printable(reason)}; ${told.join(", ") || "no shops"}${state === "running" && held ? `; held: ${held}` : ""}`;
}

export function detailLines({ product, version, rollout, slots, revert }: RolloutDetail): string[] {
  const shops = slots.map(
    ({ plugin_id, attempt_id, outcome, environment, taken_at }) =>
      `  ${(outcome ?? "under way").padEnd(12)} ${plugin_id}  ${attempt_id}  ${taken_at ?? "-"}  ${printable(environment ?? "-")}`,
  );
  const back = (revert?.items ?? []).map(
    ({ plugin_id, status, text }) => `  ${status.padEnd(12)} ${plugin_id}  ${printable(text)}`,
  );
  return [
    ...stateLines(`${product} ${version}`, rollout),
    ...(shops.length === 0 ? [] : ["shops, newest first:", ...shops]),
    ...(back.length === 0 ? [] : ["going back, newest first:", ...back]),
  ];
}

export function planLines(reply: PlanReply): string[] {
  const shops = reply.shops === null ? "the ledger cannot be read now: no counts" : `${reply.shops} shops`;
  const rows = reply.waves.map(
    ({ wave, not_before, shops: all, added }, i) =>
      `  ${String(i + 1).padStart(2)}  ${printable(wave).padEnd(40)} ${String(all).padStart(7)} shops, ${String(added).padStart(7)} new` +
      `${not_before === null ? "" : `  from ${not_before}`}`,
  );
  return [
    `${reply.planned ? "planned" : "dry run, nothing is changed"}: ${shops}, ${reply.out_of_reach} of them out of reach${reply.truncated ? ", more were not counted" : ""}`,
    ...rows,
    ...(reply.notes ?? []).map(printable),
  ];
}

export function floorLine({ product, version, standing }: Floor): string {
  if (standing === null) return `${product} has no floor`;
  const set = version === null ? "no floor" : `not below ${version}`;
  return `${product}: ${set} (${standing.by}, ${standing.at}: ${printable(standing.reason)})`;
}

export function floorLines({ dry_run, shut, left, notes, ...floor }: FloorReply): string[] {
  return [
    ...(dry_run ? ["dry run, nothing is changed"] : []),
    floorLine(floor),
    `${dry_run ? "would be shut" : "shut"}: ${shut.join(", ") || "no active release"}; left: ${left.join(", ") || "none"}`,
    ...notes.map(printable),
  ];
}

export function revertLines({ dry_run, halts, shops, run, notes }: RevertReply): string[] {
  const would = dry_run ? "would be" : "are being";
  return [
    `${shops} shops ${would} taken back, newest first, ${run.in_flight_limit} at a time` +
      `${halts ? `; it ${dry_run ? "would be" : "is"} halted first` : ""}`,
    ...run.items.map(({ plugin_id, applied_at }) => `  ${plugin_id}  ${applied_at ?? "under way"}`),
    ...(run.items.length < shops ? [`  and ${shops - run.items.length} more`] : []),
    ...(notes ?? []).map(printable),
  ];
}

/** What others wrote cannot steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, "?");
}
