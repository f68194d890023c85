import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useMemo, useRef, useState } from "react";
import { nowMs } from "../../effects/time.ts";
import { useNow } from "../../effects/use-now.ts";
import { Copy } from "../../elements/copy.tsx";
import { counted, span } from "../../elements/moments.ts";
import { Empty, Loading } from "../../elements/parts.tsx";
import type { SpanFacts, TaskFacts } from "../model/facts.ts";
import { windowOfRows } from "../time/bars.ts";
import { ticks, type Window, windowOf } from "../time/scale.ts";
import { foldedAtFirst, type WaterfallRow, waterfall, withOwnTimes } from "./waterfall.ts";

export interface TraceOptions {
  /** Name of the work: `the run`. */
  readonly title: string;
  readonly spans: readonly SpanFacts[];
  readonly traceId: string;
  /** True if not all spans are loaded. */
  readonly isCut: boolean;
  readonly isLoading: boolean;
  /** The known tasks of the work. A new list after every change of a task. */
  readonly tasks: readonly TaskFacts[];
  readonly createMs: number;
  /** 0 while it continues. */
  readonly endMs: number;
  readonly selected: string;
  /** Ids of the tasks on the critical path. */
  readonly critical: ReadonlySet<string>;
  /** Returns the task that a row opens. Empty if there is none. */
  readonly taskIn: (task: string) => string;
  readonly onTask: (task: string) => void;
}

/** The journal as a trace: the time spent on each span, from the outermost to the innermost. */
export function Trace(options: TraceOptions) {
  const { title, traceId, isLoading, isCut, tasks, createMs, endMs } = options;
  const beatMs = useNow();
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const spans = useMemo(
    () => (isCut ? withOwnTimes(options.spans, tasks) : options.spans),
    [options.spans, tasks, isCut],
  );
  const rows = useMemo(() => {
    const folded = new Set(foldedAtFirst(tasks));
    for (const key of toggled) if (!folded.delete(key)) folded.add(key);
    return waterfall(spans, new Map(tasks.map((task) => [task.id, task])), folded, title);
  }, [spans, tasks, toggled, title]);
  const untilMs = endMs > 0 ? endMs : Math.max(beatMs, nowMs());
  const full = useMemo(() => {
    const parts = rows.map((row) => ({ startMs: row.startMs, endMs: row.endMs }));
    const row = { parts } as unknown as Parameters<typeof windowOfRows>[0][number];
    return windowOf(windowOfRows([row], createMs, untilMs));
  }, [rows, createMs, untilMs]);
  if (rows.length === 0)
    return isLoading ? <Loading label="the trace" lines={8} /> : <Empty title="No spans yet" />;
  return (
    <div className="run-trace">
      <p className="small soft run-trace-id">
        {traceId === "" ? (
          `The caller sent no trace. The spans are from the history of ${title}.`
        ) : (
          <>
            Trace <code>{traceId}</code> <Copy text={traceId} label="the trace id" />
          </>
        )}
        {isCut ? " Some tasks are shown with their own times, without details." : ""}
      </p>
      <Rows
        {...options}
        rows={rows}
        full={full}
        untilMs={untilMs}
        startMs={createMs || full.fromMs}
        onFold={(key) =>
          setToggled((before) => {
            const next = new Set(before);
            if (!next.delete(key)) next.add(key);
            return next;
          })
        }
      />
    </div>
  );
}

interface RowsOptions extends Pick<TraceOptions, "selected" | "critical" | "taskIn" | "onTask"> {
  rows: readonly WaterfallRow[];
  full: Window;
  startMs: number;
  untilMs: number;
  onFold: (key: string) => void;
}

function Rows(options: RowsOptions) {
  const { rows, full, startMs } = options;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 28,
    overscan: 12,
  });
  return (
    <>
      <div className="run-trace-axis" aria-hidden="true">
        {ticks(full, startMs, 6).map(({ ms, text }) => (
          <span key={ms} className="run-tick" style={{ left: `${shareOf(ms, full)}%` }}>
            {text}
          </span>
        ))}
      </div>
      <section
        ref={scroller}
        className="run-trace-rows"
        style={{ height: `min(60dvh, ${virtual.getTotalSize() + 2}px)` }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element
        tabIndex={0}
        aria-label="Spans"
      >
        <ol className="run-lanes" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start, key }) => (
            <SpanBar key={key} {...options} row={rows[index] as WaterfallRow} start={start} />
          ))}
        </ol>
      </section>
    </>
  );
}

function shareOf(ms: number, { fromMs, toMs }: Window): number {
  return ((ms - fromMs) / (toMs - fromMs)) * 100;
}

function SpanBar({
  row,
  start,
  full,
  untilMs,
  selected,
  critical,
  taskIn,
  onTask,
  onFold,
}: RowsOptions & { row: WaterfallRow; start: number }) {
  const isTask = row.kind === "task";
  const task = isTask ? taskIn(row.task) : "";
  const classes = [
    `run-lane run-span kind-${row.kind}`,
    row.isFailed ? "failed" : row.endMs === 0 ? "running" : "",
    task === selected && task !== "" ? "selected" : "",
    isTask && critical.has(row.task) ? "critical" : "",
  ];
  const left = shareOf(row.startMs, full);
  const wide = shareOf(row.endMs || untilMs, full) - left;
  return (
    <li className={classes.join(" ")} style={{ transform: `translateY(${start}px)` }}>
      <span className="run-span-title" style={{ "--depth": row.depth } as CSSProperties}>
        {isTask && row.hasParts ? (
          <button
            type="button"
            className="run-span-fold"
            aria-label={`${row.isFolded ? "Unfold" : "Fold"} ${row.title}`}
            aria-expanded={!row.isFolded}
            onClick={() => onFold(row.key)}
          >
            {row.isFolded ? "▸" : "▾"}
          </button>
        ) : (
          <span className="run-span-fold" />
        )}
        {task !== "" ? (
          <button type="button" className="text-link clipped" onClick={() => onTask(task)}>
            {row.title}
          </button>
        ) : (
          <span className="clipped">{row.title}</span>
        )}
        {row.isFolded ? (
          <span className="small soft run-span-parts">{counted(row.partCount, "part")}</span>
        ) : null}
      </span>
      <span className="run-span-lane">
        <span className="run-span-bar" style={{ left: `${left}%`, width: `max(2px, ${wide}%)` }} />
      </span>
      <span className="run-span-lasting">
        {span(Math.max(0, (row.endMs || untilMs) - row.startMs))}
        {row.endMs === 0 ? " so far" : ""}
        {row.isFailed ? (
          <>
            {" "}
            ✕<span className="run-span-word"> failed</span>
          </>
        ) : null}
        {row.agent === "" ? "" : <span className="unseen"> at {row.agent}</span>}
      </span>
    </li>
  );
}
