/** What people do about a release or a remedy as a whole: let it go on, pause, halt or block it, each with a reason. */
import { useSignal } from "@preact/signals";
import type { ReleaseStatus } from "../../../../src/contract/release.ts";
import { useAction, useApp } from "../../stores/context.ts";
import { NEXT_STATUSES, type Subject, subjectName } from "../../view/rollout.ts";
import { Dialog } from "../dialog.tsx";
import { ReasonForm } from "../reason-form.tsx";

interface SubjectActionsProps {
  subject: Subject;
  status: ReleaseStatus;
  onChanged: () => void;
}

export function SubjectActions({ subject, status, onChanged }: SubjectActionsProps) {
  const { t } = useApp();
  const chosen = useSignal<ReleaseStatus | null>(null);
  const close = () => {
    chosen.value = null;
  };
  return (
    <>
      <div class="buttons">
        {NEXT_STATUSES[status].map((next) => (
          <button
            key={next}
            type="button"
            class={next === "active" || next === "paused" ? "button" : "button danger"}
            aria-haspopup="dialog"
            aria-label={t(`releaseAct.${next}Of`, { name: subjectName(subject) })}
            onClick={() => {
              chosen.value = next;
            }}
          >
            {t(`releaseAct.${next}`)}
          </button>
        ))}
      </div>
      {chosen.value && (
        <StatusDialog subject={subject} status={chosen.value} onClose={close} onChanged={onChanged} />
      )}
    </>
  );
}

interface StatusDialogProps {
  subject: Subject;
  status: ReleaseStatus;
  onClose: () => void;
  onChanged: () => void;
}

function StatusDialog({ subject, status, onClose, onChanged }: StatusDialogProps) {
  const { api, t } = useApp();
  const action = useAction(
    (reason: string) => api.setSubjectStatus(subject, { status, reason }),
    () => {
      onClose();
      onChanged();
    },
  );
  return (
    <Dialog title={t(`releaseAct.${status}Of`, { name: subjectName(subject) })} onClose={onClose}>
      <p>{t(`releaseHint.${status}`)}</p>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t(`releaseAct.${status}`)}
        tone={status === "active" || status === "paused" ? "primary" : "danger"}
        testId="release-confirm"
        onSubmit={(reason) => void action.run(reason)}
        onCancel={onClose}
      />
    </Dialog>
  );
}
