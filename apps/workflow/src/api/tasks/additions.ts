/** Adds tasks to a run, moves them to another work, and records their results. */
import type {
  AddTasksRequest,
  BringInOutcomesReply,
  BringInOutcomesRequest,
  WithdrawTasksReply,
  WithdrawTasksRequest,
} from "@tutti/contracts/workflow/v1";
import { documentOfTasks, repeatedIds } from "@tutti/definitions";
import type { MachineDependencies } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import {
  type AdditionReview,
  addTasks,
  bringInOutcomes,
  checkAdded,
  runErrors,
  withdrawTasks,
} from "@tutti/machine-run";
import { requireValid } from "../../definitions/sources.ts";
import { requestErrors } from "../../errors.ts";
import { executeOnRun, queryRun } from "../runs/dependencies.ts";

/** Adds tasks. All errors are reported at once. The run checks again whether they still fit. */
export async function add(
  dependencies: MachineDependencies,
  { runId, tasks: specs, parentTaskId, reason, idempotencyKey }: AddTasksRequest,
  context: CallContext,
): Promise<{ total: number }> {
  const list = { tasks: specs, output: "", input: undefined };
  const [repeated] = repeatedIds(list);
  if (repeated !== undefined) throw requestErrors.taskRepeated({ task: repeated });
  const { tasks } = documentOfTasks("tasks", list);
  if (tasks === undefined) throw requestErrors.nothingToRun();
  const query = { query: checkAdded, body: { tasks } };
  const { checked, existing } = (await queryRun(dependencies, runId, query, context)) as AdditionReview;
  const [known] = existing;
  const isRepeatable = idempotencyKey !== "" || context.idempotencyKey !== "";
  if (known !== undefined && !isRepeatable) throw requestErrors.taskTaken({ task: known });
  const { plan } = requireValid(checked, "the tasks");
  if (plan === undefined) throw requestErrors.nothingToRun();
  const body = { plan: Buffer.from(JSON.stringify(plan)), parentTaskId, reason };
  try {
    return await executeOnRun(
      dependencies,
      runId,
      { command: addTasks, body, reason, idempotencyKey },
      context,
    );
  } catch (error) {
    // They exist, and were not added by this same call.
    if (known !== undefined && runErrors.additionInvalid.is(error))
      throw requestErrors.taskTaken({ task: known });
    throw error;
  }
}

export function withdraw(
  dependencies: MachineDependencies,
  { runId, taskIds, reason }: WithdrawTasksRequest,
  context: CallContext,
): Promise<WithdrawTasksReply> {
  const call = { command: withdrawTasks, body: { taskIds, reason }, reason };
  return executeOnRun(dependencies, runId, call, context);
}

export function bringIn(
  dependencies: MachineDependencies,
  { runId, outcomes }: BringInOutcomesRequest,
  context: CallContext,
): Promise<BringInOutcomesReply> {
  return executeOnRun(dependencies, runId, { command: bringInOutcomes, body: { outcomes } }, context);
}
