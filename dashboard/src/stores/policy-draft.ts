/**
 * The policy as a person edits it, beside the policy in force. Somebody else may change it meanwhile: the draft keeps
 * the document it started from, so that it can tell whose change is whose.
 */
import { batch, computed, signal } from "@preact/signals";
import type { Policy, PolicyDocument } from "../../../src/contract/policy.ts";
import { changesBetween, conflicts, withChanges } from "../view/changes.ts";

export type PolicyDraft = ReturnType<typeof createPolicyDraft>;

export function createPolicyDraft(start: Policy) {
  const basis = signal(start);
  const latest = signal(start);
  const document = signal(start.document);

  const mine = computed(() => changesBetween(basis.value.document, document.value));
  const theirs = computed(() => changesBetween(basis.value.document, latest.value.document));
  const isStale = computed(() => latest.value.revision !== basis.value.revision);
  const contested = computed(() => conflicts(mine.value, theirs.value));

  function startFrom(policy: Policy, edited: PolicyDocument): void {
    batch(() => {
      basis.value = policy;
      latest.value = policy;
      document.value = edited;
    });
  }

  return {
    document,
    basis,
    latest,
    mine,
    theirs,
    contested,
    isStale,
    edit(part: Partial<PolicyDocument>): void {
      document.value = { ...document.value, ...part };
    },
    /** The policy in force has been read again. An untouched draft follows it; an edited one only takes note. */
    seen(policy: Policy): void {
      if (policy.revision < latest.value.revision) return;
      if (mine.value.length === 0) startFrom(policy, policy.document);
      else latest.value = policy;
    },
    /** Gives one's own edits up. */
    takeTheirs: () => startFrom(latest.value, latest.value.document),
    /** Puts one's own edits onto the newest revision; where both changed the same, one's own count. */
    keepMine: () => startFrom(latest.value, withChanges(latest.value.document, mine.value)),
    saved: (policy: Policy) => startFrom(policy, policy.document),
  };
}
