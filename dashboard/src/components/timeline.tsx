/** The incident's story, oldest first: who did what when, with the figures behind it. */
import type { IncidentEvent } from "../../../src/contract/incident.ts";
import { useApp } from "../stores/context.ts";
import { JsonText } from "./json-text.tsx";
import { Empty } from "./loaded.tsx";
import { Time } from "./time.tsx";

export function Timeline({ events }: { events: readonly IncidentEvent[] }) {
  const { t } = useApp();
  const ordered = [...events].sort((a, b) => a.number - b.number);
  return (
    <section class="card" aria-labelledby="timeline">
      <h2 id="timeline">{t("timeline.title")}</h2>
      {ordered.length === 0 && <Empty>{t("timeline.empty")}</Empty>}
      <ol class="timeline">
        {ordered.map((event) => (
          <li key={event.id}>
            <p class="untrusted">{event.text}</p>
            <p class="timeline-meta">
              <code class="untrusted">{event.kind}</code> <span class="untrusted">{event.actor}</span>{" "}
              <Time at={event.at} />
            </p>
            {Object.keys(event.data).length > 0 && (
              <details>
                <summary>{t("timeline.figures")}</summary>
                <JsonText value={event.data} />
              </details>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
