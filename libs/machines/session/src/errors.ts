import { defineErrors, printDuration } from "@tutti/kernel";
import { type Conflict, conflictText, statusClause } from "@tutti/machine-work";

/** Errors that a session returns to its callers, and reasons of its failure. */
export const sessionErrors = defineErrors("session", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace has no session with this id, or the session was removed after its retention.",
    message: ({ id }: { id: string }) => `Session \`${id}\` not found`,
    remedy: "List sessions with `tutti session list`.",
  },
  conflict: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A session with this id was started with another specification. The same start again returns the existing session.",
    message: (conflict: Conflict) => conflictText("Session", conflict),
    remedy: "Choose another id, or start it with the same specification.",
  },
  ended: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The request needs a session that has not ended. Its status is in the message.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Session \`${id}\` ${statusClause(status)}, and the request needs a session that has not ended`,
    remedy: "See its state with `tutti session show`.",
  },
  begun: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Dependencies can be added until the session starts or requests its locks. They can be removed until it starts.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Session \`${id}\` ${statusClause(status)}, and its dependencies can change only before it starts`,
    remedy: "Start a new session with these dependencies.",
  },
  goesOn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The request needs a session that has ended. Cancel or terminate it first.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Session \`${id}\` ${statusClause(status)}, and the request needs a session that has ended`,
    remedy: "Cancel or terminate the session first.",
  },
  notFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a failed session can be retried. A completed session, or a session that a user ended, cannot be retried.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Session \`${id}\` ${statusClause(status)}, and only a failed session can be retried`,
    remedy: "Start a new session.",
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request to start a session exceeds a limit or contains an invalid expression.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request and start the session again.",
  },
  taskInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A task is invalid: tasks need unique ids, dependencies that can end, and expressions that compile.",
    message: ({ task, problem }: { task: string; problem: string }) => `task ${task}: ${problem}`,
    remedy: "Correct the task.",
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The session has no task with this id.",
    message: ({ id, task }: { id: string; task: string }) =>
      `Task \`${task}\` of session \`${id}\` not found`,
    remedy: "List its tasks with `tutti session tasks`.",
  },
  taskBegun: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only tasks that have not started can be moved.",
    message: ({ task, status }: { task: string; status: string }) =>
      `Task \`${task}\` ${statusClause(status)}, and only a pending task can be moved`,
    remedy: "Move only pending tasks.",
  },
  modeFixed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The session was started with modes that may not be changed while it runs.",
    message: ({ id }: { id: string }) => `The modes of session \`${id}\` are fixed`,
    remedy: "Start the session without fixed modes to move its tasks.",
  },
  modeUnfit: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks are moved to a mode in which tasks are done: WORKFLOW, SWARM or INTELLIGENCE.",
    message: ({ mode }: { mode: string }) =>
      `\`mode\`: expected WORKFLOW, SWARM or INTELLIGENCE, got ${mode}`,
    remedy: "Move the tasks to one of these modes.",
  },
  budgetUndivided: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The parts that do the tasks hold the whole budget of the session. A moved task would leave its share of the budget behind.",
    message: ({ id }: { id: string }) =>
      `Session \`${id}\` has a budget, which its parts hold, so its tasks cannot move`,
    remedy: "Leave the tasks in their parts.",
  },
  budgetUsedUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The budget of a session covers all of its lives, and nothing of it is left.",
    message: ({ id, kind }: { id: string; kind: string }) =>
      `The budget of session \`${id}\` has no ${kind} left`,
    remedy: "Start the remaining work as a new session with its own budget.",
  },
  partMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The session has no part with this id.",
    message: ({ id, part }: { id: string; part: string }) =>
      `Part \`${part}\` of session \`${id}\` not found`,
    remedy: "List its parts with `tutti session show`.",
  },
  tooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A session has limits, so that it cannot use the resources of all other sessions.",
    message: ({ items, found, max }: { items: string; found: number; max: number }) =>
      `The session has ${found} ${items}, more than the maximum of ${max}`,
    remedy: "Split the session.",
  },
  tasksFailed: {
    status: "ABORTED",
    retry: "never",
    help: "A task of the session failed for good. The cause is its error.",
    message: ({ task }: { task: string }) => `Task \`${task}\` of the session failed`,
    remedy: "See the error of the task, then retry the session.",
  },
  partFailed: {
    status: "ABORTED",
    retry: "never",
    help: "A part of the session did not complete, although no failure of its tasks explains it. The cause is the error of the part.",
    message: ({ part, status }: { part: string; status: string }) =>
      `Part \`${part}\` of the session ${statusClause(status)}`,
    remedy: "See the error of the part, then retry the session.",
  },
  goalUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The tasks that the goal was broken down into must be as valid as tasks at the start: ids, needs without a circle, and an agent that can run each. The cause names the problem.",
    message: ({ planner, problem }: { planner: string; problem: string }) =>
      `The planner \`${planner}\` returned tasks that the session cannot run: ${problem}`,
    remedy: "Correct the planner, then retry the session.",
  },
  goalMissed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "All tasks of the session completed, but the expression `reached` of the goal is not true for the output.",
    message: ({ reached, problem }: { reached: string; problem: string }) =>
      `The goal is not reached. \`${reached}\` of the output gave ${problem}`,
    remedy: "Check the outputs of the tasks.",
  },
  dependencyFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A session that this session depends on did not end as required.",
    message: ({ other, status }: { other: string; status: string }) =>
      `Session \`${other}\`, on which this session depends, ${statusClause(status)}`,
    remedy: "Repair that session, then start this session again.",
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The session exceeded its timeout.",
    message: ({ id, timeoutMs }: { id: string; timeoutMs: number }) =>
      `Session \`${id}\` did not finish within ${printDuration(timeoutMs)}`,
    remedy: "Raise its timeout.",
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "A user cancelled the session.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `The session was cancelled by ${by}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Start the session again if it is still needed.",
  },
  terminated: {
    status: "CANCELLED",
    retry: "never",
    help: "A user terminated the session.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `The session was terminated by ${by}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Start the session again if it is still needed.",
  },
  taskStopped: {
    status: "CANCELLED",
    retry: "never",
    help: "The session ended before the task had.",
    message: ({ task }: { task: string }) => `Task \`${task}\` was stopped because the session ended`,
    remedy: "Retry the session if the task is still needed.",
  },
  outputFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The output expression of the session could not be evaluated.",
    message: ({ problem }: { problem: string }) =>
      `The output of the session could not be evaluated: ${problem}`,
    remedy: "Correct the expression.",
  },
  outputTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The output of a session has a bound. Larger content belongs into the blob store.",
    message: ({ found, max }: { found: number; max: number }) =>
      `The output of the session has ${found} bytes, more than the maximum of ${max}`,
    remedy: "Put the output into the blob store.",
  },
});
