/** The canary: its stages, how many at once, and when a release is stopped. */
import type { AbortRule, CanaryStage, PolicyDocument } from "../../../src/contract/policy.ts";
import { useApp } from "../stores/context.ts";
import type { PolicyDraft } from "../stores/policy-draft.ts";
import { NumberField, SelectField } from "./field.tsx";
import { usePolicyMessage } from "./policy-message.ts";

export function PolicyCanary({ draft }: { draft: PolicyDraft }) {
  const { t } = useApp();
  const message = usePolicyMessage(draft);
  const { canary } = draft.document.value;
  const edit = (part: Partial<PolicyDocument["canary"]>) => draft.edit({ canary: { ...canary, ...part } });
  return (
    <fieldset class="card">
      <legend>{t("policy.canary")}</legend>
      <fieldset class="inner">
        <legend>{t("canary.stages")}</legend>
        {canary.stages.map((stage, i) => (
          // A stage is its place in the list: the index is its identity.
          <div class="line" key={i}>
            <StageFields
              number={i + 1}
              stage={stage}
              message={message(`canary.stages.${i}`)}
              onChange={(next) => edit({ stages: canary.stages.with(i, next) })}
            />
            <Remove
              label={t("canary.removeStage", { n: i + 1 })}
              onRemove={() => edit({ stages: canary.stages.toSpliced(i, 1) })}
            />
          </div>
        ))}
        <Wrong text={message("canary.stages", "own")} />
        <button
          type="button"
          class="button"
          onClick={() => edit({ stages: [...canary.stages, { percent: 100 }] })}
        >
          {t("canary.addStage")}
        </button>
      </fieldset>
      <fieldset class="inner">
        <legend>{t("canary.abort")}</legend>
        {canary.abort.map((rule, i) => (
          <div class="line" key={i}>
            <RuleFields
              rule={rule}
              message={(name) => message(`canary.abort.${i}.${name}`)}
              onChange={(next) => edit({ abort: canary.abort.with(i, next) })}
            />
            <Remove
              label={t("canary.removeRule", { n: i + 1 })}
              onRemove={() => edit({ abort: canary.abort.toSpliced(i, 1) })}
            />
          </div>
        ))}
        <button
          type="button"
          class="button"
          onClick={() => edit({ abort: [...canary.abort, { failure: "any", percent: 20, min_finished: 5 }] })}
        >
          {t("canary.addRule")}
        </button>
      </fieldset>
      <div class="fields">
        <NumberField
          label={t("canary.in_flight")}
          value={canary.in_flight}
          message={message("canary.in_flight")}
          onInput={(in_flight) => edit({ in_flight })}
        />
        <NumberField
          label={t("canary.bake_s")}
          hint={t("canary.bakeHint")}
          value={canary.bake_s}
          message={message("canary.bake_s")}
          onInput={(bake_s) => edit({ bake_s })}
        />
        <SelectField
          label={t("canary.on_breach")}
          value={canary.on_breach}
          options={[
            ["keep", t("canary.keep")],
            ["revert", t("canary.revert")],
          ]}
          onChange={(on_breach) => edit({ on_breach })}
        />
      </div>
    </fieldset>
  );
}

interface StageFieldsProps {
  number: number;
  stage: CanaryStage;
  message: string | undefined;
  onChange: (stage: CanaryStage) => void;
}

function StageFields({ number, stage, message, onChange }: StageFieldsProps) {
  const { t } = useApp();
  const isShops = "shops" in stage;
  const amount = isShops ? stage.shops : stage.percent;
  const stageOf = (kind: "shops" | "percent", n: number) =>
    kind === "shops" ? { shops: n } : { percent: n };
  return (
    <>
      <SelectField
        label={t("canary.stageKind", { n: number })}
        value={isShops ? "shops" : "percent"}
        options={[
          ["shops", t("canary.shops")],
          ["percent", t("canary.percent")],
        ]}
        onChange={(kind) => onChange(stageOf(kind, amount))}
      />
      <NumberField
        label={t("canary.stageAmount", { n: number })}
        value={amount}
        message={message}
        onInput={(n) => onChange(stageOf(isShops ? "shops" : "percent", n))}
      />
    </>
  );
}

interface RuleFieldsProps {
  rule: AbortRule;
  message: (name: string) => string | undefined;
  onChange: (rule: AbortRule) => void;
}

function RuleFields({ rule, message, onChange }: RuleFieldsProps) {
  const { t } = useApp();
  return (
    <>
      <SelectField
        label={t("canary.failure")}
        value={rule.failure}
        options={[
          ["any", t("canary.any")],
          ["rolled_back", t("attemptStatus.rolled_back")],
          ["failed", t("attemptStatus.failed")],
          ["relapsed", t("canary.relapsed")],
        ]}
        onChange={(failure) => onChange({ ...rule, failure })}
      />
      <NumberField
        label={t("canary.abovePercent")}
        value={rule.percent}
        message={message("percent")}
        onInput={(percent) => onChange({ ...rule, percent })}
      />
      <NumberField
        label={t("canary.minFinished")}
        value={rule.min_finished}
        message={message("min_finished")}
        onInput={(min_finished) => onChange({ ...rule, min_finished })}
      />
    </>
  );
}

function Remove({ label, onRemove }: { label: string; onRemove: () => void }) {
  return (
    <button type="button" class="button quiet remove" aria-label={label} onClick={onRemove}>
      ×
    </button>
  );
}

function Wrong({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p class="field-message" role="alert">
      {text}
    </p>
  );
}
