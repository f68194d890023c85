import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { colourOf, currentTheme, subscribeTheme } from "../../effects/theme.ts";
import { nowMs } from "../../effects/time.ts";
import { useNow } from "../../effects/use-now.ts";
import { span } from "../../elements/moments.ts";
import { Empty } from "../../elements/parts.tsx";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { useStateColours } from "../graph/cells.tsx";
import { useHistory, useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import type { SpanFacts } from "../model/facts.ts";
import { hasRunEnded } from "../model/task-state.ts";
import { eventAt } from "../past/moments.ts";
import { type Row, rowsOf, spanOfRows } from "./bars.ts";
import { axisHeight, type Colours, paint, rowHeight } from "./paint.ts";
import { msAt, pan, ticks, type Window, windowOf, zoom } from "./scale.ts";

/** When each task waited in the queue, was at work, paused before another attempt: on one line each. */
export function ChartView({
  spans,
  selected,
  critical,
}: {
  spans: readonly SpanFacts[];
  selected: string;
  critical: ReadonlySet<string>;
}) {
  const { store } = useRunHandle();
  const version = useStore(({ table }) => table.version);
  const run = useStore((each) => each.run);
  const beatMs = useNow();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table is one and the same; its version tells
  const rows = useMemo(() => rowsOf(store.table.tasks, spans), [store, version, spans]);
  const isOver = run !== undefined && hasRunEnded(run.state);
  const untilMs = isOver ? run.endMs : Math.max(beatMs, nowMs());
  const whole = useMemo(
    () => windowOf(spanOfRows(rows, run?.createMs ?? 0, untilMs)),
    [rows, run?.createMs, untilMs],
  );
  if (rows.length === 0)
    return (
      <Empty title="Nothing has begun yet">
        <p>As soon as the first task can begin, its line stands here.</p>
      </Empty>
    );
  return <Chart {...{ rows, whole, selected, critical, untilMs }} startMs={run?.createMs ?? whole.fromMs} />;
}

interface ChartOptions {
  rows: readonly Row[];
  whole: Window;
  startMs: number;
  untilMs: number;
  selected: string;
  critical: ReadonlySet<string>;
}

interface View {
  /** Undefined: all there is, also as it grows. */
  readonly window: Window | undefined;
  readonly top: number;
}

function Chart({ rows, whole, startMs, untilMs, selected, critical }: ChartOptions) {
  const go = useGo();
  const { store } = useRunHandle();
  const history = useHistory(false);
  const isNarrow = useIsNarrow();
  const past = useStore((each) => each.past);
  const statesVersion = useStore((each) => each.statesVersion);
  const colours = useColours();
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [view, setView] = useState<View>({ window: undefined, top: 0 });
  const [hovered, setHovered] = useState("");
  const held = useRef<{ x: number; y: number; moved: boolean }>(undefined);
  const gutter = isNarrow ? 110 : 220;
  const window_ = view.window ?? whole;
  const topMax = Math.max(0, rows.length * rowHeight + axisHeight + 8 - size.height);
  const top = Math.min(view.top, topMax);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const resized = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: states are the same list for ever, their version tells
  useEffect(() => {
    const surface = canvas.current?.getContext("2d");
    if (surface === null || surface === undefined || size.width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    surface.setTransform(ratio, 0, 0, ratio, 0, 0);
    const marks = ticks(window_, startMs, Math.max(3, Math.floor((size.width - gutter) / 110)));
    paint(
      surface,
      {
        ...{ rows, window: window_, ticks: marks, top, gutter, selected, hovered, critical, nowMs: untilMs },
        ...{ width: size.width, height: size.height, atMs: past === undefined ? undefined : past.atMs },
      },
      { ...colours.fixed, ofTask: (at) => colours.states[store.stateAt(at)] ?? "" },
    );
  }, [
    rows,
    window_,
    size,
    top,
    gutter,
    selected,
    hovered,
    critical,
    untilMs,
    past,
    statesVersion,
    colours,
    startMs,
  ]);
  const wheel = useRef<(event: WheelEvent) => void>(() => {});
  wheel.current = (event) => {
    const isZoom = event.ctrlKey || event.metaKey;
    const isAcross = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (isZoom) {
      event.preventDefault();
      const box = place.current?.getBoundingClientRect();
      const share = Math.min(
        1,
        Math.max(0, (event.clientX - (box?.left ?? 0) - gutter) / (size.width - gutter)),
      );
      setView({ ...view, window: zoomed(window_, Math.exp(event.deltaY * 0.004), share, whole) });
    } else if (isAcross) {
      event.preventDefault();
      moveAcross(event.deltaX || event.deltaY);
    } else if (topMax > 0) {
      const next = Math.min(topMax, Math.max(0, top + event.deltaY));
      if (next !== top) event.preventDefault();
      setView({ ...view, top: next });
    }
  };
  // React listens passively to wheels, and what zooms must keep the page from scrolling.
  useEffect(() => {
    const element = place.current;
    const listen = (event: WheelEvent) => wheel.current(event);
    element?.addEventListener("wheel", listen, { passive: false });
    return () => element?.removeEventListener("wheel", listen);
  }, []);
  const moveAcross = (pixels: number) => {
    const byMs = (pixels / (size.width - gutter)) * (window_.toMs - window_.fromMs);
    setView((before) => ({
      ...before,
      window: view.window === undefined ? undefined : pan(window_, byMs, whole),
    }));
  };
  const rowAt = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const y = event.clientY - box.top;
    return y < axisHeight ? undefined : rows[Math.floor((y - axisHeight + top) / rowHeight)];
  };
  const move = (event: PointerEvent) => {
    const from = held.current;
    if (from === undefined) {
      setHovered(rowAt(event)?.id ?? "");
      return;
    }
    const dx = event.clientX - from.x;
    const dy = event.clientY - from.y;
    if (!from.moved && Math.hypot(dx, dy) < 4) return;
    held.current = { x: event.clientX, y: event.clientY, moved: true };
    moveAcross(-dx);
    setView((before) => ({ ...before, top: Math.min(topMax, Math.max(0, before.top - dy)) }));
  };
  const release = (event: PointerEvent) => {
    const wasMoved = held.current?.moved === true;
    held.current = undefined;
    if (wasMoved) return;
    const row = rowAt(event);
    if (row !== undefined) {
      go({ task: row.id });
      return;
    }
    // On the axis: the run as it was then.
    const box = event.currentTarget.getBoundingClientRect();
    const atMs = msAt(event.clientX - box.left - gutter, window_, size.width - gutter);
    void history.loadTo(store.run?.eventCount ?? 0, new AbortController().signal).then(() => {
      go({ event: Math.max(1, eventAt(history.events, atMs)) });
    });
  };
  const choose = (by: number) => {
    const at = rows.findIndex(({ id }) => id === selected);
    const next = Math.min(rows.length - 1, Math.max(0, at + by));
    go({ task: rows[next]?.id ?? "" });
    const middle = next * rowHeight - (size.height - axisHeight) / 2;
    setView((before) => ({ ...before, top: Math.min(topMax, Math.max(0, middle)) }));
  };
  const press = (event: KeyboardEvent) => {
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => choose(1),
      ArrowUp: () => choose(-1),
      PageDown: () => choose(10),
      PageUp: () => choose(-10),
      ArrowLeft: () => moveAcross(-80),
      ArrowRight: () => moveAcross(80),
      "+": () => setView({ ...view, window: zoomed(window_, 0.6, 0.5, whole) }),
      "-": () => setView({ ...view, window: zoomed(window_, 1.7, 0.5, whole) }),
      "0": () => setView({ ...view, window: undefined }),
    };
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const ratio = window.devicePixelRatio || 1;
  const about = rows.find(({ id }) => id === (hovered || selected));
  return (
    <div className="run-chart">
      <div className="run-chart-bar">
        <Legend />
        <span className="run-zoom">
          <button
            type="button"
            className="press quiet"
            onClick={() => setView({ ...view, window: zoomed(window_, 0.6, 0.5, whole) })}
          >
            <span aria-hidden="true">+</span>
            <span className="unseen">Zoom in</span>
          </button>
          <button
            type="button"
            className="press quiet"
            onClick={() => setView({ ...view, window: zoomed(window_, 1.7, 0.5, whole) })}
          >
            <span aria-hidden="true">–</span>
            <span className="unseen">Zoom out</span>
          </button>
          <button
            type="button"
            className="press quiet"
            onClick={() => setView({ ...view, window: undefined })}
          >
            All
          </button>
        </span>
      </div>
      <div
        ref={place}
        className="run-chart-area"
        role="application"
        aria-label={`Chart of ${rows.length} tasks over time. Arrow up and down choose a task, plus and minus zoom, arrow left and right move.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application has keys of its own
        tabIndex={0}
        style={{ height: `min(70dvh, ${Math.max(8, rows.length + 1) * rowHeight + axisHeight}px)` }}
        onPointerDown={(event) => {
          held.current = { x: event.clientX, y: event.clientY, moved: false };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={move}
        onPointerUp={release}
        onPointerLeave={() => setHovered("")}
        onKeyDown={press}
      >
        <canvas
          ref={canvas}
          width={Math.max(1, size.width * ratio)}
          height={Math.max(1, size.height * ratio)}
          style={{ width: size.width, height: size.height }}
        />
      </div>
      <p className="run-chart-words small" aria-live="polite">
        {about === undefined ? "" : wordsOfRow(about, untilMs)}
      </p>
    </div>
  );
}

function zoomed(window: Window, factor: number, share: number, whole: Window): Window | undefined {
  const next = zoom(window, factor, share, whole);
  return next.toMs - next.fromMs >= whole.toMs - whole.fromMs ? undefined : next;
}

const partWords = {
  queue: "in the queue",
  attempt: "at work",
  backoff: "pausing between attempts",
  wait: "waiting",
  compensation: "being undone",
} as const;

function wordsOfRow({ id, parts }: Row, untilMs: number): string {
  const spent = new Map<keyof typeof partWords, number>();
  for (const { kind, startMs, endMs } of parts)
    spent.set(kind, (spent.get(kind) ?? 0) + Math.max(0, (endMs || untilMs) - startMs));
  return `${id}: ${[...spent].map(([kind, ms]) => `${span(ms)} ${partWords[kind]}`).join(", ")}`;
}

function Legend() {
  return (
    <ul className="run-legend">
      {(["queue", "attempt", "backoff", "wait", "compensation"] as const).map((kind) => (
        <li key={kind} className={`run-legend-${kind}`}>
          <span className="run-swatch" aria-hidden="true" />
          {partWords[kind]}
        </li>
      ))}
      <li className="run-legend-critical">
        <span className="run-swatch" aria-hidden="true" />
        the path that takes longest
      </li>
    </ul>
  );
}

function useColours(): { readonly fixed: Omit<Colours, "ofTask">; readonly states: readonly string[] } {
  const states = useStateColours();
  const theme = useSyncExternalStore(subscribeTheme, () => `${currentTheme()} ${colourOf("--ink")}`);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours follow the theme
  return useMemo(
    () => ({
      states,
      fixed: {
        ...{
          ink: colourOf("--ink"),
          soft: colourOf("--ink-soft"),
          rule: colourOf("--rule"),
          mark: colourOf("--blue"),
        },
        failed: colourOf("--wrong"),
        font: `12.5px ${getComputedStyle(document.body).fontFamily}`,
        part: {
          attempt: colourOf("--playing"),
          queue: colourOf("--rest"),
          backoff: colourOf("--again"),
          wait: colourOf("--held"),
          compensation: colourOf("--back"),
        },
      },
    }),
    [theme, states],
  );
}
