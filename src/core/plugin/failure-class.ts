/** What a shop's refusal means: may the same be sent again, how soon, and does it say anything about the fix? Pure. */
import type { FailCode } from "../../contract/command.ts";
import type { Millis } from "./state.ts";
import {
  INTERRUPTED_RETRY_MS,
  INTERRUPTED_TRIES,
  STALE_TRIES,
  TRANSIENT_RETRY_MS,
  TRANSIENT_TRIES,
} from "./tuning.ts";

/**
 * `transient`: passes by itself. `stale`: the command was too old or overtaken; a fresh one may do. `interrupted`: the client
 * stopped in the middle, and has undone it. `tampered`: not ours in the client's eyes; nothing is sent again and a person must
 * look. `incapable`: this client cannot do it. `fix`: the change itself does not work here.
 */
export type FailureClass = "transient" | "stale" | "interrupted" | "tampered" | "incapable" | "fix";

const CLASS_OF: Record<FailCode, FailureClass> = {
  download_failed: "transient",
  busy: "transient",
  expired: "stale",
  out_of_order: "stale",
  internal: "interrupted",
  bad_signature: "tampered",
  foreign: "tampered",
  unsupported: "incapable",
  min_from: "fix",
  downgrade: "fix",
  digest_mismatch: "fix",
  bad_release: "fix",
  unpack_failed: "fix",
  boot_failed: "fix",
  restored: "fix",
  rollback_failed: "fix",
  config_failed: "fix",
};

export function classOf(code: FailCode): FailureClass {
  return CLASS_OF[code];
}

/** Milliseconds until the command may be sent again after so many tries; null when it is not. Doubled each time where it may pass. */
export function retryAfterMs(code: FailCode, tries: number): Millis | null {
  switch (classOf(code)) {
    case "transient":
      return tries < TRANSIENT_TRIES ? TRANSIENT_RETRY_MS * 2 ** (tries - 1) : null;
    case "stale":
      return tries < STALE_TRIES ? 0 : null;
    case "interrupted":
      return tries < INTERRUPTED_TRIES ? INTERRUPTED_RETRY_MS : null;
    case "tampered":
    case "incapable":
    case "fix":
      return null;
    default:
      return classOf(code) as never; // every class is named above
  }
}

/** Only then is anything learned from it. */
export function blamesTheFix(code: FailCode): boolean {
  return classOf(code) === "fix" || classOf(code) === "interrupted";
}

/** For people: why nothing more is tried. */
export function describeFailure(code: FailCode, message: string): string {
  const words = `${code}: ${message}`;
  switch (classOf(code)) {
    case "tampered":
      return `The shop does not take the command for ours; somebody may be between, or the keys differ. ${words}`;
    case "incapable":
      return `The shop's client cannot do this. ${words}`;
    default:
      return words;
  }
}
