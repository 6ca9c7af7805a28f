/** A small bar chart of window buckets; the same numbers follow as a table for whoever cannot or would not see it. */
import { useApp } from "../stores/context.ts";
import { type Bucket, barChart } from "../view/bars.ts";
import { figure } from "../view/figures.ts";
import { timeOfDay } from "../view/time.ts";
import { ScrollBox } from "./scroll-box.tsx";

const WIDTH = 360;
const HEIGHT = 72;

interface BarChartProps {
  title: string;
  buckets: readonly Bucket[];
  pick: (bucket: Bucket) => { total: number; failed: number };
}

export function BarChart({ title, buckets, pick }: BarChartProps) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  const chart = barChart(buckets, pick, WIDTH, HEIGHT);
  const total = figure(chart.total, language);
  const failed = figure(chart.failed, language);
  return (
    <figure class="chart">
      <figcaption>
        {title} <small>{t("chart.totals", { total, failed })}</small>
      </figcaption>
      {chart.total === 0 ? (
        <p class="empty">{t("chart.nothing")}</p>
      ) : (
        <>
          <svg
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${title}. ${t("chart.totals", { total, failed })}`}
          >
            {chart.bars.map((bar) => (
              <g key={bar.start}>
                <rect class="bar-good" x={bar.x} width={bar.width} y={bar.good.y} height={bar.good.height} />
                <rect class="bar-bad" x={bar.x} width={bar.width} y={bar.bad.y} height={bar.bad.height} />
              </g>
            ))}
          </svg>
          <details>
            <summary>{t("chart.table")}</summary>
            <ScrollBox label={title}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t("chart.from")}</th>
                    <th scope="col">{t("chart.total")}</th>
                    <th scope="col">{t("chart.failed")}</th>
                  </tr>
                </thead>
                <tbody>
                  {chart.bars.map((bar) => (
                    <tr key={bar.start}>
                      <th scope="row">{timeOfDay(bar.start, language)}</th>
                      <td>{figure(bar.total, language)}</td>
                      <td>{figure(bar.failed, language)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollBox>
          </details>
        </>
      )}
    </figure>
  );
}
