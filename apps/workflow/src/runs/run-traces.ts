import type { EndedWork, WorkTraces } from "@tutti/host/serving";
import type { InstanceKey } from "@tutti/kernel";
import { showRun } from "@tutti/machine-run";
import type { RuntimeOfService } from "@tutti/runtime";
import type { TaskDependencies } from "../api/tasks/dependencies.ts";

/** Exports ended runs as spans. */
export function traceRuns(
  traces: WorkTraces,
  runtime: Parameters<WorkTraces["connect"]>[0]["runtime"] & Pick<RuntimeOfService, "query">,
  tasks: Pick<TaskDependencies["tasks"], "getTimeline">,
): void {
  traces.connect({
    runtime,
    endOf: (key) => endOfRun(runtime, key),
    timelineOf: ({ namespace, id: runId }, token, trace) =>
      tasks.getTimeline({ namespace, runId, childDepth: 1, page: { token, size: 0 } }, { trace }),
  });
}

/** Returns the facts of an ended run for its trace. */
async function endOfRun(runtime: Pick<RuntimeOfService, "query">, key: InstanceKey): Promise<EndedWork> {
  const reply = await runtime.query({ key, query: showRun, body: { withPayloads: false } });
  if (!("spec" in reply)) return { definition: "", outcome: undefined };
  const { spec, outcome } = reply;
  const definition = spec?.what?.$case === "definition" ? spec.what.value.name : "";
  return { definition, outcome };
}
