import { useQuery } from "@tanstack/react-query";
import { useNow } from "../../effects/use-now.ts";
import type { SpanFacts, TaskFacts } from "../model/facts.ts";
import "../run.css";
import { readTimeline } from "../time/read-timeline.ts";
import { Trace } from "./trace.tsx";

interface WorkTraceOptions {
  kind: "missions" | "sessions";
  id: string;
  title: string;
  /** Number of its events. */
  events: number;
  createMs: number;
  /** 0 while it continues. */
  endMs: number;
  /** The open task. Empty for none. */
  open: string;
  taskIn: (task: string) => string;
  onOpen: (task: string) => void;
}

/** Polling interval while the work continues. */
const everySeconds = 2;

/** The trace of a mission or session, including the traces of its child work. */
export default function WorkTrace(options: WorkTraceOptions) {
  const { kind, id, title, events, createMs, endMs, open, taskIn, onOpen } = options;
  const beatMs = useNow();
  const stamp = endMs > 0 ? events : Math.floor(beatMs / 1_000 / everySeconds);
  const { data, isLoading } = useQuery({
    queryKey: [kind, id, "timeline", stamp],
    queryFn: ({ signal }) => readTimeline(kind, id, signal),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
  return (
    <Trace
      title={title}
      isLoading={isLoading}
      createMs={createMs}
      endMs={endMs}
      taskIn={taskIn}
      tasks={noTasks}
      critical={noneCritical}
      spans={data?.spans ?? noSpans}
      traceId={data?.traceId ?? ""}
      isCut={data?.isCut ?? false}
      selected={open}
      onTask={onOpen}
    />
  );
}

const noSpans: readonly SpanFacts[] = [];
const noTasks: readonly TaskFacts[] = [];
const noneCritical: ReadonlySet<string> = new Set();
