/** Each detector and what it thinks. "Learning" and "not enough data" are states of their own, never shown as healthy. */
import type { DetectorView } from "../../../src/contract/ops.ts";
import { useApp } from "../stores/context.ts";
import { signalFigure } from "../view/figures.ts";
import { Status, Word } from "./label.tsx";
import { Empty } from "./loaded.tsx";
import { ScrollBox } from "./scroll-box.tsx";

export function DetectorTable({ detectors }: { detectors: readonly DetectorView[] }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  if (detectors.length === 0) return <Empty>{t("detector.none")}</Empty>;
  return (
    <ScrollBox label={t("plugin.detectors")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("detector.signal")}</th>
            <th scope="col">{t("detector.state")}</th>
            <th scope="col">{t("fact.value")}</th>
            <th scope="col">{t("fact.bound")}</th>
            <th scope="col">{t("detector.explanation")}</th>
          </tr>
        </thead>
        <tbody>
          {detectors.map((detector) => (
            <tr key={detector.type}>
              <th scope="row">
                <Word of="incidentType" name={detector.type} />
              </th>
              <td>
                <Status of="detectorState" status={detector.state} />
              </td>
              <td>{signalFigure(detector.type, detector.value, language)}</td>
              <td>{signalFigure(detector.type, detector.bound, language)}</td>
              <td class="untrusted">{detector.explanation}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
