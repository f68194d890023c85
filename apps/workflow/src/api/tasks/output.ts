/** Partial output, while it comes. */
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { WatchOutputReply, WatchOutputRequest } from "@tutti/contracts/workflow/v1";
import { outputOf } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { runWork } from "../runs/dependencies.ts";
import type { TaskDependencies } from "./dependencies.ts";
import { taskNamed } from "./reading.ts";

export function watchOutput(
  dependencies: TaskDependencies,
  { runId, taskId, channel, cursor }: WatchOutputRequest,
  context: CallContext,
): AsyncGenerator<WatchOutputReply, void> {
  const hasEnded = async (): Promise<boolean> =>
    ended.has((await taskNamed(dependencies, { runId, taskId, atEvent: 0 }, context)).status);
  return outputOf(dependencies, runWork, { id: runId, taskId, channel, cursor, hasEnded }, context);
}

const ended: ReadonlySet<TaskStatus> = new Set([
  TaskStatus.TASK_STATUS_COMPLETED,
  TaskStatus.TASK_STATUS_FAILED,
  TaskStatus.TASK_STATUS_SKIPPED,
  TaskStatus.TASK_STATUS_CANCELLED,
  TaskStatus.TASK_STATUS_COMPENSATED,
]);
