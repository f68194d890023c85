/** The rpcs of tasks of runs and of approvals. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import type {
  RepairTaskRequest,
  Task,
  taskService,
  WatchOutputReply,
  WatchOutputRequest,
} from "@tutti/contracts/workflow/v1";
import { jsonOf } from "@tutti/definitions";
import { type MachineDependencies, outputOf } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { repairTask, retryRun } from "@tutti/machine-run";
import type { Handlers } from "@tutti/mesh";
import { executeOnRun, runWork } from "../runs/dependencies.ts";
import { add, bringIn, withdraw } from "./additions.ts";
import { claim, decide, delegate, listApprovals, release, watchApprovals } from "./approvals.ts";
import type { TaskDependencies } from "./dependencies.ts";
import { listFiles, listTasks, taskNamed } from "./reading.ts";
import { timeline } from "./timeline.ts";

export function taskHandlers(dependencies: TaskDependencies): Handlers<typeof taskService> {
  return {
    listTasks: (request, context) => listTasks(dependencies, request, context),
    listFiles: (request, context) => listFiles(dependencies, request, context),
    async getTask(request, context) {
      return { task: await taskNamed(dependencies, request, context) };
    },
    watchOutput: (request, context) => watchOutput(dependencies, request, context),
    getTimeline: (request, context) => timeline(dependencies, request, context),
    repairTask: (request, context) => repair(dependencies, request, context),
    addTasks: (request, context) => add(dependencies, request, context),
    withdrawTasks: (request, context) => withdraw(dependencies, request, context),
    bringInOutcomes: (request, context) => bringIn(dependencies, request, context),
    listApprovals: (request, context) => listApprovals(dependencies, request, context),
    watchApprovals: (request, context) => watchApprovals(dependencies, request, context),
    decideApproval: (request, context) => decide(dependencies, request, context),
    claimApproval: (request, context) => claim(dependencies, request, context),
    delegateApproval: (request, context) => delegate(dependencies, request, context),
    releaseApproval: (request, context) => release(dependencies, request, context),
  };
}

/** Repairs a task by hand and returns it. */
async function repair(
  dependencies: MachineDependencies,
  { runId, taskId, repair: action, reason, idempotencyKey }: RepairTaskRequest,
  context: CallContext,
): Promise<{ task: Task }> {
  if (action?.$case === "input") {
    const input = Buffer.from(JSON.stringify(jsonOf(action.value, "input")));
    const body = { taskIds: [taskId], reason, inputs: [{ taskId, input }] };
    await executeOnRun(dependencies, runId, { command: retryRun, body, reason, idempotencyKey }, context);
  } else {
    const call = { command: repairTask, body: { taskId, repair: action, reason }, reason, idempotencyKey };
    await executeOnRun(dependencies, runId, call, context);
  }
  return { task: await taskNamed(dependencies, { runId, taskId, atEvent: 0 }, context) };
}

/** Sends partial output until the task ends. */
function watchOutput(
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
