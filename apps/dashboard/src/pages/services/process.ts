/** Processes of the installation: which components are shown at first, and what each process uses. */
import type { Component, MetricSeries, ProcessComponents } from "@tutti/rest/types";
import { bytes, figure, percent, span } from "../../elements/moments.ts";

/** Resource use of a process, by the metric that it is read from. */
export const uses = [
  {
    word: "CPU",
    metric: "process_cpu_seconds_total",
    figure: "rate",
    written: (value: number) => `${percent(value)} of a core`,
  },
  { word: "memory", metric: "process_resident_memory_bytes", figure: "value", written: bytes },
  {
    word: "event-loop delay, p99",
    metric: "nodejs_eventloop_lag_p99_seconds",
    figure: "value",
    written: (value: number) => span(value * 1_000),
  },
  {
    word: "received",
    metric: "process_network_receive_bytes_total",
    figure: "rate",
    written: (value: number) => `${bytes(Math.round(value))}/s`,
  },
  {
    word: "sent",
    metric: "process_network_transmit_bytes_total",
    figure: "rate",
    written: (value: number) => `${bytes(Math.round(value))}/s`,
  },
] as const;

export const usedMetrics = uses.map(({ metric }) => metric);

type Use = (typeof uses)[number];
type Known = Pick<ProcessComponents, "services" | "address" | "problem">;

/** The label `process` of its metrics. */
export function metricNameOf({ services, address = "" }: Known): string {
  return [services.join("+"), address].filter(Boolean).join(" ");
}

/** The series of one figure that is of a process. Series of an installation with one process have no label. */
export function seriesOf(
  process: Known,
  series: readonly MetricSeries[],
  use: Pick<Use, "metric" | "figure">,
): MetricSeries | undefined {
  const { address = "", problem = "" } = process;
  return series.find(({ name, figure: statistic, labels }) => {
    if (name !== use.metric || statistic !== use.figure) return false;
    const { process: label } = labels;
    if (label === undefined) return problem === "";
    return label === metricNameOf(process) || (address !== "" && label.endsWith(` ${address}`));
  });
}

/** The latest value in words. */
export function writtenUse({ points }: Pick<MetricSeries, "points">, { written }: Use): string {
  const latest = points.at(-1);
  return latest === undefined || !Number.isFinite(latest.value) ? "–" : written(latest.value);
}

/** Values as a line in a box of `width` by `height`, from 0 up. Empty if there are fewer than two. */
export function lineOf(points: MetricSeries["points"], width: number, height: number): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || last.timeMs <= first.timeMs) return "";
  const most = Math.max(...points.map(({ value }) => value)) || 1;
  const x = (timeMs: number) => ((timeMs - first.timeMs) / (last.timeMs - first.timeMs)) * width;
  const y = (value: number) => height - (Math.max(0, value) / most) * height;
  return points.map(({ timeMs, value }) => `${figure(x(timeMs))},${figure(y(value))}`).join(" ");
}

const hasTrouble = ({ state, failures = 0 }: Component) => state !== "ready" || failures > 0;

/** The process, its services, each component that is not ready or has failed before, and what those are part of. */
export function shortTree({ services, components }: ProcessComponents): readonly Component[] {
  const troubled = components.filter(hasTrouble).map(({ path = "" }) => path);
  return components.filter(({ path = "", name, depth = 0 }) => {
    if (depth === 0 || (depth === 1 && services.includes(name))) return true;
    return troubled.some((troubledPath) => troubledPath === path || troubledPath.startsWith(`${path}.`));
  });
}

/** The process as a whole. Undefined if it does not answer. */
export const rootOf = ({ components }: ProcessComponents): Component | undefined =>
  components.find(({ depth = 0 }) => depth === 0);

/** The state of a process in one word. */
export const stateOf = (process: ProcessComponents): string => rootOf(process)?.state ?? "no answer";

/** Why it is in its state, or why it failed the last time. */
export function reasonOf({ reason = "", lastError = "" }: Component): string {
  return reason || lastError;
}
