/** What would change, why, and the button. When somebody else was quicker: what they changed, and how to go on. */
import type { PolicyPut } from "../../../src/contract/policy.ts";
import type { Failure } from "../api/call.ts";
import { useAction, useApp } from "../stores/context.ts";
import type { PolicyDraft } from "../stores/policy-draft.ts";
import { policyIssues } from "../view/policy-issues.ts";
import { Backtest } from "./backtest/backtest.tsx";
import { ChangeTable } from "./change-table.tsx";
import { ReasonForm } from "./reason-form.tsx";

export function PolicySave({ draft }: { draft: PolicyDraft }) {
  const { api, policy, preferences, t } = useApp();
  const action = useAction(
    async (input: PolicyPut) => {
      const answer = await api.putPolicy(input);
      const isStale =
        !answer.ok && answer.failure.kind === "refused" && answer.failure.error.code === "stale_revision";
      // The newest revision is what the panel below explains; the draft is told of it by its page.
      if (isStale) await policy.refetch();
      return answer;
    },
    (saved) => {
      draft.saved(saved);
      policy.put(saved);
    },
  );
  const mine = draft.mine.value;
  if (mine.length === 0) return <p class="empty">{t("policy.untouched")}</p>;
  if (draft.isStale.value) return <Stale draft={draft} />;
  const issues = policyIssues(draft.document.value, preferences.language.value);
  return (
    <section class="card policy-save" aria-labelledby="save">
      <h2 id="save">{t("policy.changes", { n: mine.length })}</h2>
      <ChangeTable changes={mine} label={t("policy.changes", { n: mine.length })} />
      {issues.length > 0 && (
        <p class="trouble" role="alert">
          {t("policy.invalid", { n: issues.length })}
        </p>
      )}
      <ReasonForm
        busy={action.busy.value}
        failure={isExplained(action.failure.value, draft.basis.value.revision) ? null : action.failure.value}
        submit={t("policy.save")}
        testId="policy-save"
        reasonTestId="policy-reason"
        onSubmit={(reason) => {
          if (issues.length > 0) return;
          void action.run({
            revision: draft.basis.value.revision,
            reason,
            document: draft.document.value,
          });
        }}
        others={() => (
          <button type="button" class="button" onClick={draft.takeTheirs}>
            {t("policy.discard")}
          </button>
        )}
      />
      <Backtest document={draft.document.value} isValid={issues.length === 0} />
    </section>
  );
}

/** A stale revision needs no message any more once the draft stands on the newer one. */
function isExplained(failure: Failure | null, revision: number): boolean {
  return failure?.kind === "refused" && (failure.error.revision ?? Number.POSITIVE_INFINITY) <= revision;
}

function Stale({ draft }: { draft: PolicyDraft }) {
  const { t } = useApp();
  const { latest, theirs, mine, contested } = draft;
  return (
    <section class="card policy-save stale" aria-labelledby="stale" role="alert" data-testid="policy-stale">
      <h2 id="stale">{t("policy.stale", { n: String(latest.value.revision) })}</h2>
      <p class="untrusted">
        {latest.value.updated_by}: {latest.value.reason}
      </p>
      <h3>{t("policy.theirChanges")}</h3>
      <ChangeTable changes={theirs.value} label={t("policy.theirChanges")} />
      <h3>{t("policy.yourChanges")}</h3>
      <ChangeTable changes={mine.value} label={t("policy.yourChanges")} />
      {contested.value.length > 0 && (
        <p>{t("policy.contested", { fields: contested.value.map((c) => c.path.join(".")).join(", ") })}</p>
      )}
      <div class="buttons">
        <button type="button" class="button primary" onClick={draft.keepMine}>
          {t("policy.keepMine")}
        </button>
        <button type="button" class="button" onClick={draft.takeTheirs}>
          {t("policy.takeTheirs")}
        </button>
      </div>
    </section>
  );
}
