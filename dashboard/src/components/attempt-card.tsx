/** One attempt: where it stands, why it was allowed, what staging and the health check found, who approved. */
import type { Attempt } from "../../../src/contract/attempt.ts";
import { useApp } from "../stores/context.ts";
import { approvalsToBegin, questionOf } from "../view/question.ts";
import { subjectHref } from "../view/rollout.ts";
import { ApprovalForm } from "./approval-form.tsx";
import { AttemptSteps } from "./attempt-steps.tsx";
import { Fact, Facts } from "./facts.tsx";
import { GateTable } from "./gate-table.tsx";
import { HealthCheck } from "./health-check.tsx";
import { Status, Word } from "./label.tsx";
import { StagingChecks } from "./staging-checks.tsx";
import { Time } from "./time.tsx";

interface AttemptCardProps {
  attempt: Attempt;
  /** All that the page shows: one of them may be what this one takes back. */
  shown?: readonly Attempt[];
  onChanged: () => void;
}

export function AttemptCard({ attempt, shown = [], onChanged }: AttemptCardProps) {
  const { t } = useApp();
  const question = questionOf(attempt);
  return (
    <article
      id={attempt.id}
      class={`card attempt edge-attempt-${attempt.status}`}
      aria-label={t("attempt.label", { id: attempt.id })}
    >
      <h3>
        <Word of="action" name={attempt.action} />{" "}
        <span class="untrusted">
          {attempt.from_version} → {attempt.target_version ?? "–"}
        </span>{" "}
        <Status of="attemptStatus" status={attempt.status} testId="attempt-status" />
      </h3>
      {attempt.reason && <p class="untrusted">{attempt.reason}</p>}
      <AttemptSteps attempt={attempt} />
      <HealthCheck attempt={attempt} />
      {question && (
        <ApprovalForm
          key={`${attempt.id} ${attempt.evidence_hash} ${question}`}
          attempt={attempt}
          question={question}
          onDone={onChanged}
        />
      )}
      <Facts>
        <Fact name={t("attempt.requestedBy")}>{attempt.requested_by}</Fact>
        <Fact name={t("attempt.step")}>
          {attempt.step === null ? "–" : <Word of="step" name={attempt.step} />}
        </Fact>
        <Fact name={t("attempt.approvals")}>
          {approvalsToBegin(attempt).length} / {attempt.approvals_needed}
        </Fact>
        <Fact name={t("attempt.created")}>
          <Time at={attempt.created_at} />
        </Fact>
        {attempt.remedy && (
          <Fact name={t("attempt.remedy")}>
            <a href={subjectHref({ product: attempt.product, key: attempt.remedy })}>{attempt.remedy}</a>
          </Fact>
        )}
        {attempt.reverts && (
          <Fact name={t("attempt.reverts")}>
            {shown.some(({ id }) => id === attempt.reverts) ? (
              <a href={`#${attempt.reverts}`}>{attempt.reverts}</a>
            ) : (
              attempt.reverts
            )}
          </Fact>
        )}
      </Facts>
      <Approvals attempt={attempt} />
      <GateTable gate={attempt.gate} handover={attempt.handover_gate} />
      {attempt.staging && <StagingChecks checks={attempt.staging} />}
    </article>
  );
}

function Approvals({ attempt }: { attempt: Attempt }) {
  const { t } = useApp();
  if (attempt.approvals.length === 0) return null;
  return (
    <details>
      <summary>{t("attempt.approvalsGiven", { n: attempt.approvals.length })}</summary>
      <ul class="alternatives">
        {attempt.approvals.map((approval) => (
          <li key={`${approval.person} ${approval.at}`}>
            <strong>
              <Word of="approval" name={approval.decision} />
            </strong>{" "}
            <span class="untrusted">
              {approval.person}: {approval.reason}
            </span>{" "}
            <Time at={approval.at} />
          </li>
        ))}
      </ul>
    </details>
  );
}
