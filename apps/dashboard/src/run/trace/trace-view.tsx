import { useMemo } from "react";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import { hasRunEnded } from "../model/task-state.ts";
import type { Timeline } from "../time/use-timeline.ts";
import { Trace } from "./trace.tsx";

/** The trace of the run that is shown. */
export function TraceView({ timeline, selected }: { timeline: Timeline; selected: string }) {
  const { store } = useRunHandle();
  const go = useGo();
  const version = useStore(({ table }) => table.version);
  const run = useStore((each) => each.run);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table is one and the same; its version tells
  const tasks = useMemo(() => [...store.table.tasks], [store, version]);
  return (
    <Trace
      {...timeline}
      {...{ title: "the run", tasks, selected }}
      createMs={run?.createMs ?? 0}
      endMs={run !== undefined && hasRunEnded(run.state) ? run.endMs : 0}
      taskIn={(task) => (store.table.places.has(task) ? task : "")}
      onTask={(task) => go({ task })}
    />
  );
}
