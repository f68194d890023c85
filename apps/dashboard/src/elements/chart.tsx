import { useEffect, useRef, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { coloursOf, paintedTheme, subscribeTheme } from "../effects/theme.ts";

export interface ChartLine {
  readonly name: string;
  /** Name of its colour token. */
  readonly token: string;
  readonly dashed?: boolean;
}

/** Lines over time. A table of the same numbers serves users who cannot see the chart. */
export default function Chart(options: {
  atSec: readonly number[];
  values: readonly (readonly (number | undefined)[])[];
  lines: readonly ChartLine[];
  heightPx: number;
  written: (value: number) => string;
}) {
  const { atSec, values, lines, heightPx, written } = options;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const theme = useSyncExternalStore(subscribeTheme, paintedTheme);
  const shape = lines.map(({ name, token }) => `${name} ${token}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the plot is rebuilt when its appearance changes
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const created = new uPlot(
      { ...plotOptions(lines, written), width: element.clientWidth || 300, height: heightPx },
      [[], ...lines.map(() => [])],
      element,
    );
    plot.current = created;
    const resized = new ResizeObserver(() =>
      created.setSize({ width: element.clientWidth, height: heightPx }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      created.destroy();
    };
  }, [theme, shape, heightPx]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a rebuilt plot needs its values
  useEffect(() => {
    plot.current?.setData([[...atSec], ...values.map((line) => line.map((value) => value ?? null))]);
  }, [atSec, values, theme, shape]);
  return <div ref={place} className="chart" style={{ height: heightPx }} aria-hidden="true" />;
}

const hours = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const days = new Intl.DateTimeFormat(undefined, {
  ...({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const),
});
const daySec = 86_400;

/** Formats times. Includes the day if the chart covers more than one day. */
function momentsOf(splits: readonly number[]): string[] {
  const isLong = (splits.at(-1) ?? 0) - (splits[0] ?? 0) >= daySec;
  return splits.map((atSec) => (isLong ? days : hours).format(atSec * 1_000));
}

function plotOptions(
  lines: readonly ChartLine[],
  written: (value: number) => string,
): Omit<uPlot.Options, "width" | "height"> {
  const [faint = "", rule = "", ...strokes] = coloursOf([
    "--ink-faint",
    "--rule",
    ...lines.map(({ token }) => token),
  ]);
  const axis = {
    stroke: faint,
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: rule, width: 1 },
    ticks: { show: false },
  };
  return {
    legend: { show: false },
    cursor: { points: { size: 6 }, y: false, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.15 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 90, size: 28, values: (_, splits) => momentsOf(splits) },
      { ...axis, size: 66, space: 26, values: (_, splits) => splits.map(written) },
    ],
    series: [
      {},
      ...lines.map(({ name, dashed }, index) => ({
        label: name,
        stroke: strokes[index] ?? faint,
        width: 1.75,
        spanGaps: false,
        points: { show: false },
        ...(dashed === true ? { dash: [5, 4] } : {}),
      })),
    ],
  };
}
