import { counted, defineErrors, printDuration } from "@tutti/kernel";
import { type Conflict, conflictText } from "@tutti/machine-work";

interface ChildFailure {
  readonly task: string;
  readonly child: string;
  readonly status: string;
  /** Message of its own error. Empty if it has none. */
  readonly reason: string;
}

interface BudgetShort {
  readonly id: string;
  readonly task: string;
  readonly used: string;
  readonly of: string;
  /** Empty if it is not known. */
  readonly wanted: string;
}

/** Refusals of a run to its callers, and errors of its tasks that no agent reported. */
export const runErrors = defineErrors("workflow", {
  runMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no run with this id in the namespace, or it was removed after its retention.",
    message: ({ id }: { id: string }) => `Run \`${id}\` not found`,
    remedy: "List runs with `tutti list`.",
  },
  runConflict: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A run with this id was started with something else. The same start again gives the same run.",
    message: (conflict: Conflict) => conflictText("Run", conflict),
    remedy: "Choose another id, or start it with the same specification.",
  },
  runEnded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The request needs a run that has not ended, or one that has. Its status is in the message.",
    message: ({ id, status, wanted }: { id: string; status: string; wanted: string }) =>
      `Run \`${id}\` is ${status}, and the request needs a run ${wanted}`,
    remedy: "See its state with `tutti show`.",
  },
  signalUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The definition of the run declares its signals, and nothing in it waits for this one. A definition that declares no signals takes any.",
    message: ({ signal, definition, names }: { signal: string; definition: string; names: string }) =>
      `Workflow \`${definition}\` takes no signal \`${signal}\`. It declares ${names}`,
    remedy: "Send a declared signal, or declare it in the definition.",
  },
  withdrawn: {
    status: "CANCELLED",
    retry: "never",
    help: "The run is a child whose parent gave it up before it started. It does not start.",
    message: ({ reason }: { reason: string }) => `The parent withdrew the run before it started: ${reason}`,
    remedy: "Start the run again if it is still needed.",
  },
  runGoesOn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A run is removed once it has ended. Cancel or terminate it first.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Run \`${id}\` is ${status}, and only an ended run can be deleted`,
    remedy: "Cancel or terminate the run first.",
  },
  orderInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a run is started with is within bounds, and names a plan.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request and start the run again.",
  },
  budgetUsedUp: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Too little of the budget of the run is left for what the task is expected to use up, and nothing that is set aside can come back.",
    message: ({ id, task, used, of, wanted }: BudgetShort) =>
      `The budget of run \`${id}\` is too small for task \`${task}\`: ${used} used up of ${of}${wanted === "" ? "" : `, and it needs ${wanted}`}`,
    remedy: "Start another run with a larger budget. A retry has the same budget.",
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The run has no such task, or not yet. Ids are `ship`, `ship[3]` for an entry, `poll#2.fetch` in a round.",
    message: ({ id, task }: { id: string; task: string }) => `Task \`${task}\` of run \`${id}\` not found`,
    remedy: "List its tasks with `tutti show`.",
  },
  taskNotRepairable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A task that has ended, and on which a started task depends, is not repaired. Reset or retry the run.",
    message: ({ task, found }: { task: string; found: string }) =>
      `Task \`${task}\` cannot be repaired: ${found}`,
    remedy: "Reset the run instead.",
  },
  nothingToRetry: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a run that failed, was cancelled or terminated, or waits for a person can be retried.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Run \`${id}\` is ${status} and has no failed task to retry`,
    remedy:
      "Name a task to repeat with `tutti retry ID --task TASK`, or take the run back with `tutti reset ID EVENT`.",
  },
  resetInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A run is taken back to a state that it was in.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Name an event of this run (see `tutti history`).",
  },
  moveRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A run continues on another version of its definition only when the version has a place for every started task. The verdict is in the message: busy, needs mapping or impossible.",
    message: ({ id, verdict, problem }: { id: string; verdict: string; problem: string }) =>
      `Run \`${id}\` cannot be moved to the version (${verdict}): ${problem}`,
    remedy:
      "See the review with `tutti workflow migrate … --dry-run`, then add `--map`, `--restart`, or wait.",
  },
  moveSettled: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A move is undone only until something has happened on the new version: an attempt started, a task ended, a signal came.",
    message: ({ id, problem }: { id: string; problem: string }) =>
      `The move of run \`${id}\` cannot be undone: ${problem}`,
    remedy: "Move the run to the earlier version, or reset it to one of its events.",
  },
  moveUnversioned: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A run that was started from tasks alone has no definition, so there is no other version of it.",
    message: ({ id }: { id: string }) => `Run \`${id}\` has no definition to take another version of`,
    remedy: "Name a run that was started from a published definition.",
  },
  labelsInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A run has at most so many labels.",
    message: ({ found, max }: { found: number; max: number }) =>
      `\`labels\`: expected at most ${max}, got ${found}`,
    remedy: "Remove some labels.",
  },
  capabilityUndeclared: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The expression of `uses` named a capability that the task does not list in `among`. The task fails.",
    message: ({ task, capability, declared }: { task: string; capability: string; declared: string }) =>
      `\`uses\` of ${task} named the capability \`${capability}\`. Declared: ${declared}`,
    remedy: "Add the capability to `among`, or correct the expression.",
  },
  expressionFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression of the definition could not be evaluated. The error has the expression, the place in it, and what it worked on.",
    message: ({ where, expression, problem }: { where: string; expression: string; problem: string }) =>
      `The expression \`${expression}\` of ${where} failed: ${problem}`,
    remedy: "Guard it with `has()`, or correct what it reads.",
  },
  dataUnreadable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression reads something that is no JSON document. Tasks can hand it on as their whole input, but expressions cannot read it.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `${name} is not a readable JSON document: ${problem}`,
    remedy: "Pass it on as the whole `with` of a task, or run the task that gives it again.",
  },
  dataStored: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression reads a value that is in the blob store. Values above 1 MiB always are. Values above 64 KiB are if the definition did not read them when their task completed. Tasks can pass such a value on as their whole input.",
    message: ({ name }: { name: string }) =>
      `${name} is too large for expressions: it is in the blob store, above 1 MiB always`,
    remedy:
      "Pass it on as the whole `with` of a task, or return the values that expressions need next to it.",
  },
  valueWanted: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The run reads the output of a task, which came as a reference to the blob store. The platform answers by itself with the content. Callers do not see it.",
    message: ({ task }: { task: string }) =>
      `The output of task \`${task}\` is in the blob store, and the run reads it`,
    remedy: "Report the result again with the content.",
  },
  valueTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "What an expression gives, or a list is made of, is kept in the run and has a greatest size.",
    message: ({ where, bytes, bytesMax }: { where: string; bytes: number; bytesMax: number }) =>
      `The value of ${where} has ${bytes} bytes, more than the maximum of ${bytesMax}`,
    remedy: "Put it into the blob store, or return less.",
  },
  objectTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The values of a keyed object go along with each call of it, so they have a maximum.",
    message: ({ bytes, bytesMax }: { bytes: number; bytesMax: number }) =>
      `The values of the object have ${bytes} bytes, more than the maximum of ${bytesMax}`,
    remedy: "Keep large values elsewhere, and their references in the object.",
  },
  runTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A run keeps what its tasks work on and give. Large values belong into the blob store, and many of them into children.",
    message: ({ bytes, bytesMax }: { bytes: number; bytesMax: number }) =>
      `The run would hold ${bytes} bytes, more than the maximum of ${bytesMax}`,
    remedy: "Put large values into the blob store, or split the work into child runs.",
  },
  listExpected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "`forEach` wants a list.",
    message: ({ task, found }: { task: string; found: string }) =>
      `\`forEach\` of task \`${task}\`: expected a list, got ${found}`,
    remedy: "Correct the expression.",
  },
  tooManyEntries: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A list has a greatest length, and a run a greatest number of tasks.",
    message: ({ task, found, max }: { task: string; found: number; max: number }) =>
      `\`forEach\` of task \`${task}\` has ${found} entries, more than the maximum of ${max}`,
    remedy: "Split the list over child runs.",
  },
  gangEntries: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The entries of a list are members of a gang, which has at least one of them and a greatest size.",
    message: ({ task, gang, found, max }: { task: string; gang: string; found: number; max: number }) =>
      `\`forEach\` of task \`${task}\` in the gang \`${gang}\`: expected 1 to ${max} entries, got ${found}`,
    remedy: "Correct the list, or skip the tasks of the gang by a condition of a task that they need.",
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task took longer than its timeout allows over all attempts and pauses.",
    message: ({ task, totalMs }: { task: string; totalMs: number }) =>
      `Task \`${task}\` did not finish within ${printDuration(totalMs)}`,
    remedy: "Raise `timeout.total`, or see what it waited for with `tutti why`.",
  },
  runTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The run took longer than its timeout allows. Completed tasks with a compensation have been undone.",
    message: ({ id, timeoutMs }: { id: string; timeoutMs: number }) =>
      `Run \`${id}\` did not finish within ${printDuration(timeoutMs)}`,
    remedy: "Raise its timeout.",
  },
  agentLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The task has lost as many workers as it may: it may be what kills them. It is not tried again.",
    message: ({ task, losses }: { task: string; losses: readonly string[] }) =>
      `Task \`${task}\` lost its worker ${counted(losses.length, "time")} and may be what kills them: ${losses.join("; ")}`,
    remedy: "Check the logs of these workers, then retry the run.",
  },
  attemptLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The worker of the attempt is gone, so its effect is unknown. The task has `retry: {onLost: fail}`, so it runs at most once.",
    message: ({ task, loss }: { task: string; loss: string }) =>
      `Task \`${task}\` lost its worker (${loss}) and runs at most once`,
    remedy: "Check its effect, then repair the task.",
  },
  attemptsExhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A task has at most this number of attempts, also if its policy allows more.",
    message: ({ task, max }: { task: string; max: number }) =>
      `Task \`${task}\` failed in all ${max} attempts`,
    remedy: "Correct the task, then retry the run.",
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "A user or a parent cancelled the run.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `The run was cancelled by ${by}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Start or retry the run if it is still needed.",
  },
  terminated: {
    status: "ABORTED",
    retry: "never",
    help: "A user or a parent ended the run at once, without compensation.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `The run was terminated by ${by} without compensation${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Start or retry the run if it is still needed.",
  },
  stopped: {
    status: "CANCELLED",
    retry: "never",
    help: "What the task was a part of has ended before it.",
    message: ({ why }: { why: string }) => `The task was stopped because ${why}`,
    remedy: "Retry the run if the task is still needed.",
  },
  signalMissing: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task waited for a signal, and none that fits came in time.",
    message: ({ task, signal }: { task: string; signal: string }) =>
      `Task \`${task}\` did not receive the signal \`${signal}\` in time`,
    remedy: "Send the signal and retry, or raise `within`.",
  },
  eventMissing: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task waited for an event, and none that fits came in time.",
    message: ({ task, type }: { task: string; type: string }) =>
      `Task \`${task}\` did not receive the event \`${type}\` in time`,
    remedy: "Post the event and retry, or raise `within`.",
  },
  signalsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "A run keeps a limited number of signals until its tasks ask for them.",
    message: ({ id, max }: { id: string; max: number }) => `Run \`${id}\` already buffers ${max} signals`,
    remedy: "Send the signal again later, or let the definition wait for it.",
  },
  timeExpected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A span is written like `30s` or `1h30m`, a moment like 2026-01-31T09:30:00Z.",
    message: ({ where, found }: { where: string; found: string }) =>
      `${where}: expected a time, got ${found}`,
    remedy: "Write a duration such as `30s`, or a moment such as `2026-01-31T09:30:00Z`.",
  },
  childFailed: {
    status: "ABORTED",
    retry: "same-key",
    help: "The run that does the task has ended otherwise than well. Its own error is the cause.",
    message: ({ task, child, status, reason }: ChildFailure) =>
      `Child run \`${child}\` of task \`${task}\` ${status === "failed" ? "failed" : `was ${status}`}${reason === "" ? "" : `: ${reason}`}`,
    remedy: ({ child }: ChildFailure) => `See it with \`tutti show ${child}\`.`,
  },
  loopEndless: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A loop has a greatest number of rounds, `max`, and did not come to its end within it.",
    message: ({ task, max }: { task: string; max: number }) =>
      `Loop \`${task}\` did not end within ${max} rounds`,
    remedy: "Raise `max`, or correct its condition.",
  },
  tooManyTasks: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A run has a greatest number of tasks, those of all rounds, entries and additions included.",
    message: ({ task, count, max }: { task: string; count: number; max: number }) =>
      `Task \`${task}\` would add ${count} tasks, more than the maximum of ${max} in a run`,
    remedy: "Continue as a new run, or use child runs.",
  },
  gateFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Checks of a gate did not hold, and work was sent back as often as it may be. The reports are among the details.",
    message: ({ task, checks, times }: { task: string; checks: string; times: number }) =>
      `Gate \`${task}\` still fails ${checks} after the work was sent back ${counted(times, "time")}`,
    remedy: "See the reports of the gate in the details.",
  },
  checkFailed: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The output of a task does not satisfy one of its checks.",
    message: ({ task, check, times }: { task: string; check: string; times: number }) =>
      `The output of task \`${task}\` fails the check ${check}${times === 0 ? "" : ` after the work was sent back ${counted(times, "time")}`}`,
    remedy: "Compare the output with the condition of the check.",
  },
  approvalExpired: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "No decision was made in time.",
    message: ({ task, withinMs }: { task: string; withinMs: number }) =>
      `The approval of task \`${task}\` was not decided within ${printDuration(withinMs)}`,
    remedy: "Retry the task to ask again, or raise `within`.",
  },
  approvalRejected: {
    status: "ABORTED",
    retry: "never",
    help: "An approver rejected it.",
    message: ({ task, by, reason }: { task: string; by: string; reason: string }) =>
      `Task \`${task}\` was rejected by ${by || "an approver"}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Retry the task to ask again.",
  },
  approvalMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The run does not ask this question, or does not any more.",
    message: ({ id, run }: { id: string; run: string }) => `Approval \`${id}\` of run \`${run}\` not found`,
    remedy: "List the open approvals with `tutti approve`.",
  },
  approvalOwn: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule has the output of an agent approved by another actor, except if it lists the agent as a decider.",
    message: ({ who }: { who: string }) => `${who} produced the output and cannot approve it`,
    remedy: "Ask another approver.",
  },
  approvalExcluded: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The task excludes a person from the decision, such as the one who started the work.",
    message: ({ who }: { who: string }) => `${who} is excluded from this decision`,
    remedy: "Ask another approver.",
  },
  approvalClaimed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "One person has claimed the question. Only this person decides it, until the claim is released or expires.",
    message: ({ id, who }: { id: string; who: string }) => `Approval \`${id}\` is claimed by ${who}`,
    remedy: "Wait for the decision, or have the claim released with `tutti inbox release`.",
  },
  approvalShared: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A question that needs the answers of several people cannot be claimed by one of them.",
    message: ({ id, needed }: { id: string; needed: number }) =>
      `Approval \`${id}\` needs ${counted(needed, "answer")} and cannot be claimed`,
    remedy: "Decide it with `tutti approve`.",
  },
  approvalDelegated: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A person who has delegated a question does not decide it, until it is given back.",
    message: ({ who, people }: { who: string; people: string }) =>
      `${who} has delegated the question to ${people}`,
    remedy: "Have it delegated back.",
  },
  delegationInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A decider gives an answer to other people, each of whom counts once.",
    message: ({ problem }: { problem: string }) => problem.replace(/\.$/, ""),
    remedy: "Correct the people.",
  },
  approvalClaimsLater: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "Processes of an earlier release, which do not know claims, share the runs. A minute after the last of them is replaced, questions can be claimed and delegated.",
    message: ({ id }: { id: string }) =>
      `Approval \`${id}\` cannot be claimed or delegated, because processes of an earlier release run or \`ownership.behaviour.hold\` is set`,
    remedy: "Replace these processes, or decide the question.",
  },
  resultNotHeld: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule wants the output approved, and processes of an earlier release, which cannot hold one, share the runs. A minute after the last of them is replaced they can.",
    message: ({ task }: { task: string }) =>
      `The output of task \`${task}\` cannot wait for its approval, because processes of an earlier release run or \`ownership.behaviour.hold\` is set`,
    remedy: "Replace these processes, then retry the run.",
  },
  approvalClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A question is decided once.",
    message: ({ id, how }: { id: string; how: string }) => `Approval \`${id}\` is already ${how}`,
    remedy: "See the run with `tutti show`.",
  },
  approvalNotAmong: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The definition names who decides: people, groups or roles.",
    message: ({ who, by }: { who: string; by: string }) =>
      `${who || "An unknown caller"} is not among the approvers: ${by}`,
    remedy: "Ask one of the approvers to decide.",
  },
  approvalInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A decision approves or rejects, and includes the data of the form.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the decision.",
  },
  entryMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A definition declares the updates and queries that its runs understand.",
    message: ({ kind, name, known }: { kind: string; name: string; known: string }) =>
      `The definition of the run declares no ${kind} \`${name}\`. It declares ${known || "none"}`,
    remedy: "Correct the name.",
  },
  payloadInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The payload of a signal, update or query satisfies the schema of the definition.",
    message: ({ kind, name, problem }: { kind: string; name: string; problem: string }) =>
      `The payload of the ${kind} \`${name}\` does not match its schema: ${problem}`,
    remedy: "Correct the payload.",
  },
  entryFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression of an update or a query could not be evaluated as the run stands now.",
    message: ({ name, problem }: { name: string; problem: string }) => `\`${name}\` failed: ${problem}`,
    remedy: "Correct the definition, or try again later.",
  },
  updateRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The definition says that the update is not valid as the run stands now. Nothing has changed.",
    message: ({ name, why }: { name: string; why: string }) =>
      `The run rejected the update \`${name}\`: ${why}`,
    remedy: "Read the state of the run, then send another update.",
  },
  stateFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The run came to a final state that its definition calls a failure.",
    message: ({ state, said }: { state: string; said: string }) =>
      `The run ended in the failure state \`${state}\`: ${said}`,
    remedy: "See how it got there with `tutti history`.",
  },
  statesEndless: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Transitions lead in a circle, and nothing on it waits: a guard never becomes false.",
    message: ({ state, max }: { state: string; max: number }) =>
      `${max} transitions happened at one moment without waiting, the last from state \`${state}\``,
    remedy: "Let a guard end the circle, or wait with `after`.",
  },
  additionInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks that are added to a run are checked as a definition is: each id once, all they need there, nothing in a circle.",
    message: ({ task, problem }: { task: string; problem: string }) =>
      `The tasks cannot be added to \`${task}\`: ${problem}`,
    remedy: "Correct the tasks and add them again.",
  },
  turnInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "elsewhere",
    help: "The worker of a durable function sent something that is no turn of it.",
    message: ({ task, problem }: { task: string; problem: string }) =>
      `The worker of function \`${task}\` sent an invalid turn: ${problem}`,
    remedy: "Use the same release of the SDK and the platform.",
  },
  functionStuck: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A durable function waits for results of its context only. It ended its turn without a result, and no step of it is open.",
    message: ({ task }: { task: string }) => `Function \`${task}\` waits, and none of its steps is open`,
    remedy: "Await steps of `ctx` only, and put other promises into `ctx.run`.",
  },
  stepWithoutResult: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A task that a durable function waits for was skipped or cancelled.",
    message: ({ task, status }: { task: string; status: string }) =>
      `Task \`${task}\` has no result: it was ${status}`,
    remedy: "Handle the error in the function, or retry the task.",
  },
  kindUnknown: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "This release cannot do tasks of this kind.",
    message: ({ task, kind }: { task: string; kind: string }) =>
      `This release does not know the kind ${kind} of task \`${task}\``,
    remedy: "Use a newer release.",
  },
});
