/** The form that publishes a remedy: settings that answer kinds of incidents. What it sets is final once it is published. */
import { useSignal } from "@preact/signals";
import { INCIDENT_TYPES, type IncidentType } from "../../../../src/contract/incident.ts";
import type { PublishRemedyRequest } from "../../../../src/contract/remedy.ts";
import { useAction, useApp } from "../../stores/context.ts";
import { aRemedyDraft, type RemedyDraft, remedyOf } from "../../view/remedy-draft.ts";
import { AreaField, CheckField, TextField } from "../field.tsx";
import { Trouble } from "../trouble.tsx";

export function NewRemedy({ product, onDone }: { product: string; onDone: () => void }) {
  const { t } = useApp();
  const open = useSignal(false);
  if (!open.value)
    return (
      <button
        type="button"
        class="button"
        data-testid="remedy-new"
        onClick={() => {
          open.value = true;
        }}
      >
        {t("remedy.new")}
      </button>
    );
  const close = () => {
    open.value = false;
  };
  return <RemedyForm product={product} onClose={close} onDone={onDone} />;
}

interface RemedyFormProps {
  product: string;
  onClose: () => void;
  onDone: () => void;
}

function RemedyForm({ product, onClose, onDone }: RemedyFormProps) {
  const { api, preferences, t } = useApp();
  const draft = useSignal<RemedyDraft>(aRemedyDraft(product));
  const tried = useSignal(false);
  const action = useAction(
    (input: PublishRemedyRequest) => api.publishRemedy(input),
    () => {
      onClose();
      onDone();
    },
  );
  const { value, issues } = remedyOf(draft.value, preferences.language.value);
  const edit = (part: Partial<RemedyDraft>) => {
    draft.value = { ...draft.value, ...part };
  };
  const message = (name: string) => (tried.value ? issues.get(name) : undefined);
  const toggle = (type: IncidentType, on: boolean) =>
    edit({
      for: INCIDENT_TYPES.filter((other) => (other === type ? on : draft.value.for.includes(other))),
    });
  return (
    <form
      class="card reason-form"
      aria-busy={action.busy.value}
      data-testid="remedy-form"
      onSubmit={(event) => {
        event.preventDefault();
        tried.value = true;
        if (value !== null) void action.run(value);
      }}
    >
      <h3>{t("remedy.new")}</h3>
      <div class="fields">
        <TextField
          label={t("filter.product")}
          value={draft.value.product}
          message={message("product")}
          testId="remedy-product"
          onInput={(typed) => edit({ product: typed })}
        />
        <TextField
          label={t("remedy.name")}
          value={draft.value.title}
          message={message("title")}
          testId="remedy-title"
          onInput={(title) => edit({ title })}
        />
        <TextField
          label={t("remedy.minVersion")}
          value={draft.value.min_version}
          message={message("min_version")}
          onInput={(min_version) => edit({ min_version })}
        />
        <TextField
          label={t("remedy.maxVersion")}
          value={draft.value.max_version}
          message={message("max_version")}
          onInput={(max_version) => edit({ max_version })}
        />
      </div>
      <fieldset class="inner">
        <legend>{t("remedy.for")}</legend>
        {INCIDENT_TYPES.map((type) => (
          <CheckField
            key={type}
            label={t(`incidentType.${type}`)}
            checked={draft.value.for.includes(type)}
            onChange={(on) => toggle(type, on)}
          />
        ))}
        {message("for") && <small class="field-message">{message("for")}</small>}
      </fieldset>
      <AreaField
        label={t("remedy.set")}
        hint={t("remedy.setHint")}
        value={draft.value.set}
        message={message("set")}
        rows={4}
        testId="remedy-set"
        onInput={(set) => edit({ set })}
      />
      <Trouble failure={action.failure.value} />
      <div class="buttons">
        <button
          type="submit"
          class="button primary"
          disabled={action.busy.value}
          data-testid="remedy-publish"
        >
          {action.busy.value ? t("state.sending") : t("remedy.publish")}
        </button>
        <button type="button" class="button" onClick={onClose}>
          {t("action.cancel")}
        </button>
      </div>
    </form>
  );
}
