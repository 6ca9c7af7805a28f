/** One incident on one page: what was found, what was decided and why it was allowed, what was done, and the evidence. */
import { useRoute } from "preact-iso/router";
import type { IncidentDetail } from "../../../src/contract/ops.ts";
import { AttemptCard } from "../components/attempt-card.tsx";
import { DecisionCard } from "../components/decision-card.tsx";
import { Evidence } from "../components/evidence.tsx";
import { IncidentHeader } from "../components/incident-header.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { ManualActions } from "../components/manual-actions.tsx";
import { Timeline } from "../components/timeline.tsx";
import { Votes } from "../components/votes.tsx";
import { useApp, useResource, useTitle } from "../stores/context.ts";
import { newestFirst } from "../view/order.ts";

export function IncidentPage() {
  const { api, t } = useApp();
  const id = useRoute().params.id ?? "";
  const detail = useResource(id, () => api.incident(id), { topics: ["incidents", "attempts"], id });
  useTitle(t("incident.pageTitle"));
  return (
    <>
      <p class="breadcrumb">
        <a href="/incidents">{t("nav.incidents")}</a>
      </p>
      <Loaded of={detail}>{(value) => <Incident detail={value} onChanged={detail.refetch} />}</Loaded>
    </>
  );
}

function Incident({ detail, onChanged }: { detail: IncidentDetail; onChanged: () => void }) {
  const { t } = useApp();
  const { incident, attempts, plugin, timeline } = detail;
  return (
    <>
      <IncidentHeader incident={incident} plugin={plugin} />
      <ManualActions key={incident.id} incident={incident} onChanged={onChanged} />
      <div class="columns">
        <div class="column-main">
          {incident.decision && <DecisionCard decision={incident.decision} />}
          <section aria-labelledby="attempts">
            <h2 id="attempts">{t("nav.attempts")}</h2>
            {attempts.length === 0 && <Empty>{t("incident.noAttempts")}</Empty>}
            {newestFirst(attempts).map((attempt) => (
              <AttemptCard key={attempt.id} attempt={attempt} shown={attempts} onChanged={onChanged} />
            ))}
          </section>
        </div>
        <div class="column-side">
          <Timeline events={timeline} />
          <Votes key={incident.id} incident={incident} votes={detail.votes ?? []} onChanged={onChanged} />
        </div>
      </div>
      <Evidence snapshot={incident.telemetry_snapshot} />
    </>
  );
}
