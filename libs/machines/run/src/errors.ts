import { counted, defineErrors } from "@tutti/kernel";

/** Why a run says no, to its callers, and why its tasks fail when no agent said so. */
export const runErrors = defineErrors("workflow", {
  runMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no run with this id in the namespace, or it was removed after its retention.",
    message: ({ id }: { id: string }) => `expected the run ${id}, found none; start it, or correct the id`,
  },
  runConflict: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A run with this id was started with something else. The same start again gives the same run.",
    message: ({ id }: { id: string }) =>
      `expected the start of ${id} as it was the first time, found another specification; choose another id`,
  },
  runEnded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What was asked needs a run that has not ended, or one that has. Its status is in the message.",
    message: ({ id, status, wanted }: { id: string; status: string; wanted: string }) =>
      `expected the run ${id} ${wanted}, found it ${status}; look at the run before you go on`,
  },
  signalUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The definition of the run declares its signals, and nothing in it waits for this one. A definition that declares no signals takes any.",
    message: ({ signal, definition, names }: { signal: string; definition: string; names: string }) =>
      `Workflow \`${definition}\` takes no signal \`${signal}\`. It declares ${names}: send one of these, or declare the signal in the definition.`,
  },
  withdrawn: {
    status: "CANCELLED",
    retry: "never",
    help: "The run is a child whose parent gave it up before it had begun. It does not begin.",
    message: ({ reason }: { reason: string }) => `given up before it began: ${reason}`,
  },
  runGoesOn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A run is removed once it has ended. Cancel or terminate it first.",
    message: ({ id, status }: { id: string; status: string }) =>
      `expected the run ${id} to have ended, found it ${status}; cancel or terminate it before it is removed`,
  },
  orderInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a run is started with is within bounds, and names a plan.",
    message: ({ problem }: { problem: string }) => `${problem}; correct what the run is started with`,
  },
  budgetUsedUp: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Too little of the budget of the run is left for what the task is expected to use up, and nothing that is set aside can come back.",
    message: ({ id, task, used }: { id: string; task: string; used: string }) =>
      `expected enough of the budget of ${id} to be left for ${task}, found ${used} used up; start what is left as another run with a larger budget`,
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The run has no such task, or not yet. Ids are `ship`, `ship[3]` for an entry, `poll#2.fetch` in a round.",
    message: ({ id, task }: { id: string; task: string }) =>
      `expected a task ${task} in the run ${id}, found none; list the tasks to see their ids`,
  },
  taskNotRepairable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A task that has ended, and on which something rests that has begun, is not mended. Reset or retry the run.",
    message: ({ task, found }: { task: string; found: string }) =>
      `expected ${task} to be open, or nothing that rests on it to have begun; found ${found}; reset the run instead`,
  },
  nothingToRetry: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a run that failed, was cancelled or terminated, or waits for a person is taken up again.",
    message: ({ id, status }: { id: string; status: string }) =>
      `expected ${id} to have something that did not do well, found it ${status}; name the tasks to be done again, or reset the run`,
  },
  resetInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A run is taken back to a state that it was in.",
    message: ({ problem }: { problem: string }) => `${problem}; name an event of this run`,
  },
  labelsInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A run has at most so many labels.",
    message: ({ found, max }: { found: number; max: number }) =>
      `expected at most ${max} labels, found ${found}; remove some`,
  },
  expressionFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression of the definition could not be evaluated. The error has the expression, the place in it, and what it worked on.",
    message: ({ where, expression, problem }: { where: string; expression: string; problem: string }) =>
      `expected a value for ${where}, found: ${problem} in \`${expression}\`; guard it with has(), or correct what it reads`,
  },
  dataUnreadable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression reads something that is no JSON document, or that is kept in the blob store. It may be handed on, but not computed with.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `expected JSON in ${name}, found ${problem}; hand it on as it is, or give JSON`,
  },
  valueTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "What an expression gives, or a list is made of, is kept in the run and has a greatest size.",
    message: ({ where, bytes, bytesMax }: { where: string; bytes: number; bytesMax: number }) =>
      `expected at most ${bytesMax} bytes for ${where}, found ${bytes}; put it into the blob store, or give less`,
  },
  runTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A run keeps what its tasks work on and give. Large values belong into the blob store, and many of them into children.",
    message: ({ bytes, bytesMax }: { bytes: number; bytesMax: number }) =>
      `expected at most ${bytesMax} bytes in a run, found ${bytes} with this one; put large values into the blob store, or give parts of the work to children`,
  },
  listExpected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "`forEach` wants a list.",
    message: ({ task, found }: { task: string; found: string }) =>
      `expected a list for forEach of ${task}, found ${found}; correct the expression`,
  },
  tooManyEntries: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A list has a greatest length, and a run a greatest number of tasks.",
    message: ({ task, found, max }: { task: string; found: number; max: number }) =>
      `expected at most ${max} entries for forEach of ${task}, found ${found}; work on parts of the list, by children`,
  },
  entriesFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Entries of a list failed, and the rest was done as `failFast: false` asks.",
    message: ({
      task,
      failed,
      count,
      first,
    }: {
      task: string;
      failed: number;
      count: number;
      first: string;
    }) =>
      `expected ${task} to do well for all of ${count} entries, found ${failed} that failed, the first with: ${first}; see the entries`,
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task took longer than its timeout allows over all attempts and pauses.",
    message: ({ task, totalMs }: { task: string; totalMs: number }) =>
      `expected ${task} to have an outcome within ${totalMs} ms, found none; raise \`timeout.total\`, or see what it waited for`,
  },
  runTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The run took longer than its timeout allows. What was done has been undone where it can be.",
    message: ({ id, timeoutMs }: { id: string; timeoutMs: number }) =>
      `expected the run ${id} to end within ${timeoutMs} ms, found it going on; raise its timeout`,
  },
  agentLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The task has lost as many workers as it may: it may be what kills them. It is not tried again. Read the log of a worker that the message names, fix the cause, then retry the run.",
    message: ({ task, losses }: { task: string; losses: readonly string[] }) =>
      `Task ${task} lost its worker ${counted(losses.length, "time")} and may be what kills them: ${losses.join("; ")}. Fix the cause, then retry the run.`,
  },
  attemptLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The worker of the attempt is gone, so its effect is unknown. The task has `retry: {onLost: fail}`, so it runs at most once. Check the effect, then repair the task.",
    message: ({ task, loss }: { task: string; loss: string }) =>
      `Task ${task} lost its worker (${loss}) and runs at most once. Check its effect, then repair the task.`,
  },
  attemptsExhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A task is tried so often at most, whatever its policy says.",
    message: ({ task, max }: { task: string; max: number }) =>
      `expected ${task} to end within ${max} attempts, found none that did; correct the task`,
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "Somebody asked the run to end.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `was cancelled by ${by}${reason === "" ? "" : `: ${reason}`}; start or retry it if it is still wanted`,
  },
  terminated: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody ended the run at once, without clean-up.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `was terminated by ${by}${reason === "" ? "" : `: ${reason}`}; nothing was undone`,
  },
  stopped: {
    status: "CANCELLED",
    retry: "never",
    help: "What the task was a part of has ended before it.",
    message: ({ why }: { why: string }) => `was stopped because ${why}`,
  },
  signalMissing: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task waited for a signal, and none that fits came in time.",
    message: ({ task, signal }: { task: string; signal: string }) =>
      `expected the signal ${signal} for ${task} in time, found none; signal the run, or raise \`within\``,
  },
  signalsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "A run keeps a limited number of signals until its tasks ask for them.",
    message: ({ id, max }: { id: string; max: number }) =>
      `expected fewer than ${max} signals that ${id} has not asked for, found as many; repeat later, or let the definition wait for them`,
  },
  timeExpected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A span is written like `30s` or `1h30m`, a moment like 2026-01-31T09:30:00Z.",
    message: ({ where, found }: { where: string; found: string }) =>
      `expected a time for ${where}, found ${found}; correct the expression`,
  },
  childFailed: {
    status: "ABORTED",
    retry: "same-key",
    help: "The run that does the task has ended otherwise than well. Its own error is the cause.",
    message: ({ task, child, status }: { task: string; child: string; status: string }) =>
      `expected ${child} to do ${task}, found it ${status}; look at that run`,
  },
  loopEndless: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A loop has a greatest number of rounds, `max`, and did not come to its end within it.",
    message: ({ task, max }: { task: string; max: number }) =>
      `expected ${task} to end within ${max} rounds, found it going on; raise \`max\`, or see why its condition stays`,
  },
  tooManyTasks: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A run has a greatest number of tasks, those of all rounds, entries and additions included.",
    message: ({ task, count, max }: { task: string; count: number; max: number }) =>
      `expected at most ${max} tasks in the run, found ${count} more wanted by ${task}; go on as a new run, or work by children`,
  },
  gateFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Checks of a gate did not hold, and work was sent back as often as it may be. The reports are among the details.",
    message: ({ task, checks, times }: { task: string; checks: string; times: number }) =>
      `expected ${checks} of ${task} to hold, found otherwise after work was sent back ${counted(times, "time")}; see its reports`,
  },
  checkFailed: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The output of a task does not satisfy one of its checks.",
    message: ({ task, check, times }: { task: string; check: string; times: number }) =>
      `expected the output of ${task} to satisfy ${check}, found that it does not${times === 0 ? "" : ` after work was sent back ${counted(times, "time")}`}; look at the output`,
  },
  approvalExpired: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "Nobody decided in time.",
    message: ({ task, withinMs }: { task: string; withinMs: number }) =>
      `expected a decision on ${task} within ${withinMs} ms, found none; retry the task to ask again, or raise \`within\``,
  },
  approvalRejected: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody who may decide said no.",
    message: ({ task, by, reason }: { task: string; by: string; reason: string }) =>
      `expected ${task} to be approved, found it rejected by ${by || "somebody"}${reason === "" ? "" : `: ${reason}`}; retry the task to ask again`,
  },
  approvalMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The run does not ask this question, or does not any more.",
    message: ({ id, run }: { id: string; run: string }) =>
      `expected a question ${id} of the run ${run}, found none; list the open approvals`,
  },
  approvalOwn: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule has the output of an agent approved by somebody else, unless it names the agent among those who decide.",
    message: ({ who }: { who: string }) =>
      `expected somebody else than ${who}, who gave the output, to decide about it; ask a person`,
  },
  resultNotHeld: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule wants the output approved, and processes of an earlier release, which cannot hold one, share the runs. A minute after the last of them is replaced they can.",
    message: ({ task }: { task: string }) =>
      `expected that the output of ${task} can wait for the approval that a rule wants, found processes of an earlier release, or ownership.behaviour.hold; replace these, and retry the run`,
  },
  approvalClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A question is decided once.",
    message: ({ id, how }: { id: string; how: string }) =>
      `expected the question ${id} to be open, found it ${how}; look at the run`,
  },
  approvalNotAmong: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The definition names who decides: people, groups or roles.",
    message: ({ who, by }: { who: string; by: string }) =>
      `expected one of ${by} to decide, found ${who || "nobody who is known"}; ask one of them`,
  },
  approvalInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A decision says yes or no, and brings along what the form asks for.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the decision`,
  },
  entryMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A definition declares the updates and queries that its runs understand.",
    message: ({ kind, name, known }: { kind: string; name: string; known: string }) =>
      `expected the ${kind} ${name} in the definition of the run, found ${known || "none"}; correct its name`,
  },
  payloadInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What is told or asked satisfies the schema that the definition gives.",
    message: ({ kind, name, problem }: { kind: string; name: string; problem: string }) =>
      `expected a payload for the ${kind} ${name} that satisfies its schema, found otherwise: ${problem}; correct it`,
  },
  entryFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression of an update or a query could not be evaluated as the run stands now.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `expected an answer of ${name}, found: ${problem}; correct the definition, or ask later`,
  },
  updateRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The definition says that the update is not valid as the run stands now. Nothing has changed.",
    message: ({ name, why }: { name: string; why: string }) =>
      `expected the update ${name} to be valid, found: ${why}; nothing has changed`,
  },
  stateFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The run came to a final state that its definition calls a failure.",
    message: ({ state, said }: { state: string; said: string }) =>
      `expected to end well, found the state ${state}: ${said}; see how the run came there`,
  },
  statesEndless: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Transitions lead in a circle, and nothing on it waits: a guard never becomes false.",
    message: ({ state, max }: { state: string; max: number }) =>
      `expected a state that waits for something, found ${max} transitions at one moment, the last out of ${state}; let a guard of the circle end it, or wait with \`after\``,
  },
  additionInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks that are added to a run are checked as a definition is: each id once, all they need there, nothing in a circle.",
    message: ({ task, problem }: { task: string; problem: string }) =>
      `expected tasks that can be added to ${task}, found: ${problem}; correct them`,
  },
  kindUnknown: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "This release cannot do tasks of this kind.",
    message: ({ task, kind }: { task: string; kind: string }) =>
      `expected a kind of task that this release knows, found ${kind} of ${task}; use a newer release`,
  },
});
