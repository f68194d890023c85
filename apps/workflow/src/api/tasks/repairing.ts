import type { RepairTaskRequest, Task } from "@tutti/contracts/workflow/v1";
import type { MachineDependencies } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { repairTask } from "@tutti/machine-run";
import { tellRun } from "../runs/dependencies.ts";
import { taskNamed } from "./reading.ts";

/** Returns the task as it is after it was repaired by hand. */
export async function repair(
  dependencies: MachineDependencies,
  { runId, taskId, repair: how, reason, idempotencyKey }: RepairTaskRequest,
  context: CallContext,
): Promise<{ task: Task }> {
  const told = { command: repairTask, body: { taskId, repair: how, reason }, reason, idempotencyKey };
  await tellRun(dependencies, runId, told, context);
  return { task: await taskNamed(dependencies, { runId, taskId, atEvent: 0 }, context) };
}
