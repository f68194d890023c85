/** Commands on existing runs. */
import type {
  CancelRunRequest,
  DeleteRunReply,
  DeleteRunRequest,
  LabelRunRequest,
  QueryRunReply,
  QueryRunRequest,
  ResumeRunRequest,
  RetryRunRequest,
  Run,
  SignalRunReply,
  SignalRunRequest,
  UpdateRunReply,
  UpdateRunRequest,
} from "@tutti/contracts/workflow/v1";
import { type CallContext, type Command, fromTimestamp } from "@tutti/kernel";
import {
  cancelRun,
  labelRun,
  removeRun,
  resumeRun,
  retryRun,
  runErrors,
  showEntry,
  signalRun,
  updateRun,
} from "@tutti/machine-run";
import { executeOnRun, queryRun, type RunDependencies, runNamed } from "./dependencies.ts";

interface Steered {
  readonly runId: string;
  readonly reason: string;
  readonly idempotencyKey?: string;
}

/** Sends a command that has only a reason. Returns the run after it. */
export async function steer(
  dependencies: RunDependencies,
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter here
  command: Command<any, { reason: string }, any>,
  { runId, reason, idempotencyKey = "" }: Steered,
  context: CallContext,
): Promise<{ run: Run }> {
  await executeOnRun(dependencies, runId, { command, body: { reason }, reason, idempotencyKey }, context);
  return { run: await runNamed(dependencies, runId, {}, context) };
}

export async function cancel(
  dependencies: RunDependencies,
  { runId, reason, noCompensate }: CancelRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  await executeOnRun(
    dependencies,
    runId,
    { command: cancelRun, body: { reason, noCompensate }, reason },
    context,
  );
  return { run: await runNamed(dependencies, runId, {}, context) };
}

export async function resume(
  dependencies: RunDependencies,
  { runId, taskIds, reason, idempotencyKey }: ResumeRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const call = { command: resumeRun, body: { reason, taskIds }, reason, idempotencyKey };
  await executeOnRun(dependencies, runId, call, context);
  return { run: await runNamed(dependencies, runId, {}, context) };
}

export async function retry(
  dependencies: RunDependencies,
  { runId, taskIds, reason, idempotencyKey }: RetryRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const call = { command: retryRun, body: { taskIds, reason, inputs: [] }, reason, idempotencyKey };
  await executeOnRun(dependencies, runId, call, context);
  return { run: await runNamed(dependencies, runId, {}, context) };
}

/** Removes a run. Returns false if it does not exist any more. */
export async function remove(
  dependencies: RunDependencies,
  { runId, reason }: DeleteRunRequest,
  context: CallContext,
): Promise<DeleteRunReply> {
  try {
    await executeOnRun(dependencies, runId, { command: removeRun, body: { reason }, reason }, context);
    return { removed: true };
  } catch (error) {
    if (runErrors.runMissing.is(error)) return { removed: false };
    throw error;
  }
}

export async function label(
  dependencies: RunDependencies,
  { runId, labels, removedLabels, priority, dueTime }: LabelRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const dueMs = dueTime === undefined ? undefined : fromTimestamp(dueTime);
  const call = { command: labelRun, body: { labels, removedLabels, priority, dueMs } };
  await executeOnRun(dependencies, runId, call, context);
  return { run: await runNamed(dependencies, runId, {}, context) };
}

export async function signal(
  dependencies: RunDependencies,
  { runId, signal: name, payload, idempotencyKey }: SignalRunRequest,
  context: CallContext,
): Promise<SignalRunReply> {
  const call = { command: signalRun, body: { signal: name, payload }, idempotencyKey };
  const { event, awaited } = await executeOnRun(dependencies, runId, call, context);
  return { event, awaited };
}

export async function update(
  dependencies: RunDependencies,
  { runId, update: name, payload, idempotencyKey }: UpdateRunRequest,
  context: CallContext,
): Promise<UpdateRunReply> {
  const call = { command: updateRun, body: { update: name, payload }, idempotencyKey };
  const { answer, event } = await executeOnRun(dependencies, runId, call, context);
  return { answer, event };
}

export async function query(
  dependencies: RunDependencies,
  { runId, query: name, payload }: QueryRunRequest,
  context: CallContext,
): Promise<QueryRunReply> {
  const call = { query: showEntry, body: { query: name, payload } };
  const reply = await queryRun(dependencies, runId, call, context);
  return { answer: "answer" in reply ? reply.answer : undefined };
}
