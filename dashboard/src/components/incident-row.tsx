import type { Incident } from "../../../src/contract/incident.ts";
import { useApp, useNow } from "../stores/context.ts";
import { attentionOf } from "../view/attention.ts";
import { signalFigure } from "../view/figures.ts";
import { quietLines } from "../view/quiet.ts";
import { causeOf } from "../view/silence.ts";
import { SeverityLabel, Status, Word } from "./label.tsx";
import { Time } from "./time.tsx";

interface IncidentRowProps {
  incident: Incident;
  /** Incidents whose attempt asks a person. */
  awaiting: ReadonlySet<string>;
}

/** An incident in a list; the whole row is the link to it. */
export function IncidentRow({ incident, awaiting }: IncidentRowProps) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  const now = useNow();
  const { signal } = incident;
  const cause = causeOf(incident);
  return (
    <li>
      <a
        class={`row edge-${incident.severity}`}
        href={`/incidents/${incident.id}`}
        data-testid={`incident-${incident.id}`}
      >
        <span class="row-head">
          <SeverityLabel severity={incident.severity} />
          <span class="row-title">
            <Word of="incidentType" name={incident.type} />
          </span>
          <Status of="incidentStatus" status={incident.status} testId="incident-status" />
          {incident.flapping && <span class="chip status-escalated">{t("incident.flapping")}</span>}
          {quietLines(incident, now).map(({ kind }) => (
            <span key={kind} class="chip">
              {t(`quiet.${kind}`)}
            </span>
          ))}
          {attentionOf(incident, awaiting) === "approval" && (
            <span class="chip status-awaiting_approval">{t("incident.awaitsApproval")}</span>
          )}
        </span>
        <span class="row-facts">
          <bdi class="untrusted">
            {incident.product} {incident.version}
          </bdi>
          <bdi class="untrusted">{incident.merchant_id}</bdi>
          <span>
            {t("incident.valueOfBound", {
              value: signalFigure(signal.type, signal.value, language),
              bound: signalFigure(signal.type, signal.bound, language),
            })}
          </span>
          {cause && (
            <span>
              <Word of="silenceCause" name={cause} />
            </span>
          )}
          <Time at={incident.detected_at} />
        </span>
      </a>
    </li>
  );
}

export function IncidentRows({
  incidents,
  awaiting,
}: { incidents: readonly Incident[] } & Pick<IncidentRowProps, "awaiting">) {
  return (
    <ul class="rows">
      {incidents.map((incident) => (
        <IncidentRow key={incident.id} incident={incident} awaiting={awaiting} />
      ))}
    </ul>
  );
}
