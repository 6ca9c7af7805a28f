/** One request that asks why: a dialog with what it means and the reason, which closes when the request was taken. */
import type { ComponentChildren } from "preact";
import type { Answer } from "../api/call.ts";
import { useAction } from "../stores/context.ts";
import { Dialog } from "./dialog.tsx";
import { ReasonForm } from "./reason-form.tsx";

interface ReasonDialogProps<T> {
  title: string;
  hint?: ComponentChildren;
  submit: string;
  /** `danger` for what stops or undoes something. */
  tone?: "primary" | "danger";
  testId: string;
  reasonTestId?: string | undefined;
  send: (reason: string) => Promise<Answer<T>>;
  onDone: (value: T) => void;
  onClose: () => void;
  /** What else is asked for, above the reason. */
  fields?: ComponentChildren;
  /** Below the form. */
  children?: ComponentChildren;
}

export function ReasonDialog<T>(props: ReasonDialogProps<T>) {
  const { title, hint, submit, tone, testId, reasonTestId, send, onDone, onClose, fields, children } = props;
  const action = useAction(send, (value) => {
    onClose();
    onDone(value);
  });
  return (
    <Dialog title={title} onClose={onClose}>
      {hint !== undefined && <p>{hint}</p>}
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={submit}
        {...(tone === undefined ? {} : { tone })}
        testId={testId}
        reasonTestId={reasonTestId}
        onSubmit={(reason) => void action.run(reason)}
        onCancel={onClose}
      >
        {fields}
      </ReasonForm>
      {children}
    </Dialog>
  );
}
