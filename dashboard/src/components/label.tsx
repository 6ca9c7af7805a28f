/** Names from the API as words and colours. The machine's own name stays readable in `data-status`. */
import type { Severity } from "../../../src/contract/ids.ts";
import { keyOf } from "../i18n/i18n.ts";
import { useApp } from "../stores/context.ts";

export function SeverityLabel({ severity }: { severity: Severity }) {
  const { t } = useApp();
  return <span class={`chip severity-${severity}`}>{t(`severity.${severity}`)}</span>;
}

interface StatusProps {
  /** Dictionary of the status: `incident`, `attempt`, `plugin`, `release`, `command`. */
  of: string;
  status: string;
  testId?: string;
}

/** A status. One that this page does not know yet is shown by its own name. */
export function Status({ of, status, testId }: StatusProps) {
  return (
    <span class={`chip status-${status}`} data-testid={testId} data-status={status}>
      <Word of={of} name={status} />
    </span>
  );
}

/** The text of `<of>.<name>`, or the name itself. */
export function Word({ of, name }: { of: string; name: string }) {
  const { t } = useApp();
  const key = keyOf(of, name);
  return <>{key === null ? name : t(key)}</>;
}
