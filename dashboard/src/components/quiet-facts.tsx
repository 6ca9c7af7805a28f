/** Who keeps the incident quiet, why, and until when: a silence must never be a riddle. */
import type { Incident } from "../../../src/contract/incident.ts";
import { useApp, useNow } from "../stores/context.ts";
import { quietLines } from "../view/quiet.ts";
import { Time } from "./time.tsx";

export function QuietFacts({ incident }: { incident: Incident }) {
  const { t } = useApp();
  const lines = quietLines(incident, useNow());
  if (lines.length === 0) return null;
  return (
    <ul class="plain" data-testid="quiet">
      {lines.map((line) => (
        <li key={line.kind} data-quiet={line.kind}>
          <span class="chip">{t(`quiet.${line.kind}`)}</span> {t("quiet.untilWhen")} <Time at={line.until} />{" "}
          <span class="untrusted">
            {line.by}: {line.reason}
          </span>
        </li>
      ))}
    </ul>
  );
}
