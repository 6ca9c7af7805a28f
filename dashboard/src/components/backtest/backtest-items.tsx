/** The incidents that the draft would have treated otherwise: what was done then, what would be done now, and why. */
import type { BacktestItem } from "../../../../src/contract/backtest.ts";
import { useApp } from "../../stores/context.ts";
import { endedWords } from "../../view/backtest.ts";
import { SeverityLabel, Word } from "../label.tsx";
import { NewTab } from "../new-tab.tsx";
import { ScrollBox } from "../scroll-box.tsx";
import { Time } from "../time.tsx";

/** @param changed all of them; no more than the first few are listed */
export function BacktestItems({ items, changed }: { items: readonly BacktestItem[]; changed: number }) {
  const { t } = useApp();
  if (items.length === 0) return null;
  return (
    <details open>
      <summary>{t("backtest.items", { n: items.length, all: changed })}</summary>
      <ScrollBox label={t("backtest.items", { n: items.length, all: changed })}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("backtest.incident")}</th>
              <th scope="col">{t("backtest.was")}</th>
              <th scope="col">{t("backtest.would")}</th>
              <th scope="col">{t("backtest.why")}</th>
              <th scope="col">{t("backtest.ended")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <Item key={item.id} item={item} />
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </details>
  );
}

function Item({ item }: { item: BacktestItem }) {
  const { t } = useApp();
  return (
    <tr data-testid={`backtest-${item.id}`}>
      <th scope="row">
        <NewTab href={`/incidents/${item.incident_id}`}>
          <Word of="action" name={item.action} /> <bdi class="untrusted">{item.target_version}</bdi>
        </NewTab>{" "}
        <SeverityLabel severity={item.severity} />
        <span class="row-facts">
          <bdi class="untrusted">{item.merchant_id}</bdi>
          <Time at={item.at} />
        </span>
      </th>
      <td>
        <Word of="course" name={item.was} />
      </td>
      <td>
        <Word of="course" name={item.would} />
        {item.approvals_needed > 0 && ` (${t("backtest.approvals", { n: item.approvals_needed })})`}
      </td>
      <td>
        {item.rule && <Word of="gateRule" name={item.rule} />}{" "}
        <span class="untrusted gate-why">{item.why}</span>
      </td>
      <td>
        <Word of={endedWords(item.ended)} name={item.ended} />
      </td>
    </tr>
  );
}
