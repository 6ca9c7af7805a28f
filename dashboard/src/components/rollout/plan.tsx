/** The plan of one release in place of the policy's stages: what it says, and the form to write, try and save one. */
import { useSignal } from "@preact/signals";
import type { PlanReply } from "../../../../src/contract/rollout.ts";
import type { PlannedRollout, PlanRequest, RolloutPlan } from "../../../../src/contract/rollout-plan.ts";
import { useAction, useApp } from "../../stores/context.ts";
import { FIRST_PLAN, planIssues, type Subject } from "../../view/rollout.ts";
import { Notes } from "../notes.tsx";
import { ReasonDialog } from "../reason-dialog.tsx";
import { ReasonForm } from "../reason-form.tsx";
import { ScrollBox } from "../scroll-box.tsx";
import { Time } from "../time.tsx";
import { WaveFields } from "./wave-fields.tsx";

interface PlanProps {
  subject: Subject;
  planned: PlannedRollout | null;
  onChanged: () => void;
}

export function Plan({ subject, planned, onChanged }: PlanProps) {
  const { api, t } = useApp();
  const draft = useSignal<RolloutPlan | null>(null);
  const cancelling = useSignal(false);
  const close = () => {
    draft.value = null;
  };
  return (
    <section class="card" aria-labelledby="plan" data-testid="rollout-plan">
      <h2 id="plan">{t("plan.title")}</h2>
      {planned === null ? (
        <p>{t("plan.none")}</p>
      ) : (
        <p>
          <bdi class="untrusted">{planned.by}</bdi> <Time at={planned.at} />{" "}
          <q class="untrusted">{planned.reason}</q>
        </p>
      )}
      {draft.value === null ? (
        <div class="buttons">
          <button
            type="button"
            class="button"
            data-testid="plan-edit"
            onClick={() => {
              draft.value = planned?.plan ?? FIRST_PLAN;
            }}
          >
            {t(planned === null ? "plan.begin" : "plan.edit")}
          </button>
          {planned !== null && (
            <button
              type="button"
              class="button danger"
              aria-haspopup="dialog"
              onClick={() => {
                cancelling.value = true;
              }}
            >
              {t("plan.cancel")}
            </button>
          )}
        </div>
      ) : (
        <PlanForm
          subject={subject}
          plan={draft.value}
          onEdit={(plan) => {
            draft.value = plan;
          }}
          onClose={close}
          onChanged={onChanged}
        />
      )}
      {cancelling.value && (
        <ReasonDialog
          title={t("plan.cancel")}
          hint={t("plan.cancelHint")}
          submit={t("plan.cancel")}
          tone="danger"
          testId="plan-cancel-confirm"
          send={(reason) => api.cancelPlan(subject, { reason })}
          onDone={onChanged}
          onClose={() => {
            cancelling.value = false;
          }}
        />
      )}
    </section>
  );
}

interface PlanFormProps {
  subject: Subject;
  plan: RolloutPlan;
  onEdit: (plan: RolloutPlan) => void;
  onClose: () => void;
  onChanged: () => void;
}

function PlanForm({ subject, plan, onEdit, onClose, onChanged }: PlanFormProps) {
  const { api, preferences, t } = useApp();
  const reach = useSignal<{ of: RolloutPlan; reply: PlanReply } | null>(null);
  // A look and the order itself are one action: what failed last is what is shown.
  const action = useAction(
    (request: PlanRequest) => api.planRollout(subject, request),
    (reply, { dry_run, plan: of }) => {
      if (dry_run) {
        reach.value = { of, reply };
        return;
      }
      onClose();
      onChanged();
    },
  );
  const issues = planIssues(plan, preferences.language.value);
  const edit = (waves: RolloutPlan["waves"]) => {
    action.forget();
    onEdit({ waves });
  };
  return (
    <ReasonForm
      busy={action.busy.value}
      failure={action.failure.value}
      submit={t("plan.save")}
      testId="plan-save"
      onSubmit={(reason) => {
        if (issues.size === 0) void action.run({ plan, reason, dry_run: false });
      }}
      onCancel={onClose}
      others={(reason, isGiven) => (
        <button
          type="button"
          class="button"
          data-testid="plan-try"
          disabled={issues.size > 0 || action.busy.value}
          onClick={() =>
            void action.run({ plan, reason: isGiven ? reason : t("plan.dryReason"), dry_run: true })
          }
        >
          {t("plan.try")}
        </button>
      )}
    >
      {plan.waves.map((wave, i) => (
        // A wave is its place in the list: the index is its identity.
        <fieldset class="inner" key={i}>
          <legend>{t("plan.wave", { n: i + 1 })}</legend>
          <WaveFields
            wave={wave}
            message={(name) => issues.get(name === "" ? `waves.${i}` : `waves.${i}.${name}`)}
            onChange={(next) => edit(plan.waves.with(i, next))}
          />
          <button
            type="button"
            class="button quiet"
            disabled={plan.waves.length === 1}
            onClick={() => edit(plan.waves.toSpliced(i, 1))}
          >
            {t("plan.removeWave", { n: i + 1 })}
          </button>
        </fieldset>
      ))}
      <button
        type="button"
        class="button"
        disabled={plan.waves.length >= 20}
        onClick={() => edit([...plan.waves, { percent: 100 }])}
      >
        {t("plan.addWave")}
      </button>
      {/* Each edit is another plan: what was said of the former one goes. */}
      {reach.value?.of === plan && <Reach reply={reach.value.reply} />}
    </ReasonForm>
  );
}

/** Whom each wave may reach. */
function Reach({ reply }: { reply: PlanReply }) {
  const { t } = useApp();
  return (
    <div role="status" data-testid="plan-reach">
      <p>
        {reply.shops === null
          ? t("plan.reachUnknown")
          : t("plan.reach", { shops: reply.shops, out: reply.out_of_reach })}
        {reply.truncated && ` ${t("plan.truncated")}`}
      </p>
      <Notes notes={reply.notes ?? []} />
      <ScrollBox label={t("plan.try")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("plan.waveName")}</th>
              <th scope="col">{t("wave.notBefore")}</th>
              <th scope="col">{t("plan.added")}</th>
              <th scope="col">{t("plan.total")}</th>
            </tr>
          </thead>
          <tbody>
            {reply.waves.map((wave) => (
              <tr key={wave.wave}>
                <th scope="row" class="untrusted">
                  {wave.wave}
                </th>
                <td>
                  <Time at={wave.not_before} />
                </td>
                <td>{wave.added}</td>
                <td>{wave.shops}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </div>
  );
}
