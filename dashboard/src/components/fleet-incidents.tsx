/** Storms and cohorts: one card each, with its explanation, since when, and the shops it is about. */
import type { FleetIncident } from "../../../src/contract/fleet-incident.ts";
import { useApp, useResource } from "../stores/context.ts";
import { Status, Word } from "./label.tsx";
import { Empty, Loaded } from "./loaded.tsx";
import { Time } from "./time.tsx";
import { Trouble } from "./trouble.tsx";

/** All that are open; with `recent`, those that ended lately too. */
function useFleetIncidents(recent: boolean) {
  const { api } = useApp();
  const query = recent ? { limit: "20" } : { status: "open", limit: "50" };
  return useResource(`fleet-incidents-${recent}`, () => api.fleetIncidents(query), {
    topics: ["incidents"],
    everyMs: 60_000,
  });
}

/** For the overview: nothing at all while the fleet is calm. */
export function OpenFleetIncidents() {
  const { t } = useApp();
  const open = useFleetIncidents(false);
  const items = open.data.value?.items ?? [];
  if (items.length === 0) return <Trouble failure={open.failure.value} onRetry={() => void open.refetch()} />;
  return (
    <section aria-labelledby="fleet" data-testid="fleet-incidents">
      <h2 id="fleet">{t("fleet.open", { n: items.length })}</h2>
      <FleetIncidentRows incidents={items} />
    </section>
  );
}

/** For the list of incidents: the latest, open or over. */
export function RecentFleetIncidents() {
  const { t } = useApp();
  const latest = useFleetIncidents(true);
  return (
    <section aria-labelledby="fleet" data-testid="fleet-incidents">
      <h2 id="fleet">{t("fleet.latest")}</h2>
      <Loaded of={latest}>
        {({ items }) =>
          items.length === 0 ? <Empty>{t("fleet.none")}</Empty> : <FleetIncidentRows incidents={items} />
        }
      </Loaded>
    </section>
  );
}

/** For the policy page: why no attempt starts by itself, and since when. */
export function StormBanner() {
  const { t } = useApp();
  const open = useFleetIncidents(false);
  const storm = open.data.value?.items.find(({ kind }) => kind === "storm");
  if (storm === undefined) return null;
  return (
    <p class="trouble" role="alert" data-testid="storm-banner">
      <strong>{t("fleet.storm")}</strong> <bdi>{storm.signal.explanation}</bdi>{" "}
      <span>
        {t("fleet.since")} <Time at={storm.opened_at} />
      </span>
    </p>
  );
}

function FleetIncidentRows({ incidents }: { incidents: readonly FleetIncident[] }) {
  return (
    <ul class="rows">
      {incidents.map((incident) => (
        <li key={incident.id}>
          <FleetIncidentCard incident={incident} />
        </li>
      ))}
    </ul>
  );
}

function FleetIncidentCard({ incident }: { incident: FleetIncident }) {
  const { t } = useApp();
  const { product, version, platform_version, signal } = incident;
  return (
    <article
      class={`card edge-${incident.status === "open" ? "high" : "low"}`}
      aria-label={incident.id}
      data-testid={`fleet-incident-${incident.id}`}
    >
      <p class="row-head">
        <span class="row-title">
          <Word of="fleetKind" name={incident.kind} />
        </span>
        {product !== null && (
          <bdi class="untrusted">
            {product} {version ?? t("fleet.onPlatform", { version: platform_version ?? "" })}
          </bdi>
        )}
        <Status of="incidentStatus" status={incident.status} />
      </p>
      <p class="untrusted">{signal.explanation}</p>
      <p class="row-facts">
        <span>
          {t("fleet.since")} <Time at={incident.opened_at} />
        </span>
        {incident.resolved_at !== null && (
          <span>
            {t("fleet.until")} <Time at={incident.resolved_at} />
          </span>
        )}
        {incident.resolution !== null && <bdi class="untrusted">{incident.resolution}</bdi>}
      </p>
      <Shops incident={incident} />
    </article>
  );
}

function Shops({ incident: { plugins, plugin_count } }: { incident: FleetIncident }) {
  const { t } = useApp();
  const more = plugin_count - plugins.length;
  return (
    <details>
      <summary>{t("fleet.shops", { n: plugin_count })}</summary>
      <ul class="counts">
        {plugins.map((id) => (
          <li key={id}>
            <a href={`/plugins/${id}`}>{id}</a>
          </li>
        ))}
        {more > 0 && <li>{t("fleet.moreShops", { n: more })}</li>}
      </ul>
    </details>
  );
}
