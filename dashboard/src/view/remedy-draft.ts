/** Pure. A remedy being written: texts as typed, and the request they make or what is wrong with each field. */
import type { IncidentType } from "../../../src/contract/incident.ts";
import { PublishRemedyRequest } from "../../../src/contract/remedy.ts";
import { settingsOf } from "./manual-action.ts";

export interface RemedyDraft {
  product: string;
  title: string;
  for: IncidentType[];
  /** One setting a line, `name = value`; a value is a number, true, false, or else text. */
  set: string;
  min_version: string;
  max_version: string;
}

export function aRemedyDraft(product: string): RemedyDraft {
  return { product, title: "", for: ["webhook_fail_rate"], set: "", min_version: "", max_version: "" };
}

/** The request, or null with a message for each field that keeps it from being one. */
export function remedyOf(draft: RemedyDraft): {
  value: PublishRemedyRequest | null;
  issues: Map<string, string>;
} {
  const { min_version, max_version, set, ...rest } = draft;
  const parsed = PublishRemedyRequest.safeParse({
    ...rest,
    set: settingsOf(set),
    ...(min_version.trim() === "" ? {} : { min_version: min_version.trim() }),
    ...(max_version.trim() === "" ? {} : { max_version: max_version.trim() }),
  });
  if (parsed.success) return { value: parsed.data, issues: new Map() };
  return {
    value: null,
    issues: new Map(parsed.error.issues.map((issue) => [String(issue.path[0] ?? ""), issue.message])),
  };
}
