/** What a person can order by hand. Each opens a dialog that asks for the details and the reason. */
import { useSignal } from "@preact/signals";
import type { Incident } from "../../../src/contract/incident.ts";
import { ManualAction } from "../../../src/contract/ops.ts";
import type { Key } from "../i18n/i18n.ts";
import { useAction, useApp, useResource } from "../stores/context.ts";
import { type ActionName, draftAction, offeredActions, settingsOf } from "../view/manual-action.ts";
import { SNOOZE_PRESETS, snoozeUntil } from "../view/quiet.ts";
import { Dialog } from "./dialog.tsx";
import { AreaField, InstantField, TextField } from "./field.tsx";
import { ReasonForm } from "./reason-form.tsx";

interface ManualActionsProps {
  incident: Incident;
  onChanged: () => void;
}

export function ManualActions({ incident, onChanged }: ManualActionsProps) {
  const { t } = useApp();
  const chosen = useSignal<ActionName | null>(null);
  const offered = offeredActions(incident);
  return (
    <section class="toolbar" aria-label={t("manual.label")}>
      {offered.map((name) => (
        <button
          key={name}
          type="button"
          class="button"
          aria-haspopup="dialog"
          data-testid={`action-${name}`}
          onClick={() => {
            chosen.value = name;
          }}
        >
          {t(`manual.${name}`)}
        </button>
      ))}
      {chosen.value && (
        <ActionDialog
          key={chosen.value}
          name={chosen.value}
          incident={incident}
          onClose={() => {
            chosen.value = null;
          }}
          onChanged={onChanged}
        />
      )}
    </section>
  );
}

/** What is missing when the contract does not take what the dialog holds. */
const PROBLEM: Partial<Record<ActionName, Key>> = {
  config: "manual.settingsMissing",
  snooze: "policyIssue.instant",
};

function ActionDialog(props: ManualActionsProps & { name: ActionName; onClose: () => void }) {
  const { name, incident, onClose, onChanged } = props;
  const { api, t } = useApp();
  const version = useSignal("");
  const settings = useSignal("");
  const until = useSignal(snoozeUntil("hour", Date.now()));
  const problem = useSignal<string | null>(null);
  const takesVersion = name === "patch" || name === "rollback";
  const action = useAction(
    (input: ManualAction) => api.act(incident.id, input),
    () => {
      onClose();
      onChanged();
    },
  );
  const submit = (reason: string) => {
    const parsed = ManualAction.safeParse(
      draftAction(name, { version: version.value, settings: settings.value, until: until.value, reason }),
    );
    const isEmpty = name === "config" && Object.keys(settingsOf(settings.value)).length === 0;
    const isRight = parsed.success && !isEmpty;
    problem.value = isRight ? null : t(PROBLEM[name] ?? "manual.versionMissing");
    if (isRight) void action.run(parsed.data);
  };
  return (
    <Dialog title={t(`manual.${name}`)} onClose={onClose}>
      <p>{t(`manualHint.${name}`)}</p>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t("manual.send", { action: t(`manual.${name}`) })}
        testId="action-confirm"
        onSubmit={submit}
        onCancel={onClose}
      >
        {takesVersion && (
          <VersionField
            product={incident.product}
            isOptional={name === "rollback"}
            value={version.value}
            message={problem.value ?? undefined}
            onInput={(text) => {
              version.value = text;
            }}
          />
        )}
        {name === "snooze" && (
          <SnoozeFields
            until={until.value}
            message={problem.value ?? undefined}
            onChange={(instant) => {
              until.value = instant;
            }}
          />
        )}
        {name === "config" && (
          <AreaField
            label={t("manual.settings")}
            hint={t("manual.settingsHint")}
            message={problem.value ?? undefined}
            rows={4}
            value={settings.value}
            onInput={(text) => {
              settings.value = text;
            }}
          />
        )}
      </ReasonForm>
    </Dialog>
  );
}

interface SnoozeFieldsProps {
  until: string;
  message: string | undefined;
  onChange: (until: string) => void;
}

/** Common lengths to press, and any other to type. */
function SnoozeFields({ until, message, onChange }: SnoozeFieldsProps) {
  const { t } = useApp();
  return (
    <>
      <div class="buttons">
        {SNOOZE_PRESETS.map((preset) => (
          <button
            key={preset}
            type="button"
            class="button"
            data-testid={`snooze-${preset}`}
            onClick={() => onChange(snoozeUntil(preset, Date.now()))}
          >
            {t(`snooze.${preset}`)}
          </button>
        ))}
      </div>
      <InstantField
        label={t("quiet.until")}
        hint={t("snooze.limit")}
        value={until}
        message={message}
        testId="snooze-until"
        onInput={onChange}
      />
    </>
  );
}

interface VersionFieldProps {
  product: string;
  isOptional: boolean;
  value: string;
  message: string | undefined;
  onInput: (text: string) => void;
}

/** A version, with the product's releases to choose from. */
function VersionField({ product, isOptional, ...rest }: VersionFieldProps) {
  const { api, t } = useApp();
  const releases = useResource(product, () => api.releases({ product }), { topics: ["releases"] });
  const options = releases.data.value?.items.map((release) => release.version) ?? [];
  return (
    <TextField
      {...rest}
      label={t("manual.version")}
      hint={isOptional ? t("manual.versionOptional") : undefined}
      options={options}
      testId="action-version"
    />
  );
}
