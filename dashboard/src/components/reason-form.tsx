/** A form that asks why. Ctrl or Cmd and Enter sends it; the reason goes into the record. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Failure } from "../api/call.ts";
import { useApp } from "../stores/context.ts";
import { AreaField } from "./field.tsx";
import { Trouble } from "./trouble.tsx";

export const MIN_REASON = 3;

interface ReasonFormProps {
  busy: boolean;
  failure: Failure | null;
  submit: string;
  /** `danger` for what stops or undoes something. */
  tone?: "primary" | "danger";
  testId?: string | undefined;
  reasonTestId?: string | undefined;
  onSubmit: (reason: string) => void;
  onCancel?: () => void;
  /** Controls between the text above and the reason. */
  children?: ComponentChildren;
  /** Further buttons, given the reason. */
  others?: (reason: string, isGiven: boolean) => ComponentChildren;
}

export function ReasonForm(props: ReasonFormProps) {
  const { busy, failure, submit, tone = "primary", onSubmit, onCancel, children, others } = props;
  const { t } = useApp();
  const reason = useSignal("");
  const tried = useSignal(false);
  const isGiven = reason.value.trim().length >= MIN_REASON;
  const send = () => {
    tried.value = true;
    if (isGiven && !busy) onSubmit(reason.value.trim());
  };
  return (
    <form
      class="reason-form"
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        send();
      }}
    >
      {children}
      <AreaField
        label={t("reason.label")}
        hint={t("reason.hint")}
        message={tried.value && !isGiven ? t("reason.missing") : undefined}
        rows={2}
        value={reason.value}
        testId={props.reasonTestId ?? "reason"}
        onInput={(text) => {
          reason.value = text;
        }}
      />
      <Trouble failure={failure} />
      <div class="buttons">
        <button type="submit" class={`button ${tone}`} disabled={busy} data-testid={props.testId}>
          {busy ? t("state.sending") : submit}
        </button>
        {others?.(reason.value.trim(), isGiven)}
        {onCancel && (
          <button type="button" class="button" onClick={onCancel}>
            {t("action.cancel")}
          </button>
        )}
      </div>
    </form>
  );
}
