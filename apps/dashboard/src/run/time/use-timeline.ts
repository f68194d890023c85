import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { useNow } from "../../effects/use-now.ts";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { criticalPath } from "../model/critical-path.ts";
import type { SpanFacts } from "../model/facts.ts";
import { readTimeline } from "./read-timeline.ts";

export interface Timeline {
  readonly spans: readonly SpanFacts[];
  /** Ids of the tasks on the path that takes longest. */
  readonly critical: ReadonlySet<string>;
  readonly traceId: string;
  /** Not all spans are loaded. */
  readonly isCut: boolean;
  readonly isLoading: boolean;
}

/** Seconds between two loads of the spans of a running run: more for large runs. */
const beats = { few: 2, many: 15 };
const manyTasks = 500;

/** The timeline of a run. Spans are loaded if they are shown. The critical path needs the tasks alone. */
export function useTimeline(isVisible: boolean): Timeline {
  const { runId, store } = useRunHandle();
  const version = useStore(({ table }) => table.version);
  const events = useStore(({ run }) => run?.eventCount ?? 0);
  const isOver = useStore(({ streamStatus }) => streamStatus === "ended");
  const beatMs = useNow();
  const every = store.table.size > manyTasks ? beats.many : beats.few;
  const stamp = isOver ? events : Math.floor(beatMs / 1_000 / every);
  const query = useQuery({
    queryKey: ["run", runId, "timeline", stamp],
    queryFn: ({ signal }) => readTimeline("runs", runId, signal),
    enabled: isVisible && events > 0,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table stays the same, its version changes
  const found = useMemo(
    () => criticalPath(store.table.tasks, store.needs, beatMs),
    [store, version, isOver ? 0 : beatMs],
  );
  const critical = useSame(found);
  const { data } = query;
  return {
    spans: data?.spans ?? noSpans,
    critical,
    traceId: data?.traceId ?? "",
    isCut: data?.isCut ?? false,
    isLoading: query.isLoading,
  };
}

/** Returns the set before while the new one has the same members, so that its drawing stays as it is. */
function useSame(found: ReadonlySet<string>): ReadonlySet<string> {
  const before = useRef(found);
  const isSame = before.current.size === found.size && [...found].every((id) => before.current.has(id));
  if (!isSame) before.current = found;
  return before.current;
}

const noSpans: readonly SpanFacts[] = [];
