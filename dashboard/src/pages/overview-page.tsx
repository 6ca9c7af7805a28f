/** How well it works, in figures that say how much they rest on; and what needs a person now. */
import { OPEN_INCIDENT_STATUSES } from "../../../src/contract/incident.ts";
import type { Kpis } from "../../../src/contract/ops.ts";
import { OpenFleetIncidents } from "../components/fleet-incidents.tsx";
import { IncidentRows } from "../components/incident-row.tsx";
import { DurationKpi, ShareKpi } from "../components/kpi.tsx";
import { Word } from "../components/label.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { useAwaiting } from "../stores/awaiting.ts";
import { useApp, useResource, useTitle } from "../stores/context.ts";
import { splitByAttention } from "../view/attention.ts";
import { hrefWith, incidentFilterOf } from "../view/filters.ts";
import { duration } from "../view/time.ts";

const WINDOW_S = 604_800;

export function OverviewPage() {
  const { t, api } = useApp();
  const kpis = useResource("kpis", () => api.kpis(WINDOW_S), {
    topics: ["incidents", "attempts", "plugins"],
    everyMs: 60_000,
  });
  useTitle(t("nav.overview"));
  return (
    <>
      <h1>{t("nav.overview")}</h1>
      <OpenFleetIncidents />
      <NeedsAttention />
      <Loaded of={kpis}>{(value) => <Figures kpis={value} />}</Loaded>
    </>
  );
}

function NeedsAttention() {
  const { t, api } = useApp();
  const open = useResource(
    "open",
    () => api.incidents({ status: OPEN_INCIDENT_STATUSES.join(","), limit: "50" }),
    { topics: ["incidents"] },
  );
  const { ids: awaiting, resource: asking } = useAwaiting();
  return (
    <Loaded of={open}>
      {(page) => {
        const { attention, rest } = splitByAttention([], page.items, awaiting);
        return (
          <>
            <section aria-labelledby="attention">
              <h2 id="attention">{t("incidents.needAttention", { n: attention.length })}</h2>
              {attention.length > 0 && <IncidentRows incidents={attention} awaiting={awaiting} />}
              <Loaded of={asking}>
                {() => attention.length === 0 && <Empty>{t("overview.nothingWaits")}</Empty>}
              </Loaded>
            </section>
            {rest.length > 0 && (
              <section aria-labelledby="under-way">
                <h2 id="under-way">{t("overview.underWay", { n: rest.length })}</h2>
                <IncidentRows incidents={rest} awaiting={awaiting} />
              </section>
            )}
            {page.next_cursor && (
              <a href={hrefWith("/incidents", { status: [...OPEN_INCIDENT_STATUSES] })}>
                {t("overview.allOpen")}
              </a>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Figures({ kpis }: { kpis: Kpis }) {
  const { t, preferences } = useApp();
  const window = duration(kpis.window_s, preferences.language.value);
  return (
    <>
      <section aria-labelledby="kpis">
        <h2 id="kpis">{t("kpi.title", { window })}</h2>
        {kpis.fleet.storm && (
          <p class="trouble" role="alert">
            {t("fleet.storm")}
          </p>
        )}
        {kpis.fleet.autonomy === "degraded" && (
          <p class="trouble" role="alert">
            {t("fleet.degraded")}
          </p>
        )}
        <div class="kpis">
          <ShareKpi name={t("kpi.success")} share={kpis.success_rate} higher={true} />
          <ShareKpi name={t("kpi.rollback")} share={kpis.rollback_rate} higher={false} />
          <DurationKpi name={t("kpi.detect")} time={kpis.time_to_detect} />
          <DurationKpi name={t("kpi.repair")} time={kpis.time_to_repair} />
        </div>
      </section>
      <section aria-labelledby="stages">
        <h2 id="stages">{t("kpi.stages")}</h2>
        <div class="kpis small">
          <DurationKpi name={t("stage.decide")} time={kpis.stages.decide} />
          <DurationKpi name={t("stage.approve")} time={kpis.stages.approve} />
          <DurationKpi name={t("stage.stage")} time={kpis.stages.stage} />
          <DurationKpi name={t("stage.apply")} time={kpis.stages.apply} />
          <DurationKpi name={t("stage.verify")} time={kpis.stages.verify} />
        </div>
      </section>
      <div class="columns">
        <Counts
          title={t("kpi.openIncidents")}
          of={incidentFilterOf}
          path="/incidents"
          counts={kpis.open_incidents}
        />
        <Counts
          title={t("kpi.plugins")}
          of={() => ({ filter: "status", words: "pluginStatus" })}
          path="/plugins"
          counts={kpis.plugins}
        />
      </div>
    </>
  );
}

interface CountsProps {
  title: string;
  /** What the names of the counts are. */
  of: (name: string) => { filter: string; words: string };
  path: string;
  counts: Record<string, number>;
}

function Counts({ title, of, path, counts }: CountsProps) {
  const { t } = useApp();
  const entries = Object.entries(counts);
  return (
    <section class="card">
      <h2>{title}</h2>
      {entries.length === 0 && <Empty>{t("state.none")}</Empty>}
      <ul class="counts">
        {entries.map(([name, n]) => (
          <li key={name}>
            <a href={hrefWith(path, { [of(name).filter]: [name] })}>
              <Word of={of(name).words} name={name} />
            </a>
            <strong>{n}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}
