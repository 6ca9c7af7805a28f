/** Pure. What is wrong with an edited policy, by field, in the reader's language. */
import { PolicyDocument } from "../../../src/contract/policy.ts";
import type { Key, Language } from "../i18n/i18n.ts";
import { inLanguage } from "./schema-issues.ts";

/** Rules over several fields: the schema words them in English only. */
const RULES: Readonly<Record<string, Key>> = {
  "canary.stages": "policyIssue.stages",
  intervals: "policyIssue.verifyLimit",
  "whitelist.merchants": "policyIssue.merchants",
};

/** Likewise, within the lists. */
const ENTRY_RULES: readonly (readonly [RegExp, Key])[] = [
  [/^mutes\.\d+$/, "policyIssue.muteScope"],
  [/^maintenance\.\d+\.id$/, "policyIssue.windowId"],
  [/^maintenance\.\d+\.until$/, "policyIssue.windowUntil"],
  [/^(mutes|maintenance)\.\d+\.(until|from)$/, "policyIssue.instant"],
  [/^(mutes|maintenance)\.\d+\.reason$/, "reason.missing"],
];

export interface PolicyIssue {
  path: string;
  message: { key: Key } | { text: string };
}

/** Empty when the document is a valid policy. */
export function policyIssues(document: unknown, language: Language): PolicyIssue[] {
  const parsed = PolicyDocument.safeParse(document, inLanguage(language));
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => {
    const path = issue.path.join(".");
    const rule = Object.keys(RULES).find(
      (name) => path === name || (name === "whitelist.merchants" && path.startsWith(name)),
    );
    const entry = ENTRY_RULES.find(([pattern]) => pattern.test(path));
    if (entry !== undefined && issue.code !== "unrecognized_keys")
      return { path, message: { key: entry[1] } };
    const key = rule === undefined || issue.code === "too_small" ? undefined : RULES[rule];
    return { path, message: key === undefined ? { text: issue.message } : { key } };
  });
}

/** The first issue of a field, or, when it has none itself, of anything inside it. */
export function issueAt(issues: readonly PolicyIssue[], path: string): PolicyIssue | undefined {
  return issueOn(issues, path) ?? issues.find((issue) => issue.path.startsWith(`${path}.`));
}

/** The first issue of the field as a whole: what is wrong inside it is said there. */
export function issueOn(issues: readonly PolicyIssue[], path: string): PolicyIssue | undefined {
  return issues.find((issue) => issue.path === path);
}
