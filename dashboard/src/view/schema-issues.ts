/** Pure. What a schema has against a form, by field, in the reader's language; a rule that has words of its own keeps them. */
import en from "zod/v4/locales/en.js";
import fr from "zod/v4/locales/fr.js";
import type { Language } from "../i18n/i18n.ts";

const WORDS = { en: en().localeError, fr: fr().localeError };

/** For `safeParse`: its messages in this language. */
export function inLanguage(language: Language) {
  return { error: WORDS[language] };
}

/** A message for each field of a flat form, by its name; of the whole form by the empty name. */
export function issuesByField(
  issues: readonly { path: PropertyKey[]; message: string }[],
): Map<string, string> {
  return new Map(issues.map((issue) => [String(issue.path[0] ?? ""), issue.message]));
}
