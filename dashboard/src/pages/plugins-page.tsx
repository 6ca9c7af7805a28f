/** The plugins in the shops, as the ledger knows them. */
import { PluginRecord } from "../../../src/contract/plugin-record.ts";
import { Status } from "../components/label.tsx";
import { ListPage, type ListSpec, Rows, useList } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";
import { useApp } from "../stores/context.ts";

const LIST: ListSpec = {
  path: "/plugins",
  title: "nav.plugins",
  many: { status: PluginRecord.shape.status.options },
  one: ["product", "version", "merchant_id"],
  choices: [{ name: "status", label: "filter.status", of: "pluginStatus" }],
  texts: [
    { name: "product", label: "filter.product" },
    { name: "version", label: "filter.version" },
    { name: "merchant_id", label: "filter.merchant" },
  ],
};

export function PluginsPage() {
  const { api } = useApp();
  const list = useList(LIST, api.plugins, { topics: ["plugins"], everyMs: 60_000 });
  return (
    <ListPage spec={LIST} list={list}>
      {(items) => (
        <Rows
          items={items}
          none={list.isPlain ? "plugins.none" : "state.noMatch"}
          row={(plugin) => <PluginRow key={plugin.id} plugin={plugin} />}
        />
      )}
    </ListPage>
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
