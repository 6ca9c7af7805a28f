/** Approve or reject, keep or take back, for exactly the evidence on the screen: its hash goes along, and the server refuses any other. */
import type { Attempt } from "../../../src/contract/attempt.ts";
import { useAction, useApp } from "../stores/context.ts";
import { approvalsMissing, type Question } from "../view/question.ts";
import { ReasonForm } from "./reason-form.tsx";
import { Time } from "./time.tsx";

interface ApprovalFormProps {
  attempt: Attempt;
  question: Question;
  onDone: () => void;
}

export function ApprovalForm({ attempt, question, onDone }: ApprovalFormProps) {
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
  const title = t(question === "keep" ? "keep.title" : "approval.title");
  return (
    <section class="approval" aria-label={title}>
      <h4>{title}</h4>
      {question === "keep" ? <KeepHint attempt={attempt} /> : <Missing attempt={attempt} />}
      <p class="evidence-hash">
        {t("approval.evidence")} <code>{attempt.evidence_hash}</code>
      </p>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t(question === "keep" ? "keep.approve" : "approval.approve")}
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
            {t(question === "keep" ? "keep.reject" : "approval.reject")}
          </button>
        )}
      />
    </section>
  );
}

function Missing({ attempt }: Pick<ApprovalFormProps, "attempt">) {
  const { t } = useApp();
  return <p>{t("approval.missing", { n: approvalsMissing(attempt) })}</p>;
}

/** Until when one answer decides, and what happens without it: a rollback is final in the shop, all else goes back where it can. */
function KeepHint({ attempt }: Pick<ApprovalFormProps, "attempt">) {
  const { t } = useApp();
  return (
    <>
      <p>
        {t("keep.until")} <Time at={attempt.asked_until ?? null} />
      </p>
      <p>{t(attempt.action === "rollback" ? "keep.elseStays" : "keep.elseBack")}</p>
    </>
  );
}
