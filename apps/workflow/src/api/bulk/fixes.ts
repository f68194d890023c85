/** Corrects the input of one task in many runs. */
import { type Payload, TaskStatus } from "@tutti/contracts/types/v1";
import { type BulkFix, GetTaskRequest, RepairTaskRequest, type Task } from "@tutti/contracts/workflow/v1";
import { jsonOf } from "@tutti/definitions";
import type { IndexEntry } from "@tutti/journal";
import { errorFromUnknown, jsonPayload } from "@tutti/kernel";
import type { CallOptions } from "@tutti/mesh";
import type { BulkDependencies } from "./dependencies.ts";
import { mergePatched } from "./merge-patch.ts";

type Tasks = Pick<BulkDependencies, "tasks">;

/** Maximum of concurrent reads of the task. */
const portionMax = 100;

/** Yields runs with a failed task that has an input. The others are undefined. */
export async function* fixable(
  { tasks }: Tasks,
  { taskId, patch }: BulkFix,
  matched: readonly IndexEntry[],
  options: CallOptions,
): AsyncGenerator<IndexEntry | undefined, void> {
  requirePatch(patch);
  for (let from = 0; from < matched.length; from += portionMax)
    yield* await Promise.all(
      matched.slice(from, from + portionMax).map(async (entry) => {
        const { namespace, id: runId } = entry.key;
        return (await isFixable(tasks, { namespace, runId, taskId }, options)) ? entry : undefined;
      }),
    );
}

interface TaskNamed {
  readonly namespace: string;
  readonly runId: string;
  readonly taskId: string;
}

async function isFixable(tasks: Tasks["tasks"], named: TaskNamed, options: CallOptions): Promise<boolean> {
  try {
    const { task } = await tasks.getTask(GetTaskRequest.fromPartial(named), options);
    return task?.input !== undefined && fixableStatuses.has(task.status);
  } catch (thrown) {
    // Other versions of the workflow may not have the task.
    const { status } = errorFromUnknown(thrown);
    if (status !== "NOT_FOUND" && status !== "FAILED_PRECONDITION") throw thrown;
    return false;
  }
}

const fixableStatuses: ReadonlySet<Task["status"]> = new Set([
  TaskStatus.TASK_STATUS_FAILED,
  TaskStatus.TASK_STATUS_CANCELLED,
  TaskStatus.TASK_STATUS_PAUSED,
]);

/**
 * Applies the patch to one run. A patch that is applied twice changes nothing, so the key has one meaning.
 */
export async function fix(
  { tasks }: Tasks,
  { taskId, patch }: BulkFix,
  named: { readonly namespace: string; readonly runId: string; readonly reason: string },
  options: CallOptions,
): Promise<void> {
  const { namespace, runId } = named;
  const { task } = await tasks.getTask(GetTaskRequest.fromPartial({ namespace, runId, taskId }), options);
  const current = task?.input === undefined ? null : jsonOf(task.input, "input");
  const input = mergePatched(current, requirePatch(patch));
  const repair = { $case: "input", value: jsonPayload(input) } as const;
  const request = { ...named, taskId, repair, idempotencyKey: options.idempotencyKey ?? "" };
  await tasks.repairTask(RepairTaskRequest.create(request), options);
}

function requirePatch(patch: Payload | undefined) {
  return jsonOf(patch ?? { body: undefined, mediaType: "" }, "action.fix.patch");
}
