/** What people do about a release or a remedy as a whole: let it go on, pause, halt or block it, each with a reason. */
import { useSignal } from "@preact/signals";
import type { ReleaseStatus } from "../../../../src/contract/release.ts";
import { useApp } from "../../stores/context.ts";
import { NEXT_STATUSES, type Subject, subjectName } from "../../view/rollout.ts";
import { ReasonDialog } from "../reason-dialog.tsx";

interface SubjectActionsProps {
  subject: Subject;
  status: ReleaseStatus;
  onChanged: () => void;
}

export function SubjectActions({ subject, status, onChanged }: SubjectActionsProps) {
  const { api, t } = useApp();
  const chosen = useSignal<ReleaseStatus | null>(null);
  const close = () => {
    chosen.value = null;
  };
  const asked = chosen.value;
  return (
    <>
      <div class="buttons">
        {NEXT_STATUSES[status].map((next) => (
          <button
            key={next}
            type="button"
            class={isGentle(next) ? "button" : "button danger"}
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
      {asked && (
        <ReasonDialog
          title={t(`releaseAct.${asked}Of`, { name: subjectName(subject) })}
          hint={t(`releaseHint.${asked}`)}
          submit={t(`releaseAct.${asked}`)}
          tone={isGentle(asked) ? "primary" : "danger"}
          testId="release-confirm"
          send={(reason) => api.setSubjectStatus(subject, { status: asked, reason })}
          onDone={onChanged}
          onClose={close}
        />
      )}
    </>
  );
}

/** Neither stops what is under way nor takes anything away. */
function isGentle(status: ReleaseStatus): boolean {
  return status === "active" || status === "paused";
}
