/** Incidents: what needs attention first, then the list that the address asks for. */
import { useLocation } from "preact-iso/router";
import { SEVERITIES } from "../../../src/contract/ids.ts";
import { INCIDENT_STATUSES, INCIDENT_TYPES } from "../../../src/contract/incident.ts";
import { ClearFilters, FilterChoice, FilterText, Pager } from "../components/filter-bar.tsx";
import { RecentFleetIncidents } from "../components/fleet-incidents.tsx";
import { IncidentRows } from "../components/incident-row.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { useApp, useResource, useTitle } from "../stores/context.ts";
import { awaitingApproval, splitByAttention } from "../view/attention.ts";
import { hrefWith, readFilters, toQuery } from "../view/filters.ts";

const PATH = "/incidents";
const FILTERS = {
  many: { status: INCIDENT_STATUSES, severity: SEVERITIES, type: INCIDENT_TYPES },
  one: ["product", "merchant_id", "plugin_id"],
} as const;

export function IncidentsPage() {
  const { t, api } = useApp();
  const { query } = useLocation();
  const filters = readFilters(FILTERS, query);
  const cursor = query.cursor;
  const isPlain = Object.keys(filters).length === 0 && cursor === undefined;
  const list = useResource(hrefWith(PATH, filters, cursor), () => api.incidents(toQuery(filters, cursor)), {
    topics: ["incidents"],
  });
  const open = useResource("open", () => api.incidents({ status: "escalated,open", limit: "50" }), {
    topics: ["incidents"],
  });
  const approvals = useResource(
    "awaiting",
    () => api.attempts({ status: "awaiting_approval", limit: "200" }),
    { topics: ["attempts"] },
  );
  useTitle(t("nav.incidents"));

  const awaiting = awaitingApproval(approvals.data.value?.items ?? []);
  return (
    <>
      <h1>{t("nav.incidents")}</h1>
      <div class="filters">
        <FilterChoice
          path={PATH}
          filters={filters}
          name="status"
          label="filter.status"
          of="incidentStatus"
          values={INCIDENT_STATUSES}
        />
        <FilterChoice
          path={PATH}
          filters={filters}
          name="severity"
          label="filter.severity"
          of="severity"
          values={SEVERITIES}
        />
        <FilterChoice
          path={PATH}
          filters={filters}
          name="type"
          label="filter.type"
          of="incidentType"
          values={INCIDENT_TYPES}
        />
        <FilterText path={PATH} filters={filters} name="product" label="filter.product" />
        <FilterText path={PATH} filters={filters} name="merchant_id" label="filter.merchant" />
        <ClearFilters path={PATH} filters={filters} />
      </div>
      <Loaded of={list}>
        {(page) => {
          const { attention, rest } = isPlain
            ? splitByAttention(open.data.value?.items ?? [], page.items, awaiting)
            : { attention: [], rest: page.items };
          return (
            <>
              {attention.length > 0 && (
                <section aria-labelledby="attention">
                  <h2 id="attention">{t("incidents.needAttention", { n: attention.length })}</h2>
                  <IncidentRows incidents={attention} awaiting={awaiting} />
                  {open.data.value?.next_cursor && (
                    <a href={hrefWith(PATH, { status: ["open", "escalated"] })}>{t("incidents.allOpen")}</a>
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
              <Pager path={PATH} filters={filters} cursor={cursor} next={page.next_cursor} />
              {isPlain && <RecentFleetIncidents />}
            </>
          );
        }}
      </Loaded>
    </>
  );
}
