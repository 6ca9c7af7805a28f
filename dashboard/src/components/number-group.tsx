import { keyOf } from "../i18n/i18n.ts";
import { useApp } from "../stores/context.ts";
import { duration } from "../view/time.ts";
import { NumberField } from "./field.tsx";
import type { PolicyMessage } from "./policy-message.ts";

interface NumberGroupProps<T extends Record<string, number>> {
  legend: string;
  /** Dotted path of the group in the document. */
  path: string;
  /** Dictionary of the labels. */
  labels: string;
  values: T;
  message: PolicyMessage;
  onInput: (values: T) => void;
}

/** Numbers that belong together. Those in seconds (`..._s`) also say how long that is. */
export function NumberGroup<T extends Record<string, number>>(props: NumberGroupProps<T>) {
  const { legend, path, labels, values, message, onInput } = props;
  const { t, preferences } = useApp();
  const wholeMessage = message(path, "own");
  const names = Object.keys(values);
  return (
    <fieldset class="card">
      <legend>{legend}</legend>
      <div class="fields">
        {names.map((name) => {
          const key = keyOf(labels, name);
          const value = values[name] ?? Number.NaN;
          const isSeconds = name.endsWith("_s") && !Number.isNaN(value);
          return (
            <NumberField
              key={name}
              label={key === null ? name : t(key)}
              hint={isSeconds ? duration(value, preferences.language.value) : undefined}
              value={value}
              message={message(`${path}.${name}`)}
              onInput={(next) => onInput({ ...values, [name]: next })}
            />
          );
        })}
      </div>
      {wholeMessage !== undefined && (
        <p class="field-message" role="alert">
          {wholeMessage}
        </p>
      )}
    </fieldset>
  );
}
