import type { MetricSeries } from "@tutti/rest/types";
import { lazy, Suspense, useMemo } from "react";
import { count, counted } from "../../elements/moments.ts";
import { Empty } from "../../elements/parts.tsx";
import {
  chartDataOf,
  linesMax,
  linesOf,
  type SeriesLine,
  statisticLabel,
  tokens,
  writtenFor,
} from "./lines.ts";

const Chart = lazy(() => import("../../elements/chart.tsx"));

/** One statistic of a metric: a chart, and a table with the same numbers. */
export function MetricPanel(options: {
  title?: string;
  metric: string;
  figure: string;
  series: readonly MetricSeries[];
  heightPx: number;
  rowsMax: number;
}) {
  const { title, metric, figure, series, heightPx, rowsMax } = options;
  const lines = useMemo(() => linesOf(series, figure), [series, figure]);
  const chartData = useMemo(() => {
    const stepMs = Math.max(1, ...series.map((line) => line.stepMs ?? 1));
    return chartDataOf(lines.slice(0, linesMax), stepMs);
  }, [lines, series]);
  const written = useMemo(() => writtenFor(metric, figure), [metric, figure]);
  const statisticText = statisticLabel(metric, figure);
  const heading = title ?? (statisticText || "latest value");
  const styles = lines
    .slice(0, linesMax)
    .map(({ name }, index) => ({ name, token: tokens[index] ?? "--ink", dashed: index >= 4 }));
  return (
    <figure className="metric-panel">
      <figcaption>
        <h3>{heading}</h3>
        {title === undefined || statisticText === "" ? null : (
          <span className="soft small">{statisticText}</span>
        )}
      </figcaption>
      {chartData.atSec.length < 2 ? (
        <Empty title="No values in this range" />
      ) : (
        <div style={{ minHeight: heightPx }}>
          <Suspense>
            <Chart {...chartData} lines={styles} heightPx={heightPx} written={written} />
          </Suspense>
        </div>
      )}
      {lines.length === 0 ? null : <Values lines={lines} written={written} rowsMax={rowsMax} />}
    </figure>
  );
}

/** The table of the numbers, for each line of the chart and for lines that are not drawn. */
function Values(options: {
  lines: readonly SeriesLine[];
  written: (value: number) => string;
  rowsMax: number;
}) {
  const { lines, written, rowsMax } = options;
  return (
    <div>
      <table className="lines metric-values">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">Latest</th>
            <th scope="col" className="metric-mean">
              Mean
            </th>
            <th scope="col">Maximum</th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, rowsMax).map(({ name, latest, mean, max }, index) => (
            <tr key={name}>
              <td>
                <span
                  className="metric-mark"
                  style={{ background: index < linesMax ? `var(${tokens[index]})` : "transparent" }}
                />
                {name}
              </td>
              <td>{latest === undefined ? "" : written(latest)}</td>
              <td className="metric-mean">{written(mean)}</td>
              <td>{written(max)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > rowsMax ? (
        <p className="small soft">
          {count(rowsMax)} of {counted(lines.length, "series", "series")}
        </p>
      ) : null}
    </div>
  );
}
