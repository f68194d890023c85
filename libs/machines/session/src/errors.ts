import { defineErrors } from "@tutti/kernel";

/** Why a session says no, to its callers, and why it ends otherwise than well. */
export const sessionErrors = defineErrors("session", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no session with this id in the namespace, or it was removed after its retention.",
    message: ({ id }: { id: string }) =>
      `expected the session ${id}, found none; start it, or correct the id`,
  },
  conflict: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A session with this id was started with something else. The same start again gives the same session.",
    message: ({ id }: { id: string }) =>
      `expected the start of ${id} as it was the first time, found another specification; choose another id`,
  },
  ended: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What was asked needs a session that has not ended. Its status is in the message.",
    message: ({ id, status }: { id: string; status: string }) =>
      `expected the session ${id} to be going on, found it ${status}; look at the session before you go on`,
  },
  begun: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What a session waits for can be added to until it begins, or asks for its locks, and be taken from until it begins. What is under way waits for nobody.",
    message: ({ id, status }: { id: string; status: string }) =>
      `expected the session ${id} not to have begun, found it ${status}; add what waits as another session, or start this one anew under another id`,
  },
  goesOn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What was asked needs a session that has ended. Cancel or terminate it first.",
    message: ({ id, status }: { id: string; status: string }) =>
      `expected the session ${id} to have ended, found it ${status}; cancel or terminate it first`,
  },
  notFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a session that failed is taken up again. One that did well, or that somebody ended, stays as it is.",
    message: ({ id, status }: { id: string; status: string }) =>
      `expected the session ${id} to have failed, found it ${status}; start another one`,
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a session is started with is within bounds, and its expressions compile.",
    message: ({ problem }: { problem: string }) => `${problem}; correct what the session is started with`,
  },
  taskInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks have ids of their own, needs that come to an end, and expressions that compile.",
    message: ({ task, problem }: { task: string; problem: string }) => `task ${task}: ${problem}; correct it`,
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The session has no task with this id.",
    message: ({ id, task }: { id: string; task: string }) =>
      `expected a task ${task} in the session ${id}, found none; list its tasks`,
  },
  taskBegun: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only tasks that have not begun can be moved.",
    message: ({ task, status }: { task: string; status: string }) =>
      `expected the task ${task} not to have begun, found it ${status}; move others`,
  },
  modeFixed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The session was started with modes that may not be changed while it runs.",
    message: ({ id }: { id: string }) =>
      `expected a session whose modes may change, found that those of ${id} are fixed; start it without that`,
  },
  modeUnfit: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks are moved to a mode in which tasks are done: WORKFLOW, SWARM or INTELLIGENCE.",
    message: ({ mode }: { mode: string }) =>
      `expected a mode in which tasks are done, found ${mode}; name WORKFLOW, SWARM or INTELLIGENCE`,
  },
  budgetUndivided: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The whole budget of a session is with the parts that do its tasks. A task that moved would leave what was meant for it behind.",
    message: ({ id }: { id: string }) =>
      `expected ${id} to have no budget, found one, which is with the parts that it has; leave its tasks where they are`,
  },
  budgetUsedUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What a session may use up holds over all of its lives. Of what it was given nothing is left.",
    message: ({ id, kind }: { id: string; kind: string }) =>
      `expected something to be left of the budget of ${id}, found its ${kind} used up; start what is left as another session with a budget of its own`,
  },
  partMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The session has no part with this id.",
    message: ({ id, part }: { id: string; part: string }) =>
      `expected a part ${part} in the session ${id}, found none; look at the session`,
  },
  tooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A session has bounds, so that one cannot take the room of all others.",
    message: ({ what, found, max }: { what: string; found: number; max: number }) =>
      `expected at most ${max} ${what}, found ${found}; split the session`,
  },
  tasksFailed: {
    status: "ABORTED",
    retry: "never",
    help: "A task of the session failed for good. The cause is its error.",
    message: ({ task }: { task: string }) =>
      `expected all tasks to do well, found that ${task} failed; see the cause`,
  },
  partFailed: {
    status: "ABORTED",
    retry: "never",
    help: "What did a part of the session ended otherwise than well, though all its tasks had not. The cause is its error.",
    message: ({ part, status }: { part: string; status: string }) =>
      `expected the part ${part} to end well, found it ${status}; see the cause`,
  },
  goalUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A session goes on with the tasks that its goal is broken down into as if it had been started with them: they have ids, needs that come to an end, and somebody who can do them. The cause says what is wrong.",
    message: ({ planner, problem }: { planner: string; problem: string }) =>
      `expected tasks of ${planner} that a session can do, found: ${problem}; mend what it gives, and take the session up again`,
  },
  goalMissed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "All tasks of the session were done, and what was to be reached by them is not: the goal says in `reached` how that is known.",
    message: ({ reached, problem }: { reached: string; problem: string }) =>
      `expected ${reached} of the output, found ${problem}; look at what the tasks gave`,
  },
  dependencyFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A session that had to come before this one ended otherwise than it should have.",
    message: ({ other, status }: { other: string; status: string }) =>
      `expected the session ${other} to end as this one needs it, found it ${status}; start this one anew when that is mended`,
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The session took longer than its timeout.",
    message: ({ id, timeoutMs }: { id: string; timeoutMs: number }) =>
      `expected the session ${id} to end within ${timeoutMs} ms, found it going on; give it more time`,
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "Somebody asked the session to end.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `cancelled by ${by}${reason === "" ? "" : `: ${reason}`}`,
  },
  terminated: {
    status: "CANCELLED",
    retry: "never",
    help: "Somebody ended the session at once.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `terminated by ${by}${reason === "" ? "" : `: ${reason}`}`,
  },
  taskStopped: {
    status: "CANCELLED",
    retry: "never",
    help: "The session ended before the task had.",
    message: ({ task }: { task: string }) => `${task} was stopped: the session has ended`,
  },
  outputFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The expression that gives the output of the session could not be evaluated.",
    message: ({ problem }: { problem: string }) =>
      `expected an output, found ${problem}; correct the expression`,
  },
  outputTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The output of a session has a bound. Larger content belongs into the blob store.",
    message: ({ found, max }: { found: number; max: number }) =>
      `expected an output of at most ${max} bytes, found ${found}; put it into the blob store`,
  },
});
