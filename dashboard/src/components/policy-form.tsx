/** Every field of the policy but the kill switch, grouped as the document groups them. */
import { ACTIONS, SEVERITIES } from "../../../src/contract/ids.ts";
import { PolicyMode } from "../../../src/contract/policy.ts";
import { useApp } from "../stores/context.ts";
import type { PolicyDraft } from "../stores/policy-draft.ts";
import { CheckField, ListField, NumberField, SelectField } from "./field.tsx";
import { NumberGroup } from "./number-group.tsx";
import { PolicyCanary } from "./policy-canary.tsx";
import { usePolicyMessage } from "./policy-message.ts";
import { PolicyQuiet } from "./policy-quiet.tsx";

export function PolicyForm({ draft }: { draft: PolicyDraft }) {
  const { t } = useApp();
  const message = usePolicyMessage(draft);
  const document = draft.document.value;
  const { approvals, limits, intervals } = document;
  return (
    <div class="policy-form">
      <fieldset class="card">
        <legend>{t("policy.autonomy")}</legend>
        <SelectField
          label={t("policy.mode")}
          hint={t(`modeHint.${document.mode}`)}
          value={document.mode}
          options={PolicyMode.options.map((mode) => [mode, t(`mode.${mode}`)] as const)}
          onChange={(mode) => draft.edit({ mode })}
        />
        <SelectField
          label={t("policy.max_severity")}
          value={document.max_severity}
          options={SEVERITIES.map((severity) => [severity, t(`severity.${severity}`)] as const)}
          onChange={(max_severity) => draft.edit({ max_severity })}
        />
        <NumberField
          label={t("policy.min_confidence")}
          step={0.05}
          value={document.min_confidence}
          message={message("min_confidence")}
          onInput={(min_confidence) => draft.edit({ min_confidence })}
        />
        <fieldset class="inner">
          <legend>{t("policy.allowed_actions")}</legend>
          {ACTIONS.map((action) => (
            <CheckField
              key={action}
              label={t(`action.${action}`)}
              checked={document.allowed_actions.includes(action)}
              onChange={(isAllowed) =>
                draft.edit({
                  allowed_actions: ACTIONS.filter((other) =>
                    other === action ? isAllowed : document.allowed_actions.includes(other),
                  ),
                })
              }
            />
          ))}
        </fieldset>
      </fieldset>
      <Whitelist draft={draft} />
      <NumberGroup
        legend={t("policy.by_severity")}
        path="approvals.by_severity"
        labels="severity"
        values={approvals.by_severity}
        message={message}
        onInput={(by_severity) => draft.edit({ approvals: { ...approvals, by_severity } })}
      />
      <NumberGroup
        legend={t("policy.by_step")}
        path="approvals.by_step"
        labels="step"
        values={approvals.by_step}
        message={message}
        onInput={(by_step) => draft.edit({ approvals: { ...approvals, by_step } })}
      />
      <NumberGroup
        legend={t("policy.approvalsExpire")}
        path="approvals"
        labels="policy"
        values={{ ttl_s: approvals.ttl_s }}
        message={message}
        onInput={({ ttl_s }) => draft.edit({ approvals: { ...approvals, ttl_s } })}
      />
      <PolicyCanary draft={draft} />
      <NumberGroup
        legend={t("policy.limits")}
        path="limits"
        labels="policy"
        values={limits}
        message={message}
        onInput={(values) => draft.edit({ limits: values })}
      />
      <NumberGroup
        legend={t("policy.intervals")}
        path="intervals"
        labels="policy"
        values={intervals}
        message={message}
        onInput={(values) => draft.edit({ intervals: values })}
      />
      <PolicyQuiet draft={draft} />
    </div>
  );
}

function Whitelist({ draft }: { draft: PolicyDraft }) {
  const { t } = useApp();
  const message = usePolicyMessage(draft);
  const { whitelist } = draft.document.value;
  return (
    <fieldset class="card">
      <legend>{t("policy.whitelist")}</legend>
      <CheckField
        label={t("policy.whitelistAll")}
        checked={whitelist.all}
        onChange={(all) => draft.edit({ whitelist: { ...whitelist, all } })}
      />
      <ListField
        label={t("policy.merchants")}
        hint={t("policy.merchantsHint")}
        rows={4}
        value={whitelist.merchants}
        message={message("whitelist.merchants")}
        onInput={(merchants) => draft.edit({ whitelist: { ...whitelist, merchants } })}
      />
    </fieldset>
  );
}
