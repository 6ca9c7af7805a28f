/** Taking it back wherever it was applied: what that would touch, the order with its reason, and how far it is. */
import { useSignal } from "@preact/signals";
import type { RevertReply, RevertRun } from "../../../../src/contract/revert.ts";
import { useAction, useApp } from "../../stores/context.ts";
import { type Subject, subjectName } from "../../view/rollout.ts";
import { Dialog } from "../dialog.tsx";
import { Fact, Facts } from "../facts.tsx";
import { Status } from "../label.tsx";
import { Notes } from "../notes.tsx";
import { ReasonForm } from "../reason-form.tsx";
import { ScrollBox } from "../scroll-box.tsx";
import { Time } from "../time.tsx";
import { Trouble } from "../trouble.tsx";

interface RevertProps {
  subject: Subject;
  run: RevertRun | null;
  onChanged: () => void;
}

export function Revert({ subject, run, onChanged }: RevertProps) {
  const { api, t } = useApp();
  const preview = useSignal<RevertReply | null>(null);
  const look = useAction(
    () => api.revertRelease(subject, { reason: t("revert.dryReason"), dry_run: true }),
    (reply) => {
      preview.value = reply;
    },
  );
  const close = () => {
    preview.value = null;
  };
  return (
    <section class="card" aria-labelledby="revert" data-testid="rollout-revert">
      <h2 id="revert">{t("revert.title")}</h2>
      <p class="field-hint">{t("revert.hint")}</p>
      {run && <Run run={run} />}
      <Trouble failure={look.failure.value} />
      <button
        type="button"
        class="button danger"
        aria-haspopup="dialog"
        disabled={look.busy.value || run?.state === "running"}
        onClick={() => void look.run()}
      >
        {t("revert.look")}
      </button>
      {preview.value && (
        <RevertDialog subject={subject} preview={preview.value} onClose={close} onChanged={onChanged} />
      )}
    </section>
  );
}

interface RevertDialogProps {
  subject: Subject;
  preview: RevertReply;
  onClose: () => void;
  onChanged: () => void;
}

function RevertDialog({ subject, preview, onClose, onChanged }: RevertDialogProps) {
  const { api, t } = useApp();
  const action = useAction(
    (reason: string) => api.revertRelease(subject, { reason, dry_run: false }),
    () => {
      onClose();
      onChanged();
    },
  );
  return (
    <Dialog title={t("revert.of", { name: subjectName(subject) })} onClose={onClose}>
      <p data-testid="revert-preview">
        {t("revert.would", { n: preview.shops, limit: preview.run.in_flight_limit })}
        {preview.halts && ` ${t("revert.halts")}`}
      </p>
      <Notes notes={preview.notes ?? []} />
      {preview.shops === 0 ? (
        <div class="buttons">
          <button type="button" class="button" onClick={onClose}>
            {t("action.cancel")}
          </button>
        </div>
      ) : (
        <ReasonForm
          busy={action.busy.value}
          failure={action.failure.value}
          submit={t("revert.confirm", { n: preview.shops })}
          tone="danger"
          testId="revert-confirm"
          onSubmit={(reason) => void action.run(reason)}
          onCancel={onClose}
        />
      )}
    </Dialog>
  );
}

function Run({ run }: { run: RevertRun }) {
  const { t } = useApp();
  return (
    <>
      <p>
        <Status of="revertState" status={run.state} /> <bdi class="untrusted">{run.by}</bdi>{" "}
        <Time at={run.started_at} /> <q class="untrusted">{run.reason}</q>
      </p>
      {run.held && (
        <p class="trouble untrusted" role="alert">
          {run.held}
        </p>
      )}
      <Facts>
        {Object.entries(run.counts)
          .filter(([, n]) => n > 0)
          .map(([status, n]) => (
            <Fact key={status} name={<Status of="revertStatus" status={status} />}>
              {n}
            </Fact>
          ))}
      </Facts>
      {run.items.length > 0 && (
        <details>
          <summary>{t("revert.shops", { n: run.items.length })}</summary>
          <ScrollBox label={t("revert.title")}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("revert.shop")}</th>
                  <th scope="col">{t("revert.state")}</th>
                  <th scope="col">{t("revert.text")}</th>
                </tr>
              </thead>
              <tbody>
                {run.items.map((item) => (
                  <tr key={item.attempt_id}>
                    <th scope="row">
                      <a href={`/plugins/${item.plugin_id}`}>{item.plugin_id}</a>
                    </th>
                    <td>
                      <Status of="revertStatus" status={item.status} />
                    </td>
                    <td class="untrusted">{item.text}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollBox>
        </details>
      )}
    </>
  );
}
