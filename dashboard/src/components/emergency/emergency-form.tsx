/** The form that plans an emergency action: what is meant, and why. It only plans; the plan is confirmed by itself. */
import { useSignal } from "@preact/signals";
import type { Emergency } from "../../../../src/contract/emergency.ts";
import { useAction, useApp } from "../../stores/context.ts";
import { A_DRAFT, type EmergencyDraft, type EmergencyOrder, planOf } from "../../view/emergency-draft.ts";
import { NumberField, SelectField, TextField } from "../field.tsx";
import { ReasonForm } from "../reason-form.tsx";

export function EmergencyForm({ onPlanned }: { onPlanned: (plan: Emergency) => void }) {
  const { api, preferences, t } = useApp();
  const draft = useSignal<EmergencyDraft>(A_DRAFT);
  const issues = useSignal<ReadonlyMap<string, string>>(new Map());
  const action = useAction(
    (order: EmergencyOrder) =>
      order.kind === "cancel_pending" ? api.cancelPending(order.request) : api.rollbackSince(order.request),
    onPlanned,
  );
  const { value } = draft;
  const edit = (part: Partial<EmergencyDraft>) => {
    draft.value = { ...draft.value, ...part };
    issues.value = new Map();
  };
  return (
    <section class="card" aria-labelledby="plan-emergency">
      <h2 id="plan-emergency">{t("emergency.plan")}</h2>
      <p class="field-hint">{t("emergency.planHint")}</p>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t("emergency.look")}
        testId="emergency-plan"
        reasonTestId="emergency-reason"
        onSubmit={(reason) => {
          const { order, issues: found } = planOf(draft.value, reason, preferences.language.value);
          issues.value = found;
          if (order !== null) void action.run(order);
        }}
      >
        <div class="fields">
          <SelectField
            label={t("emergency.kind")}
            value={value.kind}
            options={[
              ["cancel_pending", t("emergencyKind.cancel_pending")],
              ["rollback_since", t("emergencyKind.rollback_since")],
            ]}
            onChange={(kind) => edit({ kind })}
          />
          <TextField
            label={t("filter.product")}
            hint={t("emergency.scopeHint")}
            value={value.product}
            message={issues.value.get("product")}
            onInput={(product) => edit({ product })}
          />
          <TextField
            label={t("filter.version")}
            value={value.version}
            message={issues.value.get("version")}
            onInput={(version) => edit({ version })}
          />
          <TextField
            label={t("filter.merchant")}
            value={value.merchant_id}
            message={issues.value.get("merchant_id")}
            testId="emergency-merchant"
            onInput={(merchant_id) => edit({ merchant_id })}
          />
          {value.kind === "rollback_since" && (
            <>
              <NumberField
                label={t("emergency.minutes")}
                value={value.minutes}
                message={issues.value.get("minutes")}
                onInput={(minutes) => edit({ minutes })}
              />
              <NumberField
                label={t("emergency.waveSize")}
                value={value.wave_size}
                message={issues.value.get("wave_size")}
                onInput={(wave_size) => edit({ wave_size })}
              />
              <NumberField
                label={t("emergency.waveGrowth")}
                hint={t("emergency.waveGrowthHint")}
                value={value.wave_growth}
                message={issues.value.get("wave_growth")}
                onInput={(wave_growth) => edit({ wave_growth })}
              />
              <NumberField
                label={t("emergency.pause")}
                value={value.pause_s}
                message={issues.value.get("pause_s")}
                onInput={(pause_s) => edit({ pause_s })}
              />
              <NumberField
                label={t("emergency.stopAt")}
                hint={t("emergency.stopAtHint")}
                value={value.stop_failed_percent}
                message={issues.value.get("stop_failed_percent")}
                onInput={(stop_failed_percent) => edit({ stop_failed_percent })}
              />
            </>
          )}
        </div>
      </ReasonForm>
    </section>
  );
}
