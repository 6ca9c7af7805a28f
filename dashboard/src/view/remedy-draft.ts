/** Pure. A remedy being written: texts as typed, and the request they make or what is wrong with each field. */
import type { IncidentType } from "../../../src/contract/incident.ts";
import { PublishRemedyRequest } from "../../../src/contract/remedy.ts";
import type { Language } from "../i18n/i18n.ts";
import { settingsOf } from "./manual-action.ts";
import { inLanguage, issuesByField } from "./schema-issues.ts";

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
export function remedyOf(
  draft: RemedyDraft,
  language: Language,
): {
  value: PublishRemedyRequest | null;
  issues: Map<string, string>;
} {
  const { min_version, max_version, set, ...rest } = draft;
  const request = {
    ...rest,
    set: settingsOf(set),
    ...(min_version.trim() === "" ? {} : { min_version: min_version.trim() }),
    ...(max_version.trim() === "" ? {} : { max_version: max_version.trim() }),
  };
  const parsed = PublishRemedyRequest.safeParse(request, inLanguage(language));
  return parsed.success
    ? { value: parsed.data, issues: new Map() }
    : { value: null, issues: issuesByField(parsed.error.issues) };
}
