/** One plugin as its object knows it at this moment. */
import { useRoute } from "preact-iso/router";
import type { PluginDetail } from "../../../src/contract/ops.ts";
import { AttemptCard } from "../components/attempt-card.tsx";
import { BarChart } from "../components/bar-chart.tsx";
import { CommandTable } from "../components/command-table.tsx";
import { DetectorTable } from "../components/detector-table.tsx";
import { Fact, Facts } from "../components/facts.tsx";
import { IncidentRows } from "../components/incident-row.tsx";
import { Status, Word } from "../components/label.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { Time } from "../components/time.tsx";
import { useApp, useResource, useTitle } from "../stores/context.ts";
import { awaitingAnswer } from "../view/attention.ts";
import { noDeadlineBecause } from "../view/silence.ts";
import { duration } from "../view/time.ts";

export function PluginPage() {
  const { api, t } = useApp();
  const id = useRoute().params.id ?? "";
  const detail = useResource(id, () => api.plugin(id), {
    topics: ["plugins", "incidents", "attempts"],
    id,
    // Heartbeats are not announced: there are too many of them.
    everyMs: 10_000,
  });
  useTitle(t("plugin.pageTitle"));
  return (
    <>
      <p class="breadcrumb">
        <a href="/plugins">{t("nav.plugins")}</a>
      </p>
      <Loaded of={detail}>{(value) => <Plugin detail={value} onChanged={detail.refetch} />}</Loaded>
    </>
  );
}

function Plugin({ detail, onChanged }: { detail: PluginDetail; onChanged: () => void }) {
  const { t } = useApp();
  const { plugin, live } = detail;
  return (
    <>
      <PluginHeader detail={detail} />
      <section class="card" aria-labelledby="detectors">
        <h2 id="detectors">{t("plugin.detectors")}</h2>
        <DetectorTable detectors={live.detectors} />
      </section>
      <section class="card" aria-labelledby="windows">
        <h2 id="windows">{t("plugin.windows")}</h2>
        <div class="charts">
          <BarChart
            title={t("chart.webhooksRecent")}
            buckets={live.recent}
            pick={(b) => ({ total: b.webhooks_sent, failed: b.webhooks_failed })}
          />
          <BarChart
            title={t("chart.errorsRecent")}
            buckets={live.recent}
            pick={(b) => ({ total: b.requests, failed: b.errors })}
          />
          <BarChart
            title={t("chart.webhooksDaily")}
            buckets={live.daily}
            pick={(b) => ({ total: b.webhooks_sent, failed: b.webhooks_failed })}
          />
          <BarChart
            title={t("chart.errorsDaily")}
            buckets={live.daily}
            pick={(b) => ({ total: b.requests, failed: b.errors })}
          />
        </div>
      </section>
      <section aria-labelledby="open">
        <h2 id="open">{t("plugin.incidents")}</h2>
        {live.open_incidents.length === 0 ? (
          <Empty>{t("plugin.noIncidents")}</Empty>
        ) : (
          <IncidentRows
            incidents={live.open_incidents}
            awaiting={awaitingAnswer(live.attempt ? [live.attempt] : [])}
          />
        )}
        <a href={`/incidents?plugin_id=${plugin.id}`}>{t("plugin.allIncidents")}</a>
      </section>
      {live.attempt && (
        <section aria-labelledby="attempt">
          <h2 id="attempt">{t("plugin.attempt")}</h2>
          <AttemptCard attempt={live.attempt} onChanged={onChanged} />
        </section>
      )}
      <section class="card" aria-labelledby="commands">
        <h2 id="commands">{t("plugin.commands")}</h2>
        <CommandTable commands={live.commands} />
      </section>
    </>
  );
}

function PluginHeader({ detail: { plugin, live } }: { detail: PluginDetail }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  const noDeadline = noDeadlineBecause(live.detectors);
  return (
    <header class={`card edge-plugin-${plugin.status}`}>
      <div class="chips">
        <Status of="pluginStatus" status={plugin.status} testId="plugin-status" />
        <Status of="beatState" status={live.state} />
      </div>
      <h1 class="untrusted">{plugin.site_url ?? plugin.id}</h1>
      <Facts>
        <Fact name={t("fact.product")}>
          {plugin.product} {plugin.version}
        </Fact>
        <Fact name={t("fact.merchant")}>
          <a href={`/merchants/${encodeURIComponent(plugin.merchant_id)}`}>{plugin.merchant_id}</a>
        </Fact>
        <Fact name={t("fact.cadence")}>
          <Word of="cadence" name={plugin.cadence} />
        </Fact>
        <Fact name={t("fact.lastBeat")}>
          <Time at={live.last_beat_at} />
        </Fact>
        <Fact name={t("fact.deadline")}>
          {noDeadline ? <Status of="detectorState" status={noDeadline} /> : <Time at={live.deadline_at} />}
        </Fact>
        <Fact name={t("fact.nextBeat")}>{duration(live.next_heartbeat_s, language)}</Fact>
        <Fact name={t("fact.sequence")}>{live.seq}</Fact>
        <Fact name={t("fact.outbox")}>{live.outbox}</Fact>
        <Fact name={t("fact.enrolled")}>
          <Time at={plugin.enrolled_at} />
        </Fact>
        {Object.entries(plugin.env).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </Facts>
    </header>
  );
}
