import type { MetricSeries } from "@tutti/rest/types";
import { lazy, Suspense, useMemo } from "react";
import { count, counted } from "../../elements/moments.ts";
import { Empty } from "../../elements/parts.tsx";
import { drawnMax, drawnOf, figureWord, linesOf, type SeriesLine, tokens, writtenFor } from "./lines.ts";

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
  const drawn = useMemo(() => {
    const stepMs = Math.max(1, ...series.map((one) => one.stepMs ?? 1));
    return drawnOf(lines.slice(0, drawnMax), stepMs);
  }, [lines, series]);
  const written = useMemo(() => writtenFor(metric, figure), [metric, figure]);
  const word = figureWord(metric, figure);
  const heading = title ?? (word || "latest value");
  const styles = lines
    .slice(0, drawnMax)
    .map(({ name }, index) => ({ name, token: tokens[index] ?? "--ink", dashed: index >= 4 }));
  return (
    <figure className="metric-panel">
      <figcaption>
        <h3>{heading}</h3>
        {title === undefined || word === "" ? null : <span className="soft small">{word}</span>}
      </figcaption>
      {drawn.atSec.length < 2 ? (
        <Empty title="No values in this range" />
      ) : (
        <div style={{ minHeight: heightPx }}>
          <Suspense>
            <Chart {...drawn} lines={styles} heightPx={heightPx} written={written} />
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
                  style={{ background: index < drawnMax ? `var(${tokens[index]})` : "transparent" }}
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
