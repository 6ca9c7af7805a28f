import { useApp } from "../stores/context.ts";
import type { PolicyDraft } from "../stores/policy-draft.ts";
import { issueAt, policyIssues } from "../view/policy-issues.ts";

/** What to say below a field of the policy, by its dotted path; undefined when it is right. */
export function usePolicyMessage(draft: PolicyDraft): (path: string) => string | undefined {
  const { preferences, t } = useApp();
  const issues = policyIssues(draft.document.value, preferences.language.value);
  return (path) => {
    const issue = issueAt(issues, path);
    if (issue === undefined) return undefined;
    return "key" in issue.message ? t(issue.message.key) : issue.message.text;
  };
}
