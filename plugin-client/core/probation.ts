/** The provisional update: what makes it final, what ends it, what a restart has to do. Pure. */
import type { Commit, FailCode } from "../../src/contract/command.ts";
import type { Journal, Probation } from "./journal.ts";

export type CommitVerdict = { final: true } | { final: false; why: string };

/**
 * A commit counts only for exactly the update on probation, in time. Its signature has been verified before. `now` is the
 * clock that set the deadline; `wall` may be corrected by the control plane's time and judges the expiry.
 */
export function judgeCommit(
  probation: Probation | null,
  commit: Commit,
  pluginId: string,
  clock: { now: number; wall: number },
): CommitVerdict {
  const not = (why: string): CommitVerdict => ({ final: false, why });
  if (probation === null) return not("nothing is on probation");
  if (commit.plugin_id !== pluginId) return not("made out to another plugin");
  if (commit.command_id !== probation.command_id || commit.attempt_id !== probation.attempt_id)
    return not("for another command");
  if (commit.version !== probation.to) return not("for another version");
  if (Date.parse(commit.expires_at) <= clock.wall) return not("expired");
  if (probation.ending !== undefined || isOverdue(probation, clock.now)) return not("after the deadline");
  return { final: true };
}

/** Past its deadline, or on a clock that was set back before the switch: then nobody can tell, and old is safe. */
export function isOverdue(probation: Probation, now: number): boolean {
  return now >= probation.deadline_at || now < probation.switched_at - 60_000;
}

/** Milliseconds until the dead-man has to look again. */
export function remainingMs(probation: Probation, now: number): number {
  return isOverdue(probation, now) ? 0 : probation.deadline_at - now;
}

/** What a starting client has to do first, given what is on disk. */
export type Recovery =
  | { do: "nothing" }
  /** The new version is in place and in time: boot it and go on watching. */
  | { do: "resume_probation"; probation: Probation }
  /** Put the snapshot back (or make sure that it is back) and report why. */
  | { do: "restore"; probation: Probation; ending: { code: FailCode; message: string } }
  /** The switch of a rollback is to be finished, or was finished and not reported. */
  | { do: "finish_rollback"; rollback: NonNullable<Journal["rollback"]> }
  /** Only whether the settings carry its mark tells whether a config command was carried out. */
  | { do: "check_config"; id: string }
  /** Accepted, and nothing was changed yet. */
  | { do: "give_up"; id: string };

/** `mark`: the command that last changed the settings; asked for only while settings are on probation. */
export function recovery(
  journal: Journal,
  currentVersion: string,
  now: number,
  mark: string | null = null,
): Recovery {
  const { probation, rollback, in_hand } = journal;
  if (rollback !== null) return { do: "finish_rollback", rollback };
  if (probation !== null) {
    if (probation.ending !== undefined) return { do: "restore", probation, ending: probation.ending };
    const switched = probation.settings ? mark === probation.command_id : currentVersion === probation.to;
    if (!switched)
      return {
        do: "restore",
        probation,
        ending: { code: "internal", message: "the client stopped before the switch" },
      };
    if (isOverdue(probation, now))
      return {
        do: "restore",
        probation,
        ending: { code: "restored", message: "no commit by the deadline; found at start" },
      };
    return { do: "resume_probation", probation };
  }
  if (in_hand === null) return { do: "nothing" };
  return in_hand.type === "config"
    ? { do: "check_config", id: in_hand.id }
    : { do: "give_up", id: in_hand.id };
}
