/** Pure. Manual actions: which are offered, and what the form's text becomes. */
import type { Incident } from "../../../src/contract/incident.ts";
import type { ManualAction } from "../../../src/contract/ops.ts";

/** A vote is no order: it has its own place on the page. */
export type ActionName = Exclude<ManualAction["action"], "vote">;

const HEALING: readonly ActionName[] = ["patch", "rollback", "config", "retry"];

/** What makes sense now; the server has the last word. */
export function offeredActions(incident: Incident): ActionName[] {
  switch (incident.status) {
    case "resolved":
    case "dismissed":
      return [];
    case "open":
    case "escalated":
      return [...HEALING, ...handling(incident)];
    // In a storm nothing is to be healed: the fault is most likely not the shop's.
    case "unknown":
    case "healing":
      return handling(incident);
    case "baking":
      return ["rollback", ...handling(incident)];
    default:
      return incident.status satisfies never;
  }
}

function handling(incident: Incident): ActionName[] {
  return [
    ...(incident.acknowledged_by === null ? (["acknowledge"] as const) : []),
    "snooze",
    "resolve",
    ...(incident.status !== "escalated" ? (["escalate"] as const) : []),
    "dismiss",
  ];
}

/** What the dialog holds, as the contract's action; its schema then says whether it is right. */
export function draftAction(
  name: ActionName,
  form: { version: string; settings: string; until?: string; reason: string },
): Record<string, unknown> {
  const version = form.version.trim();
  if (name === "patch") return { action: name, version, reason: form.reason };
  if (name === "rollback")
    return { action: name, ...(version === "" ? {} : { version }), reason: form.reason };
  if (name === "config") return { action: name, set: settingsOf(form.settings), reason: form.reason };
  if (name === "snooze") return { action: name, until: form.until ?? "", reason: form.reason };
  return { action: name, reason: form.reason };
}

/** Lines of `name = value`; true, false and numbers become what they say, everything else stays text. */
export function settingsOf(text: string): Record<string, string | number | boolean> {
  const lines = text.split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at).trim(), settingValue(line.slice(at + 1).trim())];
    }),
  );
}

function settingValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
