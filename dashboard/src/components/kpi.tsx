/** One figure with its sample, its interval and its target. Without enough data it says so, and shows no number. */
import type { ComponentChildren } from "preact";
import type { Kpis } from "../../../src/contract/ops.ts";
import { useApp } from "../stores/context.ts";
import { durationStanding, percent, type Standing, shareStanding } from "../view/figures.ts";
import { duration } from "../view/time.ts";

interface ShareKpiProps {
  name: string;
  share: Kpis["success_rate"];
  /** True when a high share is good. */
  higher: boolean;
}

export function ShareKpi({ name, share, higher }: ShareKpiProps) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  return (
    <Kpi
      name={name}
      standing={shareStanding(share.value, share.target, higher)}
      value={share.value === null ? null : percent(share.value, language)}
    >
      {share.low !== null && share.high !== null && (
        <span>
          {t("kpi.interval", { low: percent(share.low, language), high: percent(share.high, language) })}
        </span>
      )}
      <span>{t("kpi.sample", { n: share.n })}</span>
      <span>
        {t(higher ? "kpi.targetAtLeast" : "kpi.targetAtMost", { target: percent(share.target, language) })}
      </span>
    </Kpi>
  );
}

export function DurationKpi({ name, time }: { name: string; time: Kpis["time_to_detect"] }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  return (
    <Kpi
      name={name}
      standing={durationStanding(time.median_s, time.target_s)}
      value={time.median_s === null ? null : duration(time.median_s, language)}
    >
      {time.p95_s !== null && <span>{t("kpi.p95", { time: duration(time.p95_s, language) })}</span>}
      <span>{t("kpi.sample", { n: time.n })}</span>
      {time.target_s !== null && (
        <span>{t("kpi.targetAtMost", { target: duration(time.target_s, language) })}</span>
      )}
    </Kpi>
  );
}

interface KpiProps {
  name: string;
  standing: Standing;
  value: string | null;
  children: ComponentChildren;
}

function Kpi({ name, standing, value, children }: KpiProps) {
  const { t } = useApp();
  return (
    <div class={`card kpi kpi-${standing}`}>
      <h3>{name}</h3>
      <p class="kpi-value">{value ?? t("kpi.notEnough")}</p>
      {standing !== "unknown" && <p class="kpi-standing">{t(`standing.${standing}`)}</p>}
      <p class="kpi-facts">{children}</p>
    </div>
  );
}
