/** Every attempt to heal, newest first as the API orders them. */
import { useLocation } from "preact-iso/router";
import { ATTEMPT_STATUSES, type Attempt } from "../../../src/contract/incident.ts";
import { ClearFilters, FilterChoice, FilterText, Pager } from "../components/filter-bar.tsx";
import { Status, Word } from "../components/label.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { Time } from "../components/time.tsx";
import { useApp, useResource, useTitle } from "../stores/context.ts";
import { hrefWith, readFilters, toQuery } from "../view/filters.ts";
import { duration, secondsBetween } from "../view/time.ts";

const PATH = "/attempts";
const FILTERS = {
  many: { status: ATTEMPT_STATUSES },
  one: ["product", "target_version", "plugin_id", "incident_id"],
} as const;

export function AttemptsPage() {
  const { t, api } = useApp();
  const { query } = useLocation();
  const filters = readFilters(FILTERS, query);
  const cursor = query.cursor;
  const list = useResource(hrefWith(PATH, filters, cursor), () => api.attempts(toQuery(filters, cursor)), {
    topics: ["attempts"],
  });
  useTitle(t("nav.attempts"));
  return (
    <>
      <h1>{t("nav.attempts")}</h1>
      <div class="filters">
        <FilterChoice
          path={PATH}
          filters={filters}
          name="status"
          label="filter.status"
          of="attemptStatus"
          values={ATTEMPT_STATUSES}
        />
        <FilterText path={PATH} filters={filters} name="product" label="filter.product" />
        <FilterText path={PATH} filters={filters} name="target_version" label="filter.targetVersion" />
        <ClearFilters path={PATH} filters={filters} />
      </div>
      <Loaded of={list}>
        {(page) => (
          <>
            {page.items.length === 0 && <Empty>{t("state.noMatch")}</Empty>}
            <ul class="rows">
              {page.items.map((attempt) => (
                <AttemptRow key={attempt.id} attempt={attempt} />
              ))}
            </ul>
            <Pager path={PATH} filters={filters} cursor={cursor} next={page.next_cursor} />
          </>
        )}
      </Loaded>
    </>
  );
}

function AttemptRow({ attempt }: { attempt: Attempt }) {
  const { t, preferences } = useApp();
  const tookS = secondsBetween(attempt.created_at, attempt.finished_at);
  return (
    <li>
      <a class={`row edge-attempt-${attempt.status}`} href={`/incidents/${attempt.incident_id}`}>
        <span class="row-head">
          <span class="row-title">
            <Word of="action" name={attempt.action} />{" "}
            <bdi class="untrusted">
              {attempt.from_version} → {attempt.target_version ?? "–"}
            </bdi>
          </span>
          <Status of="attemptStatus" status={attempt.status} />
        </span>
        <span class="row-facts">
          <bdi class="untrusted">{attempt.product}</bdi>
          <bdi class="untrusted">{attempt.merchant_id}</bdi>
          <bdi class="untrusted">{attempt.requested_by}</bdi>
          {tookS !== null && (
            <span>{t("attempt.took", { time: duration(tookS, preferences.language.value) })}</span>
          )}
          <Time at={attempt.created_at} />
        </span>
        {attempt.reason && <span class="row-note untrusted">{attempt.reason}</span>}
      </a>
    </li>
  );
}
