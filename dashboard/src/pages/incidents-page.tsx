/** Incidents: what needs attention first, then the list that the address asks for. */
import { SEVERITIES } from "../../../src/contract/ids.ts";
import { INCIDENT_STATUSES, INCIDENT_TYPES, type Incident } from "../../../src/contract/incident.ts";
import { RecentFleetIncidents } from "../components/fleet-incidents.tsx";
import { IncidentRows } from "../components/incident-row.tsx";
import { ListPage, type ListSpec, useList } from "../components/list-page.tsx";
import { Empty } from "../components/loaded.tsx";
import { Trouble } from "../components/trouble.tsx";
import { useAwaiting } from "../stores/awaiting.ts";
import { useApp, useResource } from "../stores/context.ts";
import { splitByAttention } from "../view/attention.ts";
import { hrefWith } from "../view/filters.ts";

const LIST: ListSpec = {
  path: "/incidents",
  title: "nav.incidents",
  many: { status: INCIDENT_STATUSES, severity: SEVERITIES, type: INCIDENT_TYPES },
  one: ["product", "merchant_id", "plugin_id"],
  choices: [
    { name: "status", label: "filter.status", of: "incidentStatus" },
    { name: "severity", label: "filter.severity", of: "severity" },
    { name: "type", label: "filter.type", of: "incidentType" },
  ],
  texts: [
    { name: "product", label: "filter.product" },
    { name: "merchant_id", label: "filter.merchant" },
  ],
};

export function IncidentsPage() {
  const { t, api } = useApp();
  const list = useList(LIST, api.incidents, { topics: ["incidents"] });
  const open = useResource("open", () => api.incidents({ status: "escalated,open", limit: "50" }), {
    topics: ["incidents"],
  });
  const { ids: awaiting, resource: asking } = useAwaiting();
  const { isPlain } = list;
  const shown = (items: Incident[]) => {
    const { attention, rest } = isPlain
      ? splitByAttention(open.data.value?.items ?? [], items, awaiting)
      : { attention: [], rest: items };
    return (
      <>
        {isPlain && <Trouble failure={open.failure.value} onRetry={() => void open.refetch()} />}
        <Trouble failure={asking.failure.value} onRetry={() => void asking.refetch()} />
        {attention.length > 0 && (
          <section aria-labelledby="attention">
            <h2 id="attention">{t("incidents.needAttention", { n: attention.length })}</h2>
            <IncidentRows incidents={attention} awaiting={awaiting} />
            {open.data.value?.next_cursor && (
              <a href={hrefWith(LIST.path, { status: ["open", "escalated"] })}>{t("incidents.allOpen")}</a>
            )}
          </section>
        )}
        <section aria-labelledby="list">
          <h2 id="list">{t(isPlain ? "incidents.others" : "incidents.matching")}</h2>
          {rest.length === 0 ? (
            <Empty>{t(isPlain ? "incidents.noneOther" : "state.noMatch")}</Empty>
          ) : (
            <IncidentRows incidents={rest} awaiting={awaiting} />
          )}
        </section>
      </>
    );
  };
  return (
    <>
      <ListPage spec={LIST} list={list}>
        {shown}
      </ListPage>
      {isPlain && <RecentFleetIncidents />}
    </>
  );
}
