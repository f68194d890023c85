/** Commands on existing sessions. */
import {
  type AddTasksReply,
  AddTasksRequest,
  type DeleteSessionReply,
  type DeleteSessionRequest,
  type MoveTasksReply,
  type MoveTasksRequest,
  type RetrySessionReply,
  type RetrySessionRequest,
  type Session,
  type SignalSessionReply,
  type SignalSessionRequest,
} from "@tutti/contracts/session/v1";
import { withNeedConditions } from "@tutti/definitions";
import { waitForEvent } from "@tutti/host";
import type { CallContext, Command } from "@tutti/kernel";
import {
  addTasks,
  moveTasks,
  removeSession,
  retrySession,
  sessionErrors,
  showMoves,
  showWork,
  signalSession,
} from "@tutti/machine-session";
import { checkAmounts } from "../../resources/demands.ts";
import { checkTasks } from "./capabilities.ts";
import {
  eventsOf,
  executeOnSession,
  keyOf,
  querySession,
  type SessionDependencies,
  sessionNamed,
} from "./dependencies.ts";

interface Steered {
  readonly sessionId: string;
  readonly reason: string;
}

/** Sends a command that has only a reason. Returns the session after it. */
export async function steer(
  dependencies: SessionDependencies,
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter here
  command: Command<any, { reason: string }, any>,
  { sessionId, reason }: Steered,
  context: CallContext,
): Promise<{ session: Session }> {
  await executeOnSession(dependencies, sessionId, { command, body: { reason }, reason }, context);
  return { session: await sessionNamed(dependencies, sessionId, context) };
}

export async function retry(
  dependencies: SessionDependencies,
  { sessionId, taskIds, reason, idempotencyKey }: RetrySessionRequest,
  context: CallContext,
): Promise<RetrySessionReply> {
  const call = { command: retrySession, body: { taskIds, reason }, reason, idempotencyKey };
  await executeOnSession(dependencies, sessionId, call, context);
  return { session: await sessionNamed(dependencies, sessionId, context) };
}

/** Removes a session. Returns false if it does not exist any more. */
export async function remove(
  dependencies: SessionDependencies,
  { sessionId, reason }: DeleteSessionRequest,
  context: CallContext,
): Promise<DeleteSessionReply> {
  try {
    await executeOnSession(
      dependencies,
      sessionId,
      { command: removeSession, body: { reason }, reason },
      context,
    );
    return { removed: true };
  } catch (error) {
    if (sessionErrors.missing.is(error)) return { removed: false };
    throw error;
  }
}

/** Sends a signal. Returns the number of the event that records it. */
export async function signal(
  dependencies: SessionDependencies,
  { sessionId, signal: name, payload, partId, idempotencyKey }: SignalSessionRequest,
  context: CallContext,
): Promise<SignalSessionReply> {
  const call = { command: signalSession, body: { signal: name, payload, partId }, idempotencyKey };
  return await executeOnSession(dependencies, sessionId, call, context);
}

export async function add(
  dependencies: SessionDependencies,
  { sessionId, tasks, idempotencyKey }: AddTasksRequest,
  context: CallContext,
): Promise<AddTasksReply> {
  const { order } = await querySession(
    dependencies,
    sessionId,
    { query: showWork, body: undefined },
    context,
  );
  const caller = { namespace: context.namespace, options: { context } };
  const { pool = "", labels = {}, limits = {} } = order?.spec ?? {};
  await checkTasks(dependencies, tasks, pool, caller);
  await checkAmounts(dependencies, tasks, { labels, limits }, caller);
  const body = AddTasksRequest.fromPartial({ tasks: withNeedConditions(tasks) });
  return await executeOnSession(
    dependencies,
    sessionId,
    { command: addTasks, body, idempotencyKey },
    context,
  );
}

/**
 * Moves tasks. Answers when the previous owner has released them. Tasks that it did not release, because they
 * started, have not moved.
 */
export async function move(
  dependencies: SessionDependencies,
  { sessionId, taskIds, mode, reason, idempotencyKey }: MoveTasksRequest,
  context: CallContext,
): Promise<MoveTasksReply> {
  const call = { command: moveTasks, body: { taskIds, mode, reason }, reason, idempotencyKey };
  const { movesBefore } = await executeOnSession(dependencies, sessionId, call, context);
  const requested = new Set(taskIds);
  for (;;) {
    const events = await eventsOf(dependencies, sessionId, context);
    const view = await querySession(dependencies, sessionId, { query: showWork, body: undefined }, context);
    const isReleasing = view.parts.some(({ operations }) =>
      operations.some(({ operation }) => operation?.$case === "withdraw"),
    );
    // Asked last: tasks that were released before have moved by now.
    const call = { query: showMoves, body: { after: movesBefore } };
    const all = await querySession(dependencies, sessionId, call, context);
    if (!isReleasing || context.signal.aborted)
      return { moves: all.filter(({ taskId }) => requested.has(taskId)) };
    await waitForEvent(dependencies, keyOf(context.namespace, sessionId), { after: events }, context.signal);
  }
}
