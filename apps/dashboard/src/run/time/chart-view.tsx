import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { colourOf } from "../../effects/theme.ts";
import { nowMs } from "../../effects/time.ts";
import { useNow } from "../../effects/use-now.ts";
import { counted, span } from "../../elements/moments.ts";
import { Empty } from "../../elements/parts.tsx";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { useHistory, useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import type { SpanFacts } from "../model/facts.ts";
import { hasRunEnded } from "../model/task-state.ts";
import { eventAt } from "../past/moments.ts";
import { useThemeStamp } from "../use-colours.ts";
import { type Row, rowsOf, windowOfRows } from "./bars.ts";
import { axisHeight, type Colours, paint, rowHeight, type Scene } from "./paint.ts";
import { ticks, type Window, windowOf } from "./scale.ts";
import { chartKeys, type Sight, type Size, usePointing, useSight, useSize, useWheel } from "./use-chart.ts";

interface ViewOptions {
  spans: readonly SpanFacts[];
  selected: string;
  critical: ReadonlySet<string>;
}

/** A line per task with the times in which it waited in the queue, was running, or paused before another attempt. */
export function ChartView({ spans, selected, critical }: ViewOptions) {
  const { store } = useRunHandle();
  const version = useStore(({ table }) => table.version);
  const run = useStore((each) => each.run);
  const beatMs = useNow();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table stays the same, its version changes
  const rows = useMemo(() => rowsOf(store.table.tasks, spans), [store, version, spans]);
  const isOver = run !== undefined && hasRunEnded(run.state);
  const untilMs = isOver ? run.endMs : Math.max(beatMs, nowMs());
  const startMs = run?.createMs ?? 0;
  const full = useMemo(() => windowOf(windowOfRows(rows, startMs, untilMs)), [rows, startMs, untilMs]);
  if (rows.length === 0)
    return (
      <Empty title="No tasks started yet.">
        <p>The first task appears when it is ready.</p>
      </Empty>
    );
  return (
    <Chart
      rows={rows}
      full={full}
      selected={selected}
      critical={critical}
      untilMs={untilMs}
      startMs={startMs || full.fromMs}
    />
  );
}

interface ChartOptions {
  rows: readonly Row[];
  full: Window;
  startMs: number;
  untilMs: number;
  selected: string;
  critical: ReadonlySet<string>;
}

function Chart({ rows, full, startMs, untilMs, selected, critical }: ChartOptions) {
  const go = useGo();
  const gutter = useIsNarrow() ? 110 : 220;
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(place);
  const sight = useSight({ rows, full, size, gutter });
  const [hovered, setHovered] = useState("");
  const onMoment = useOnMoment();
  const onRow = ({ id }: Row) => go({ task: id });
  const pointing = usePointing({ rows, sight, size, gutter, onRow, onMoment, onHover: setHovered });
  useWheel(place, sight, { size, gutter });
  usePainting(canvas, { rows, size, sight, gutter, selected, hovered, critical, startMs, nowMs: untilMs });
  const ratio = window.devicePixelRatio || 1;
  const about = rows.find(({ id }) => id === (hovered || selected));
  return (
    <div className="run-chart">
      <div className="run-chart-bar">
        <Legend />
        <Zoom sight={sight} />
      </div>
      <div
        ref={place}
        className="run-chart-area"
        role="application"
        aria-label={`Chart of ${counted(rows.length, "task")} over time. Arrow up and down choose a task, plus and minus zoom, arrow left and right move.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application handles its own keys
        tabIndex={0}
        style={{ height: `min(70dvh, ${Math.max(6, rows.length + 1) * rowHeight + axisHeight}px)` }}
        {...pointing}
        onKeyDown={chartKeys({ rows, sight, selected, onRow })}
      >
        <canvas
          ref={canvas}
          width={Math.max(1, size.width * ratio)}
          height={Math.max(1, size.height * ratio)}
          style={{ width: size.width, height: size.height }}
        />
      </div>
      <p className="run-chart-words small" aria-live="polite">
        {about === undefined ? "" : rowText(about, untilMs)}
      </p>
    </div>
  );
}

/** Returns a function that shows the run at a time on the axis. */
function useOnMoment(): (atMs: number) => void {
  const go = useGo();
  const { store } = useRunHandle();
  const history = useHistory(0);
  return (atMs) => {
    const loading = history.loadTo(store.run?.eventCount ?? 0);
    void loading.then(() => go({ event: Math.max(1, eventAt(history.events, atMs)) }));
  };
}

interface PaintingOptions extends Omit<Scene, "window" | "ticks" | "width" | "height" | "top" | "atMs"> {
  readonly size: Size;
  readonly sight: Sight;
  readonly startMs: number;
}

function usePainting(canvas: RefObject<HTMLCanvasElement | null>, options: PaintingOptions): void {
  const { rows, size, sight, gutter, selected, hovered, critical, startMs, nowMs: untilMs } = options;
  const { window: visible, top } = sight;
  const past = useStore((store) => store.past);
  const colours = useColours();
  useEffect(() => {
    const surface = canvas.current?.getContext("2d");
    if (surface === null || surface === undefined || size.width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    surface.setTransform(ratio, 0, 0, ratio, 0, 0);
    const marks = ticks(visible, startMs, Math.max(3, Math.floor((size.width - gutter) / 110)));
    const scene: Scene = {
      rows,
      window: visible,
      ticks: marks,
      top,
      gutter,
      selected,
      hovered,
      critical,
      nowMs: untilMs,
      width: size.width,
      height: size.height,
      atMs: past?.atMs || undefined,
    };
    paint(surface, scene, colours);
  }, [
    canvas,
    rows,
    visible,
    size,
    top,
    gutter,
    selected,
    hovered,
    critical,
    untilMs,
    past,
    colours,
    startMs,
  ]);
}

function Zoom({ sight }: { sight: Sight }) {
  return (
    <span className="run-zoom">
      <button type="button" className="press quiet" onClick={() => sight.zoomBy(0.6)}>
        <span aria-hidden="true">+</span>
        <span className="unseen">Zoom in</span>
      </button>
      <button type="button" className="press quiet" onClick={() => sight.zoomBy(1.7)}>
        <span aria-hidden="true">–</span>
        <span className="unseen">Zoom out</span>
      </button>
      <button type="button" className="press quiet" onClick={sight.all}>
        All
      </button>
    </span>
  );
}

const partLabels = {
  queue: "queued",
  attempt: "running",
  backoff: "backoff",
  wait: "waiting",
  compensation: "compensating",
} as const;

/** Colours of the bars. The colour of an attempt shows its result. */
const legend = [
  ["queue", partLabels.queue],
  ["attempt", partLabels.attempt],
  ["completed", "completed"],
  ["failed", "failed"],
  ["backoff", partLabels.backoff],
  ["wait", partLabels.wait],
  ["compensation", partLabels.compensation],
  ["critical", "critical path"],
] as const;

function rowText({ id, parts }: Row, untilMs: number): string {
  const spent = new Map<keyof typeof partLabels, number>();
  for (const { kind, startMs, endMs } of parts)
    spent.set(kind, (spent.get(kind) ?? 0) + Math.max(0, (endMs || untilMs) - startMs));
  return `${id}: ${[...spent].map(([kind, ms]) => `${span(ms)} ${partLabels[kind]}`).join(", ")}`;
}

function Legend() {
  return (
    <ul className="run-legend">
      {legend.map(([kind, label]) => (
        <li key={kind} className={`run-legend-${kind}`}>
          <span className="run-swatch" aria-hidden="true" />
          {label}
        </li>
      ))}
    </ul>
  );
}

function useColours(): Colours {
  const theme = useThemeStamp();
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours follow the theme
  return useMemo(
    () => ({
      ink: colourOf("--ink"),
      soft: colourOf("--ink-soft"),
      rule: colourOf("--rule"),
      mark: colourOf("--blue"),
      done: colourOf("--done"),
      failed: colourOf("--wrong"),
      veil: colourOf("--sheet"),
      font: `12.5px ${getComputedStyle(document.body).fontFamily}`,
      part: {
        attempt: colourOf("--playing"),
        queue: colourOf("--rest"),
        backoff: colourOf("--again"),
        wait: colourOf("--held"),
        compensation: colourOf("--back"),
      },
    }),
    [theme],
  );
}
