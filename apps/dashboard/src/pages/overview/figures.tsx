import { useQuery } from "@tanstack/react-query";
import { processName } from "@tutti/rest/text";
import type { MetricSeries } from "@tutti/rest/types";
import { lazy, Suspense, useMemo } from "react";
import { metricProcessesQuery, metricSeriesQuery } from "../../data/queries.ts";
import { pageError } from "../../data/send.ts";
import { counted, figure } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import {
  aligned,
  bySilence,
  failures,
  figureMetrics,
  type Line,
  latency,
  latest,
  throughput,
} from "./series.ts";

const Chart = lazy(() => import("../../elements/chart.tsx"));

const heightPx = 132;

const panels = [
  { title: "Throughput", unit: "tasks/s", of: throughput, tokens: ["--playing"] },
  { title: "Latency", unit: "ms, slowest method", of: latency, tokens: ["--done", "--held"] },
  { title: "Failures", unit: "failed calls/s", of: failures, tokens: ["--wrong"] },
] as const;

/** The code if no process declares the metric, because the process with the pools does not answer. */
const unknownMetric = "metrics.unknown";

const notForYou = "mesh.denied";

/** Throughput, latency and failures, from the metrics that each process keeps. */
export function Figures() {
  const query = useQuery(metricSeriesQuery(Object.values(figureMetrics)));
  const code = query.error === null ? "" : pageError(query.error).code;
  if (code === notForYou)
    return (
      <Part title="Metrics">
        <Empty title="Metrics of the whole installation">
          Metrics cover all namespaces. Ask for a role in the namespace <code>system</code> that permits them.
        </Empty>
      </Part>
    );
  return (
    <Part title="Metrics" aside="last 5 minutes">
      {code === unknownMetric ? (
        <Empty title="No metrics yet">The processes that run tasks do not answer.</Empty>
      ) : (
        <div className="panels">
          <QueryView query={query} label="metrics" lines={6}>
            {({ series }) => panels.map((panel) => <Panel key={panel.title} {...panel} series={series} />)}
          </QueryView>
        </div>
      )}
      <Processes />
    </Part>
  );
}

/** The processes with these metrics. A process that does not answer is listed with the reason. */
function Processes() {
  const { data: processes = [] } = useQuery(metricProcessesQuery());
  if (processes.length === 0) return null;
  const { answering, silent } = bySilence(processes);
  return (
    <div className="panel-processes small soft">
      <p>
        Sum of {counted(answering.length, "process", "processes")}:{" "}
        {answering.map(processName).join(", ") || "none"}
      </p>
      {silent.map(({ name, problem }) => (
        <p key={name} className="tone-wrong">
          <span className="worker-failed">
            No metrics of {processName(name)}: {problem}
          </span>
        </p>
      ))}
    </div>
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
          <Empty title="No data yet" />
        ) : (
          <Suspense>
            <Chart atSec={atSec} values={values} lines={styles} heightPx={heightPx} written={figure} />
          </Suspense>
        )}
      </div>
    </figure>
  );
}
