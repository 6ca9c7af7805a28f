/** How a test message went. */
import type { TestNotice } from "../../../src/contract/notification.ts";
import { useApp } from "../stores/context.ts";

export function TestOutcome({ outcome }: { outcome: TestNotice }) {
  const { t } = useApp();
  const sent = outcome.status === "sent";
  return (
    <p class={sent ? "" : "trouble"} role="status" data-testid="test-outcome">
      {t(sent ? "notice.testSent" : "notice.testFailed")}{" "}
      {outcome.detail && <span class="untrusted">{outcome.detail}</span>}
    </p>
  );
}
