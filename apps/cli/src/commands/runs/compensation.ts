/** Finds the completed tasks that a cancellation compensates. */
import { counted } from "@tutti/kernel";
import type { Run } from "@tutti/rest/types";
import type { Server } from "../../server/calls.ts";

const tasksMax = 500;
const namedMax = 5;

/** Describes a cancellation in a sentence. Undefined for a run that is ending or has ended. */
export async function compensationText(
  server: Pick<Server, "call" | "namespace">,
  run: Run,
): Promise<string | undefined> {
  if (!["pending", "running", "paused"].includes(run.status)) return undefined;
  const { compensated, hasFunction } = await compensatedTasks(server, run);
  const byCode = hasFunction ? "The code of its function undoes what it registered." : "";
  if (compensated.size === 0)
    return byCode || "No task has a compensation: the effects of completed tasks stay.";
  const { tasks, nextToken = "" } = await server.call("tasks.list", {
    params: { id: run.runId },
    query: { ...server.namespace, status: "completed", size: tasksMax },
  });
  const completed = tasks
    .filter(({ taskId }) => compensated.has(planned(taskId)))
    .sort((one, other) => (other.endTimeMs ?? 0) - (one.endTimeMs ?? 0))
    .map(({ taskId }) => taskId);
  const text = textOf(completed, nextToken !== "");
  return byCode === "" ? text : `${text} ${byCode}`;
}

export function textOf(completed: readonly string[], areMore: boolean): string {
  if (completed.length === 0 && !areMore) return "No completed task has a compensation.";
  const named = completed.slice(0, namedMax).join(", ");
  const rest = completed.length > namedMax ? `, and ${completed.length - namedMax} more` : "";
  const order = completed.length > 1 ? ", the last one first" : "";
  return `Compensates ${areMore ? "at least " : ""}${counted(completed.length, "completed task")}${order}: ${named}${rest}.`;
}

/** Returns ids of tasks with a compensation, from the definition of the run or from its own list of tasks. */
async function compensatedTasks(
  server: Pick<Server, "call" | "namespace">,
  { spec, definitionHash = "" }: Run,
): Promise<{ readonly compensated: ReadonlySet<string>; readonly hasFunction: boolean }> {
  const own = spec?.tasks?.tasks.filter(({ compensate }) => compensate !== undefined).map(({ id }) => id);
  const name = spec?.definition?.name;
  if (name === undefined) return { compensated: new Set(own), hasFunction: false };
  const { nodes } = await server.call("workflows.graph", {
    params: { name },
    query: { ...server.namespace, ...(definitionHash === "" ? {} : { hash: definitionHash }) },
  });
  return {
    compensated: new Set(nodes.flatMap(({ taskId = "", compensated }) => (compensated ? [taskId] : []))),
    hasFunction: nodes.some(({ kind }) => kind === "function"),
  };
}

/** Returns the task of the definition for an entry or a round: `ship` for `ship[3]`, `grow.add` for `grow#2.add`. */
export function planned(taskId: string): string {
  return taskId.replaceAll(/\[\d+\]|#\d+/g, "");
}
