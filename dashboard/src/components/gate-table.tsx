/** Why it was allowed: every rule of the gate, before staging and again at the hand-over of the command. */
import type { Attempt, GateVerdict } from "../../../src/contract/attempt.ts";
import { useApp } from "../stores/context.ts";
import { gateOutcome, gateRows } from "../view/gate-rows.ts";
import { Status, Word } from "./label.tsx";
import { ScrollBox } from "./scroll-box.tsx";

interface GateTableProps {
  gate: Attempt["gate"];
  handover: Attempt["handover_gate"];
}

export function GateTable({ gate, handover }: GateTableProps) {
  const { t } = useApp();
  if (gate.length === 0 && handover === null) return null;
  const outcome = gateOutcome(handover ?? gate);
  return (
    <details open={outcome !== "allow"}>
      <summary>
        {t("gate.title")} <Status of="gateOutcome" status={outcome} />
      </summary>
      <ScrollBox label={t("gate.title")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("gate.rule")}</th>
              <th scope="col">{t("gate.before")}</th>
              <th scope="col">{t("gate.handover")}</th>
            </tr>
          </thead>
          <tbody>
            {gateRows(gate, handover).map((row) => (
              <tr key={row.rule} class={row.changed ? "changed" : undefined}>
                <th scope="row">
                  <Word of="gateRule" name={row.rule} />
                </th>
                <td>
                  <Verdict verdict={row.before} />
                </td>
                <td>
                  <Verdict verdict={row.handover} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </details>
  );
}

function Verdict({ verdict }: { verdict: GateVerdict | null }) {
  const { t } = useApp();
  if (verdict === null) return <>–</>;
  return (
    <>
      <Status of="gateOutcome" status={verdict.outcome} />{" "}
      <span class="untrusted gate-why">
        {verdict.observed}
        {verdict.bound !== "" && ` (${t("gate.bound", { bound: verdict.bound })})`}
      </span>
    </>
  );
}
