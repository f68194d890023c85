import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useMemo, useRef, useState } from "react";
import { nowMs } from "../../effects/time.ts";
import { useNow } from "../../effects/use-now.ts";
import { Copy } from "../../elements/copy.tsx";
import { span } from "../../elements/moments.ts";
import { Empty, Waiting } from "../../elements/parts.tsx";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import { hasRunEnded } from "../model/task-state.ts";
import { spanOfRows } from "../time/bars.ts";
import { ticks, type Window, windowOf } from "../time/scale.ts";
import type { Timeline } from "../time/use-timeline.ts";
import { foldedAtFirst, type WaterfallRow, waterfall } from "./waterfall.ts";

/** The journal as a trace: what the time was spent on, from the outermost inwards. */
export function TraceView({ timeline, selected }: { timeline: Timeline; selected: string }) {
  const { store } = useRunHandle();
  const go = useGo();
  const version = useStore(({ table }) => table.version);
  const run = useStore((each) => each.run);
  const beatMs = useNow();
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table is one and the same; its version tells
  const rows = useMemo(() => {
    const { tasks } = store.table;
    const folded = new Set(foldedAtFirst(tasks));
    for (const key of toggled) if (!folded.delete(key)) folded.add(key);
    return waterfall(timeline.spans, new Map(tasks.map((task) => [task.id, task])), folded);
  }, [timeline.spans, store, version, toggled]);
  const untilMs = run !== undefined && hasRunEnded(run.state) ? run.endMs : Math.max(beatMs, nowMs());
  const whole = useMemo(() => {
    const parts = rows.map(({ startMs, endMs }) => ({ startMs, endMs }));
    const row = { parts } as unknown as Parameters<typeof spanOfRows>[0][number];
    return windowOf(spanOfRows([row], run?.createMs ?? 0, untilMs));
  }, [rows, run?.createMs, untilMs]);
  if (rows.length === 0)
    return timeline.isLoading ? (
      <Waiting what="the trace" lines={8} />
    ) : (
      <Empty title="The journal has no spans yet" />
    );
  return (
    <div className="run-trace">
      <p className="small soft run-trace-id">
        {timeline.traceId === "" ? (
          "Made from the journal of the run; whoever started it was not traced."
        ) : (
          <>
            Trace <code>{timeline.traceId}</code> <Copy text={timeline.traceId} what="the id of the trace" />
          </>
        )}
      </p>
      <Rows
        {...{ rows, whole, untilMs, selected }}
        startMs={run?.createMs ?? whole.fromMs}
        critical={timeline.critical}
        onTask={(task) => go({ task })}
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

interface RowsOptions {
  rows: readonly WaterfallRow[];
  whole: Window;
  startMs: number;
  untilMs: number;
  selected: string;
  critical: ReadonlySet<string>;
  onTask: (task: string) => void;
  onFold: (key: string) => void;
}

function Rows(options: RowsOptions) {
  const { rows, whole, startMs } = options;
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
        {ticks(whole, startMs, 6).map(({ ms, text }) => (
          <span key={ms} className="run-tick" style={{ left: `${shareOf(ms, whole)}%` }}>
            {text}
          </span>
        ))}
      </div>
      <section
        ref={scroller}
        className="run-trace-rows"
        style={{ height: `min(60dvh, ${virtual.getTotalSize() + 2}px)` }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever scrolls with keys must reach what scrolls
        tabIndex={0}
        aria-label="Spans"
      >
        <ol className="run-lanes" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start, key }) => (
            <Span key={key} {...options} row={rows[index] as WaterfallRow} start={start} />
          ))}
        </ol>
      </section>
    </>
  );
}

function shareOf(ms: number, { fromMs, toMs }: Window): number {
  return ((ms - fromMs) / (toMs - fromMs)) * 100;
}

function Span({
  row,
  start,
  whole,
  untilMs,
  selected,
  critical,
  onTask,
  onFold,
}: RowsOptions & { row: WaterfallRow; start: number }) {
  const { store } = useRunHandle();
  const isTask = row.kind === "task";
  const classes = [
    `run-lane run-span kind-${row.kind}`,
    row.isFailed ? "failed" : "",
    row.task === selected && row.task !== "" ? "selected" : "",
    isTask && critical.has(row.task) ? "critical" : "",
  ];
  const left = shareOf(row.startMs, whole);
  const wide = shareOf(row.endMs || untilMs, whole) - left;
  return (
    <li className={classes.join(" ")} style={{ transform: `translateY(${start}px)` }}>
      <span className="run-span-title" style={{ "--depth": row.depth } as CSSProperties}>
        {isTask && row.hasParts ? (
          <button
            type="button"
            className="run-span-fold"
            aria-label={`Fold or unfold ${row.title}`}
            onClick={() => onFold(row.key)}
          >
            ▾
          </button>
        ) : (
          <span className="run-span-fold" />
        )}
        {isTask && store.table.places.has(row.task) ? (
          <button type="button" className="text-link clipped" onClick={() => onTask(row.task)}>
            {row.title}
          </button>
        ) : (
          <span className="clipped">{row.title}</span>
        )}
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
