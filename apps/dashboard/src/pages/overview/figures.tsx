import { useQuery } from "@tanstack/react-query";
import type { MetricSeries } from "@tutti/rest/types";
import { lazy, Suspense, useMemo } from "react";
import { metricSeriesQuery } from "../../data/queries.ts";
import { pageError } from "../../data/send.ts";
import { figure } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { aligned, failures, type Line, latency, latest, seriesWanted, throughput } from "./series.ts";

const Chart = lazy(() => import("../../elements/chart.tsx"));

const heightPx = 132;

const panels = [
  { title: "Throughput", unit: "tasks/s", of: throughput, tokens: ["--playing"] },
  { title: "Latency", unit: "ms, slowest kind of call", of: latency, tokens: ["--done", "--held"] },
  { title: "Failures", unit: "failed calls/s", of: failures, tokens: ["--wrong"] },
] as const;

/** A process that hosts no pools has not heard of what theirs count. */
const unknownMetric = "metrics.unknown";

const notForYou = "mesh.denied";

/** How much is done, how quickly, and what fails, from the platform's own ring of metrics. */
export function Figures() {
  const query = useQuery(metricSeriesQuery(Object.values(seriesWanted)));
  if (query.error !== null && pageError(query.error).code === unknownMetric)
    return (
      <Part title="Figures">
        <Empty title="Each process keeps its own">
          The gateway of a cluster does not have those of the others: Prometheus collects them, and the boards
          of <code>deploy/grafana</code> show them.
        </Empty>
      </Part>
    );
  if (query.error !== null && pageError(query.error).code === notForYou)
    return (
      <Part title="Figures">
        <Empty title="They are of the whole installation">
          What is counted is what is done for all namespaces: a role in the namespace <code>system</code>{" "}
          shows it.
        </Empty>
      </Part>
    );
  return (
    <Part title="Figures" aside="the last five minutes">
      <div className="panels">
        <Shown query={query} what="figures" lines={6}>
          {({ series }) => panels.map((panel) => <Panel key={panel.title} {...panel} series={series} />)}
        </Shown>
      </div>
    </Part>
  );
}

function Panel(options: {
  title: string;
  unit: string;
  of: (series: readonly MetricSeries[]) => readonly Line[];
  tokens: readonly string[];
  series: readonly MetricSeries[];
}) {
  const { title, unit, of, tokens, series } = options;
  const lines = useMemo(() => of(series), [of, series]);
  const { atSec, values } = useMemo(() => aligned(lines), [lines]);
  const styles = lines.map(({ name }, index) => ({
    name,
    token: tokens[index] ?? "--ink",
    dashed: index > 0,
  }));
  return (
    <figure className="panel">
      <figcaption>
        <h3>{title}</h3>
        <p className="panel-figures">
          {lines.map((line, index) => (
            <span key={line.name}>
              <span className="panel-figure" style={{ color: `var(${tokens[index] ?? "--ink"})` }}>
                {figure(latest(line) ?? 0)}
              </span>{" "}
              <span className="soft small">{lines.length > 1 ? line.name : unit}</span>
            </span>
          ))}
          {lines.length > 1 ? <span className="soft small">{unit}</span> : null}
        </p>
      </figcaption>
      <div className="panel-chart" style={{ minHeight: heightPx }}>
        {atSec.length < 2 ? (
          <Empty title="No figures yet" />
        ) : (
          <Suspense>
            <Chart atSec={atSec} values={values} lines={styles} heightPx={heightPx} written={figure} />
          </Suspense>
        )}
      </div>
    </figure>
  );
}
