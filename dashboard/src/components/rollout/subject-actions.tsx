/** What people do about a release or a remedy as a whole: let it go on, pause, halt or block it, each with a reason. */
import { useSignal } from "@preact/signals";
import type { ReleaseStatus, Standing } from "../../../../src/contract/release.ts";
import { useApp } from "../../stores/context.ts";
import { NEXT_STATUSES, type Subject, seenStanding, subjectName } from "../../view/rollout.ts";
import { ReasonDialog } from "../reason-dialog.tsx";

interface SubjectActionsProps {
  subject: Subject;
  of: { status: ReleaseStatus; standing?: Standing | null | undefined };
  onChanged: () => void;
}

export function SubjectActions({ subject, of, onChanged }: SubjectActionsProps) {
  const { api, t } = useApp();
  /** With what was seen when it was chosen: under an open dialog the page goes on changing. */
  const chosen = useSignal<{ next: ReleaseStatus; seen: ReturnType<typeof seenStanding> } | null>(null);
  const close = () => {
    chosen.value = null;
  };
  const asked = chosen.value;
  return (
    <>
      <div class="buttons">
        {NEXT_STATUSES[of.status].map((next) => (
          <button
            key={next}
            type="button"
            class={isGentle(next) ? "button" : "button danger"}
            aria-haspopup="dialog"
            aria-label={t(`releaseAct.${next}Of`, { name: subjectName(subject) })}
            onClick={() => {
              chosen.value = { next, seen: seenStanding(of) };
            }}
          >
            {t(`releaseAct.${next}`)}
          </button>
        ))}
      </div>
      {asked && (
        <ReasonDialog
          title={t(`releaseAct.${asked.next}Of`, { name: subjectName(subject) })}
          hint={
            <>
              {t(`releaseHint.${asked.next}`)}{" "}
              {asked.seen.from !== of.status && (
                <strong role="status">
                  {t("releaseHint.changed", {
                    from: t(`releaseStatus.${asked.seen.from}`),
                    to: t(`releaseStatus.${of.status}`),
                  })}
                </strong>
              )}
            </>
          }
          submit={t(`releaseAct.${asked.next}`)}
          tone={isGentle(asked.next) ? "primary" : "danger"}
          testId="release-confirm"
          send={(reason) => api.setSubjectStatus(subject, { status: asked.next, reason, ...asked.seen })}
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
