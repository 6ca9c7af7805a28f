import { useApp } from "../stores/context.ts";
import type { PolicyDraft } from "../stores/policy-draft.ts";
import { issueAt, issueOn, policyIssues } from "../view/policy-issues.ts";

/** What to say below a field, by its dotted path; undefined when it is right. `own` leaves out what is said inside it. */
export type PolicyMessage = (path: string, scope?: "own") => string | undefined;

export function usePolicyMessage(draft: PolicyDraft): PolicyMessage {
  const { preferences, t } = useApp();
  const issues = policyIssues(draft.document.value, preferences.language.value);
  return (path, scope) => {
    const issue = scope === "own" ? issueOn(issues, path) : issueAt(issues, path);
    if (issue === undefined) return undefined;
    return "key" in issue.message ? t(issue.message.key) : issue.message.text;
  };
}
