/** Approve or reject, for exactly the evidence on the screen: its hash goes along, and the server refuses any other. */
import type { Attempt } from "../../../src/contract/attempt.ts";
import { useAction, useApp } from "../stores/context.ts";
import { ReasonForm } from "./reason-form.tsx";

export function ApprovalForm({ attempt, onDone }: { attempt: Attempt; onDone: () => void }) {
  const { api, t } = useApp();
  const action = useAction(
    (decision: "approve" | "reject", reason: string) =>
      api.approve(attempt.incident_id, {
        attempt_id: attempt.id,
        decision,
        evidence_hash: attempt.evidence_hash,
        reason,
      }),
    onDone,
  );
  const missing = attempt.approvals_needed - attempt.approvals.filter((a) => a.decision === "approve").length;
  return (
    <section class="approval" aria-label={t("approval.title")}>
      <h4>{t("approval.title")}</h4>
      <p>{t("approval.missing", { n: Math.max(0, missing) })}</p>
      <p class="evidence-hash">
        {t("approval.evidence")} <code>{attempt.evidence_hash}</code>
      </p>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t("approval.approve")}
        testId="approve"
        reasonTestId="approve-reason"
        onSubmit={(reason) => void action.run("approve", reason)}
        others={(reason, isGiven) => (
          <button
            type="button"
            class="button danger"
            data-testid="reject"
            disabled={action.busy.value || !isGiven}
            onClick={() => void action.run("reject", reason)}
          >
            {t("approval.reject")}
          </button>
        )}
      />
    </section>
  );
}
