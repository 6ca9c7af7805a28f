/** Labelled form controls, each with its hint and its message below it. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { sameJson } from "../view/changes.ts";
import { linesOf } from "../view/lines.ts";
import { instantOfInput, localInput } from "../view/quiet.ts";

interface FieldProps {
  label: string;
  hint?: string | undefined;
  /** Why the value is not accepted. */
  message?: string | undefined;
}

interface ControlIds {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

function Field(props: FieldProps & { children: (ids: ControlIds) => ComponentChildren }) {
  const { label, hint, message, children } = props;
  const id = useId();
  const described = [hint && `${id}-hint`, message && `${id}-message`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": message ? true : undefined,
      })}
      {hint && (
        <small class="field-hint" id={`${id}-hint`}>
          {hint}
        </small>
      )}
      {message && (
        <small class="field-message" id={`${id}-message`}>
          {message}
        </small>
      )}
    </div>
  );
}

interface TextProps extends FieldProps {
  value: string;
  onInput: (value: string) => void;
  /** Values to choose from; any other may be typed. */
  options?: readonly string[];
  type?: "text" | "password";
  testId?: string;
}

export function TextField(props: TextProps) {
  const { value, onInput, options, type = "text", testId } = props;
  const listId = useId();
  return (
    <Field {...props}>
      {(ids) => {
        const common = {
          ...ids,
          value,
          autocomplete: "off",
          spellcheck: false,
          "data-testid": testId,
          onInput: (event: { currentTarget: HTMLInputElement }) => onInput(event.currentTarget.value),
        };
        if (options === undefined)
          return type === "password" ? (
            <input {...common} type="password" />
          ) : (
            <input {...common} type="text" />
          );
        return (
          <>
            <input {...common} type="text" list={listId} />
            <datalist id={listId}>
              {options.map((option) => (
                <option key={option} value={option} />
              ))}
            </datalist>
          </>
        );
      }}
    </Field>
  );
}

export function AreaField(props: Omit<TextProps, "options" | "type"> & { rows: number }) {
  const { value, onInput, rows, testId } = props;
  return (
    <Field {...props}>
      {(ids) => (
        <textarea
          {...ids}
          rows={rows}
          value={value}
          spellcheck={false}
          data-testid={testId}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface ListProps extends FieldProps {
  value: readonly string[];
  onInput: (value: string[]) => void;
  rows: number;
}

/** Several values, one a line. Keeps the text as typed: an empty line on the way to the next value must not vanish. */
export function ListField({ value, onInput, ...rest }: ListProps) {
  const text = useSignal(value.join("\n"));
  if (!sameJson(linesOf(text.peek()), value)) text.value = value.join("\n");
  return (
    <AreaField
      {...rest}
      value={text.value}
      onInput={(typed) => {
        text.value = typed;
        onInput(linesOf(typed));
      }}
    />
  );
}

interface NumberProps extends FieldProps {
  value: number;
  /** NaN when the text is not a number: the schema then says so. */
  onInput: (value: number) => void;
  step?: number;
}

/** Keeps the text as typed ("0." on the way to "0.5") and tells the number in it. */
export function NumberField(props: NumberProps) {
  const { value, onInput, step = 1 } = props;
  const text = useSignal(textOf(value));
  if (!Object.is(numberOf(text.peek()), value)) text.value = textOf(value);
  return (
    <Field {...props}>
      {(ids) => (
        <input
          {...ids}
          type="number"
          step={step}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            onInput(numberOf(text.value));
          }}
        />
      )}
    </Field>
  );
}

function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}
function textOf(value: number): string {
  return Number.isNaN(value) ? "" : String(value);
}

interface SelectProps<T extends string> extends FieldProps {
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

export function SelectField<T extends string>(props: SelectProps<T>) {
  const { value, options, onChange } = props;
  return (
    <Field {...props}>
      {(ids) => (
        <select
          {...ids}
          value={value}
          onChange={(event) => {
            const chosen = options.find(([name]) => name === event.currentTarget.value);
            if (chosen) onChange(chosen[0]);
          }}
        >
          {options.map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A date and time in the reader's own zone; the value is ISO 8601. */
export function InstantField(
  props: FieldProps & { value: string; onInput: (value: string) => void; testId?: string },
) {
  const { value, onInput, testId } = props;
  return (
    <Field {...props}>
      {(ids) => (
        <input
          {...ids}
          type="datetime-local"
          value={localInput(value)}
          data-testid={testId}
          onInput={(event) => onInput(instantOfInput(event.currentTarget.value))}
        />
      )}
    </Field>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

export function CheckField({ label, checked, onChange }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}
