/** The incident's title and the facts of its detection: which rule, which value against which bound, over how much. */
import type { Incident } from "../../../src/contract/incident.ts";
import type { PluginRecord } from "../../../src/contract/plugin-record.ts";
import { useApp } from "../stores/context.ts";
import { figure, signalFigure } from "../view/figures.ts";
import { causeOf } from "../view/silence.ts";
import { duration, secondsBetween } from "../view/time.ts";
import { Fact, Facts } from "./facts.tsx";
import { SeverityLabel, Status, Word } from "./label.tsx";
import { QuietFacts } from "./quiet-facts.tsx";
import { Time } from "./time.tsx";

export function IncidentHeader({ incident, plugin }: { incident: Incident; plugin: PluginRecord | null }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  const { signal } = incident;
  const cause = causeOf(incident);
  return (
    <header class={`incident-header card edge-${incident.severity}`}>
      <div class="chips">
        <SeverityLabel severity={incident.severity} />
        <Status of="incidentStatus" status={incident.status} testId="incident-status" />
        {incident.reopened > 0 && (
          <span class="chip">{t("incident.reopened", { n: incident.reopened })}</span>
        )}
        {incident.flapping && (
          <span class="chip status-escalated" data-testid="flapping" title={t("incident.flappingHint")}>
            {t("incident.flapping")}
          </span>
        )}
      </div>
      <h1>
        <Word of="incidentType" name={incident.type} />{" "}
        <small>
          <bdi class="untrusted">
            {incident.product} {incident.version}
          </bdi>
        </small>
      </h1>
      <p class="untrusted">{signal.explanation}</p>
      <QuietFacts incident={incident} />
      <Facts>
        {cause && (
          <Fact name={t("fact.cause")}>
            <span data-testid="incident-cause" data-cause={cause}>
              <Word of="silenceCause" name={cause} />
            </span>
          </Fact>
        )}
        <Fact name={t("fact.rule")}>{signal.method}</Fact>
        <Fact name={t("fact.value")}>{signalFigure(signal.type, signal.value, language)}</Fact>
        <Fact name={t("fact.bound")}>{signalFigure(signal.type, signal.bound, language)}</Fact>
        <Fact name={t("fact.sample")}>{figure(signal.sample, language)}</Fact>
        <Fact name={t("fact.window")}>{duration(signal.window_s, language)}</Fact>
        <Fact name={t("fact.onset")}>
          <Time at={incident.onset_at} />
        </Fact>
        <Fact name={t("fact.detected")}>
          <Time at={incident.detected_at} />
        </Fact>
        <Fact name={t("fact.detectedAfter")}>
          {duration(secondsBetween(incident.onset_at, incident.detected_at), language)}
        </Fact>
        <Fact name={t("fact.plugin")}>
          <a href={`/plugins/${incident.plugin_id}`}>{plugin?.site_url ?? incident.plugin_id}</a>
        </Fact>
        <Fact name={t("fact.merchant")}>
          <a href={`/merchants/${encodeURIComponent(incident.merchant_id)}`}>{incident.merchant_id}</a>
        </Fact>
        {incident.acknowledged_by && (
          <Fact name={t("fact.acknowledged")}>
            {incident.acknowledged_by} <Time at={incident.acknowledged_at} />
          </Fact>
        )}
        {incident.resolved_at && (
          <Fact name={t("fact.resolved")}>
            <Time at={incident.resolved_at} /> {incident.resolution}
          </Fact>
        )}
      </Facts>
    </header>
  );
}
