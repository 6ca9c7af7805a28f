/** The commit that makes a kept change final: repeated until the shop has taken it, or is found to have gone back before. */
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import type { Draft } from "./draft.ts";
import { excludeFix } from "./end-attempt.ts";
import { forgetInPlace } from "./in-place.ts";
import { reopenIncident } from "./incidents.ts";
import { reportRelapse } from "./relapse.ts";
import { COMMIT_DOUBT_MS } from "./tuning.ts";
import { changedTo } from "./way-back.ts";

/** A plugin that fell back re-opens its incident. Settings show in no version: the last command tells of them. */
export function followCommit(draft: Draft, beat: HeartbeatData): void {
  const { state, now } = draft;
  const { commit } = state;
  if (commit === null) return;
  const last = beat.last_command;
  if (last?.id === commit.commandId && last.outcome === "restored")
    return lostBeforeCommit(draft, `The shop took ${changeOf(draft)} back before its commit arrived.`);
  if (beat.version === commit.version) {
    if (beat.state !== "probation" || now >= commit.expiresAt + COMMIT_DOUBT_MS) state.commit = null;
    return;
  }
  lostBeforeCommit(
    draft,
    `The shop went back to ${beat.version} before the commit of ${commit.version} arrived.`,
  );
}

function changeOf({ state }: Draft): string {
  const change = state.inPlace?.find(({ attemptId }) => attemptId === state.commit?.attemptId);
  return change?.to ?? "the settings";
}

/** The dead-man was faster: the success did not last. */
export function lostBeforeCommit(draft: Draft, why: string): void {
  const { state, now } = draft;
  const { commit } = state;
  if (commit === null) return;
  state.commit = null;
  const incident = state.incidents.find((open) => open.healedBy?.attemptId === commit.attemptId);
  const fix = incident?.healedBy;
  // While it is still known what was in place: release, fleet and SIRA counted it as a success.
  if (incident && fix && !fix.regressed) reportRelapse(draft, incident, fix, why);
  forgetInPlace(state, commit.attemptId);
  if (!incident || !fix) return;
  // A change of settings is no news to the detectors until they are told.
  if (fix.version === null) changedTo(draft, state.version);
  excludeFix(state, incident, fix, now);
  reopenIncident(draft, incident, why);
}
