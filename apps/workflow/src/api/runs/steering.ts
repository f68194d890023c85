/** What is asked of runs that are there. */
import {
  type DeleteRunReply,
  type DeleteRunRequest,
  type LabelRunRequest,
  type QueryRunReply,
  type QueryRunRequest,
  type ResumeRunRequest,
  type RetryRunRequest,
  type Run,
  SignalReceivedV1,
  type SignalRunRequest,
  type UpdateRunReply,
  type UpdateRunRequest,
  UpdateTakenV1,
} from "@tutti/contracts/workflow/v1";
import { type CallContext, type Command, fromTimestamp } from "@tutti/kernel";
import {
  labelRun,
  removeRun,
  resumeRun,
  retryRun,
  runErrors,
  showEntry,
  signalRun,
  updateRun,
} from "@tutti/machine-run";
import { askRun, eventBehind, eventsOf, type RunDesk, runNamed, tellRun } from "./desk.ts";

interface Steered {
  readonly runId: string;
  readonly reason: string;
}

/** A command that has nothing but a reason, and the run as it is after it. */
export async function steer(
  desk: RunDesk,
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter here
  command: Command<any, { reason: string }, any>,
  { runId, reason }: Steered,
  context: CallContext,
): Promise<{ run: Run }> {
  await tellRun(desk, runId, { command, body: { reason }, reason }, context);
  return { run: await runNamed(desk, runId, {}, context) };
}

export async function resume(
  desk: RunDesk,
  { runId, taskIds, reason }: ResumeRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const told = { command: resumeRun, body: { reason, taskIds }, reason };
  await tellRun(desk, runId, told, context);
  return { run: await runNamed(desk, runId, {}, context) };
}

export async function retry(
  desk: RunDesk,
  { runId, taskIds, reason, idempotencyKey }: RetryRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const told = { command: retryRun, body: { taskIds, reason }, reason, idempotencyKey };
  await tellRun(desk, runId, told, context);
  return { run: await runNamed(desk, runId, {}, context) };
}

/** What is gone already is gone. */
export async function remove(
  desk: RunDesk,
  { runId, reason }: DeleteRunRequest,
  context: CallContext,
): Promise<DeleteRunReply> {
  try {
    await tellRun(desk, runId, { command: removeRun, body: { reason }, reason }, context);
    return { removed: true };
  } catch (error) {
    if (runErrors.runMissing.is(error)) return { removed: false };
    throw error;
  }
}

export async function label(
  desk: RunDesk,
  { runId, labels, removedLabels, priority, dueTime }: LabelRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const dueMs = dueTime === undefined ? undefined : fromTimestamp(dueTime);
  const told = { command: labelRun, body: { labels, removedLabels, priority, dueMs } };
  await tellRun(desk, runId, told, context);
  return { run: await runNamed(desk, runId, {}, context) };
}

export async function signal(
  desk: RunDesk,
  { runId, signal: name, payload, idempotencyKey }: SignalRunRequest,
  context: CallContext,
): Promise<{ event: number }> {
  const told = { command: signalRun, body: { signal: name, payload }, idempotencyKey };
  return recorded(desk, runId, context, async () => {
    const { number } = await tellRun(desk, runId, told, context);
    return {
      is: (type, bytes) =>
        type === "signal_received" && SignalReceivedV1.decode(bytes).signal?.number === number,
    };
  });
}

export async function update(
  desk: RunDesk,
  { runId, update: name, payload, idempotencyKey }: UpdateRunRequest,
  context: CallContext,
): Promise<UpdateRunReply> {
  const told = { command: updateRun, body: { update: name, payload }, idempotencyKey };
  let answer: UpdateRunReply["answer"];
  const { event } = await recorded(desk, runId, context, async () => {
    const reply = await tellRun(desk, runId, told, context);
    ({ answer } = reply);
    return {
      is: (type, bytes) => type === "update_taken" && UpdateTakenV1.decode(bytes).number === reply.number,
    };
  });
  return { answer, event };
}

/** Tells a run something, and finds the event that records it; of what was told before that is an earlier one. */
async function recorded(
  desk: RunDesk,
  runId: string,
  context: CallContext,
  telling: () => Promise<{ readonly is: (type: string, payload: Uint8Array) => boolean }>,
): Promise<{ event: number }> {
  const after = await eventsOf(desk, runId, context);
  const { is } = await telling();
  const event = await eventBehind(desk, runId, { after, is }, context);
  return { event: event || (await eventBehind(desk, runId, { after: 0, is }, context)) };
}

export async function query(
  desk: RunDesk,
  { runId, query: name, payload }: QueryRunRequest,
  context: CallContext,
): Promise<QueryRunReply> {
  const asked = { query: showEntry, body: { query: name, payload } };
  const shown = await askRun(desk, runId, asked, context);
  return { answer: "answer" in shown ? shown.answer : undefined };
}
