/** Requests to the outside, as data: started by the shell, retried with back-off, ignored when the state has moved on. */
import { decideNotBefore } from "./bar.ts";
import type { Draft } from "./draft.ts";
import type { Millis, PluginState, Work } from "./state.ts";
import { WORK_RETRY_MS, WORK_TRIES } from "./tuning.ts";

type NewWork =
  | { kind: "triage"; incidentId: string }
  | { kind: "decide"; incidentId: string }
  | { kind: "gate"; attemptId: string }
  | { kind: "stage"; attemptId: string };

/** A decision waits for the end of what bars it: a mute, or a maintenance window. */
export function startWork(draft: Draft, work: NewWork, notBefore: Millis = draft.now): void {
  const from =
    work.kind === "decide" ? Math.max(notBefore, decideNotBefore(draft, work.incidentId)) : notBefore;
  draft.state.numbers.work += 1;
  draft.state.work.push({ ...work, id: `w${draft.state.numbers.work}`, tries: 0, notBefore: from });
}

/** Takes the work out; null when it was dropped meanwhile: its late answer must change nothing. */
export function takeWork(draft: Draft, id: string): Work | null {
  const work = draft.state.work.find((candidate) => candidate.id === id) ?? null;
  draft.state.work = draft.state.work.filter((candidate) => candidate !== work);
  return work;
}

/** Puts failed work back with doubled delay; false when its tries are used up. */
export function retryWork(draft: Draft, work: Work): boolean {
  if (work.tries + 1 >= WORK_TRIES) return false;
  draft.state.work.push({
    ...work,
    tries: work.tries + 1,
    notBefore: draft.now + WORK_RETRY_MS * 2 ** work.tries,
  });
  return true;
}

export function dropWorkOf(draft: Draft, subject: { incidentId: string } | { attemptId: string }): void {
  draft.state.work = draft.state.work.filter((work) =>
    "incidentId" in subject
      ? !("incidentId" in work) || work.incidentId !== subject.incidentId
      : !("attemptId" in work) || work.attemptId !== subject.attemptId,
  );
}

/** What may be started now. The shell leaves out what it is already doing. */
export function runnableWork(state: PluginState, now: Millis): Work[] {
  return state.work.filter((work) => work.notBefore <= now);
}
