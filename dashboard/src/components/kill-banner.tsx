import { useApp } from "../stores/context.ts";
import { Time } from "./time.tsx";

/** On every page while the kill switch is engaged: nothing is healed, and nobody should wonder why. */
export function KillBanner() {
  const { policy, t } = useApp();
  const current = policy.data.value;
  if (current === null || !current.document.kill_switch) return null;
  return (
    <section class="kill-banner" aria-label={t("kill.engaged")} data-testid="kill-banner">
      <strong>{t("kill.engaged")}</strong>{" "}
      <span class="untrusted">
        {current.updated_by}: {current.reason}
      </span>{" "}
      <Time at={current.updated_at} /> <a href="/policy">{t("kill.goToPolicy")}</a>
    </section>
  );
}
