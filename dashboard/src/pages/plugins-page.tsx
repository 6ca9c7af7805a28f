/** The plugins in the shops, as the ledger knows them. */
import { useLocation } from "preact-iso/router";
import { PluginRecord } from "../../../src/contract/incident.ts";
import { ClearFilters, FilterChoice, FilterText, Pager } from "../components/filter-bar.tsx";
import { Status } from "../components/label.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { Time } from "../components/time.tsx";
import { useApp, useResource, useTitle } from "../stores/context.ts";
import { hrefWith, readFilters, toQuery } from "../view/filters.ts";

const PATH = "/plugins";
const STATUSES = PluginRecord.shape.status.options;
const FILTERS = { many: { status: STATUSES }, one: ["product", "version", "merchant_id"] } as const;

export function PluginsPage() {
  const { t, api } = useApp();
  const { query } = useLocation();
  const filters = readFilters(FILTERS, query);
  const cursor = query.cursor;
  const list = useResource(hrefWith(PATH, filters, cursor), () => api.plugins(toQuery(filters, cursor)), {
    topics: ["plugins"],
    everyMs: 60_000,
  });
  useTitle(t("nav.plugins"));
  return (
    <>
      <h1>{t("nav.plugins")}</h1>
      <div class="filters">
        <FilterChoice
          path={PATH}
          filters={filters}
          name="status"
          label="filter.status"
          of="pluginStatus"
          values={STATUSES}
        />
        <FilterText path={PATH} filters={filters} name="product" label="filter.product" />
        <FilterText path={PATH} filters={filters} name="version" label="filter.version" />
        <FilterText path={PATH} filters={filters} name="merchant_id" label="filter.merchant" />
        <ClearFilters path={PATH} filters={filters} />
      </div>
      <Loaded of={list}>
        {(page) => (
          <>
            {page.items.length === 0 && (
              <Empty>{t(Object.keys(filters).length > 0 ? "state.noMatch" : "plugins.none")}</Empty>
            )}
            <ul class="rows">
              {page.items.map((plugin) => (
                <PluginRow key={plugin.id} plugin={plugin} />
              ))}
            </ul>
            <Pager path={PATH} filters={filters} cursor={cursor} next={page.next_cursor} />
          </>
        )}
      </Loaded>
    </>
  );
}

function PluginRow({ plugin }: { plugin: PluginRecord }) {
  const { t } = useApp();
  return (
    <li>
      <a
        class={`row edge-plugin-${plugin.status}`}
        href={`/plugins/${plugin.id}`}
        data-testid={`plugin-${plugin.id}`}
      >
        <span class="row-head">
          <bdi class="row-title untrusted">{plugin.site_url ?? plugin.id}</bdi>
          <Status of="pluginStatus" status={plugin.status} />
          {plugin.open_incidents > 0 && (
            <span class="chip severity-high">{t("plugin.openIncidents", { n: plugin.open_incidents })}</span>
          )}
        </span>
        <span class="row-facts">
          <bdi class="untrusted">
            {plugin.product} {plugin.version}
          </bdi>
          <bdi class="untrusted">{plugin.merchant_id}</bdi>
          <bdi class="untrusted">
            {plugin.env.platform} {plugin.env.platform_version}
          </bdi>
          <span>
            {t("plugin.lastSeen")} <Time at={plugin.last_seen_at} />
          </span>
        </span>
      </a>
    </li>
  );
}
