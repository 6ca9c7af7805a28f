/**
 * Pure: why a plugin is silent, from what the fleet and a look from outside say. Only "plugin silent" may lead to healing: a
 * command cannot mend a shop that is down, and a fault on our side of the wire is nothing to mend in a shop.
 */
import type { IncidentType, SilenceCause } from "../../contract/incident.ts";

/** Looks from outside per silence: one lost packet must not call a shop down, and a shop is not to be pestered. */
export const MAX_LOOKS = 2;

/** What one look from outside found. */
export interface SiteProbe {
  /** `up`: something answers there, if only with "forbidden". `unknown`: we did not, or may not, look. */
  status: "up" | "down" | "unknown";
  reason:
    | "answered"
    | "server_error"
    | "no_connection"
    | "timeout"
    | "refused_address"
    | "too_many_redirects"
    | "budget";
  /** For people. */
  detail: string;
  /** Of the last answer, when there was one. */
  http_status: number | null;
  ms: number;
}

export interface SilenceFacts {
  /** False when the plugin named no address at enrolment. */
  siteKnown: boolean;
  /** Null when nobody looked: without an address. */
  probe: SiteProbe | null;
  /** Looks so far, this one included. */
  looks: number;
}

export interface SilenceVerdict {
  /** `look_again`: one more look. `decide`: it may be healed. `escalate`: a person. */
  next: "look_again" | "decide" | "escalate";
  /** Null while it is not known yet. */
  cause: SilenceCause | null;
  explanation: string;
}

/** An incident of a type that a storm is about: not judged until it is over. */
export function stormVerdict(
  type: IncidentType,
  stormExplanation: string,
): Pick<SilenceVerdict, "cause" | "explanation"> {
  return type === "heartbeat_missed"
    ? {
        cause: "ingest",
        explanation: `Many plugins fell silent at once, so the fault is most likely on our side: ${stormExplanation}`,
      }
    : {
        cause: null,
        explanation: `Many plugins of different versions began to show this at once, so the fault is most likely not the shop's: ${stormExplanation}`,
      };
}

export function judgeSilence({ siteKnown, probe, looks }: SilenceFacts): SilenceVerdict {
  if (!siteKnown || probe === null)
    return {
      next: "escalate",
      cause: "unknown",
      explanation: "No address of the shop is known, so nobody can look at it from outside.",
    };
  const seen = `Looked at the shop from outside: ${probe.detail}`;
  if (probe.status === "up")
    return {
      next: "decide",
      cause: "plugin_silent",
      explanation: `${seen} The shop is up, its plugin is silent.`,
    };
  const lastLook = looks >= MAX_LOOKS || probe.reason === "refused_address";
  if (!lastLook)
    return { next: "look_again", cause: null, explanation: `${seen} It is looked at once more.` };
  if (probe.status === "down")
    return {
      next: "escalate",
      cause: "shop_down",
      explanation: `${seen} The shop itself is down; no change of the plugin would help.`,
    };
  return {
    next: "escalate",
    cause: "unknown",
    explanation: `${seen} Whether the shop is up is not known.`,
  };
}
