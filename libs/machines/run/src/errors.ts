import { counted, defineErrors, printDuration } from "@tutti/kernel";
import { type Conflict, conflictText, statusClause } from "@tutti/machine-work";

interface ChildFailure {
  readonly task: string;
  readonly child: string;
  readonly status: string;
  /** Message of its own error. Empty if it has none. */
  readonly reason: string;
}

interface ApprovalExpiry {
  readonly task: string;
  readonly withinMs: number;
  /** Whether a durable function or an agent asked. It handles the failure, so its task may complete. */
  readonly isCall: boolean;
}

interface Rejection {
  readonly task: string;
  readonly by: string;
  readonly reason: string;
  /** As for `ApprovalExpiry`. */
  readonly isCall: boolean;
}

interface RetryRefusal {
  readonly id: string;
  readonly status: string;
  /** Whether one of its tasks can be repeated. */
  readonly isRepeatable: boolean;
}

interface MissingEntry {
  readonly kind: string;
  readonly name: string;
  /** Names of the declared entries of this kind, separated by commas. */
  readonly known: string;
}

interface BudgetShort {
  readonly id: string;
  readonly task: string;
  readonly used: string;
  readonly of: string;
  /** Empty if it is not known. */
  readonly required: string;
}

/** Refusals of a run to its callers, and errors of its tasks that no agent reported. */
export const runErrors = defineErrors("workflow", {
  runMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace has no run with this id, or the run was removed after its retention.",
    message: ({ id }: { id: string }) => `Run \`${id}\` not found`,
    remedy: "List runs with `tutti list`.",
  },
  runConflict: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A run with this id was started with another specification. The same start again returns the existing run.",
    message: (conflict: Conflict) => conflictText("Run", conflict),
    remedy: "Choose another id, or start it with the same specification.",
  },
  runEnded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The request applies only to runs that have not ended, or only to ended runs. The message contains the status of the run.",
    message: ({ id, status, wanted }: { id: string; status: string; wanted: string }) =>
      `Run \`${id}\` ${statusClause(status)}, and the request needs a run ${wanted}`,
    remedy: "See its state with `tutti show`.",
  },
  signalUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The definition of the run declares its signals, and nothing in it waits for this signal. A definition that declares no signals accepts any signal.",
    message: ({ signal, definition, names }: { signal: string; definition: string; names: string }) =>
      `Workflow \`${definition}\` takes no signal \`${signal}\`. It declares ${names}`,
    remedy: "Send a declared signal, or declare it in the definition.",
  },
  withdrawn: {
    status: "CANCELLED",
    retry: "never",
    help: "The parent withdrew this child run before it started. The run does not start.",
    message: ({ reason }: { reason: string }) => `The parent withdrew the run before it started: ${reason}`,
    remedy: "Start the run again if it is still needed.",
  },
  runGoesOn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A run is removed once it has ended. Cancel or terminate it first.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Run \`${id}\` ${statusClause(status)}, and only an ended run can be deleted`,
    remedy: "Cancel or terminate the run first.",
  },
  orderInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request to start a run exceeds a limit or names no plan.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request and start the run again.",
  },
  budgetUsedUp: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The rest of the budget is too small for the estimate of the task, and no reserved amount can be released.",
    message: ({ id, task, used, of, required }: BudgetShort) =>
      `The budget of run \`${id}\` is too small for task \`${task}\`: ${used} used up of ${of}${required === "" ? "" : `, and it needs ${required}`}`,
    remedy: "Start another run with a larger budget. A retry has the same budget.",
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The run has no task with this id, or the task does not exist yet. Ids have the form `ship`, `ship[3]` for an entry, or `poll#2.fetch` in a round.",
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
    message: ({ id, status }: RetryRefusal) =>
      `Run \`${id}\` ${statusClause(status)} and has no failed task to retry`,
    remedy: ({ isRepeatable }: RetryRefusal) =>
      isRepeatable
        ? "Repeat a task with `tutti retry ID --task TASK`, or reset the run with `tutti reset ID EVENT`."
        : "Reset the run to an earlier event with `tutti reset ID EVENT`.",
  },
  resetInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A run can be reset only to a state that it was in before.",
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
    help: "A move can be undone only until something has happened on the new version: an attempt started, a task ended or a signal arrived.",
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
    help: "The run would have more labels than the maximum.",
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
    help: "An expression of the definition could not be evaluated. The error contains the expression, its place and the values that it read.",
    message: ({ subject, expression, problem }: { subject: string; expression: string; problem: string }) =>
      `The expression \`${expression}\` of ${subject} failed: ${problem}`,
    remedy: "Guard the expression with `has()`, or correct the value that it reads.",
  },
  dataUnreadable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression reads a value that is not a JSON document. Tasks can pass such a value on as their whole input, but expressions cannot read it.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `${name} is not a readable JSON document: ${problem}`,
    remedy: "Pass the value as the whole `with` of a task, or rerun the task that returns it.",
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
    help: "The output of a task arrived as a reference to the blob store, and the run reads its content. The platform sends the content automatically, so callers do not see this error.",
    message: ({ task }: { task: string }) =>
      `The output of task \`${task}\` is in the blob store, and the run reads it`,
    remedy: "Report the result again with the content.",
  },
  valueTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The run stores the values of expressions and of lists. This value exceeds the maximum size.",
    message: ({ subject, bytes, bytesMax }: { subject: string; bytes: number; bytesMax: number }) =>
      `The value of ${subject} has ${bytes} bytes, more than the maximum of ${bytesMax}`,
    remedy: "Put the value into the blob store, or return less.",
  },
  objectTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The values of a keyed object go along with each call of it, so they have a maximum.",
    message: ({ bytes, bytesMax }: { bytes: number; bytesMax: number }) =>
      `The values of the object have ${bytes} bytes, more than the maximum of ${bytesMax}`,
    remedy: "Store large values outside the object, and keep references to them in the object.",
  },
  runTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A run stores the inputs and outputs of its tasks up to a maximum size. Large values belong in the blob store, and large numbers of values in child runs.",
    message: ({ bytes, bytesMax }: { bytes: number; bytesMax: number }) =>
      `The run would hold ${bytes} bytes, more than the maximum of ${bytesMax}`,
    remedy: "Put large values into the blob store, or split the work into child runs.",
  },
  listExpected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The expression of `forEach` did not return a list.",
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
    help: "The entries of this list are members of a gang. A gang needs at least one entry and has a maximum size.",
    message: ({ task, gang, found, max }: { task: string; gang: string; found: number; max: number }) =>
      `\`forEach\` of task \`${task}\` in the gang \`${gang}\`: expected 1 to ${max} entries, got ${found}`,
    remedy: "Correct the list, or skip the tasks of the gang by a condition of a task that they need.",
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task exceeded its total timeout, which covers all attempts and pauses.",
    message: ({ task, totalMs }: { task: string; totalMs: number }) =>
      `Task \`${task}\` did not finish within ${printDuration(totalMs)}`,
    remedy: "Raise `timeout.total`, or find the cause of the wait with `tutti why`.",
  },
  runTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The run exceeded its timeout. Completed tasks with a compensation were compensated.",
    message: ({ id, timeoutMs }: { id: string; timeoutMs: number }) =>
      `Run \`${id}\` did not finish within ${printDuration(timeoutMs)}`,
    remedy: "Raise its timeout.",
  },
  agentLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The task lost its worker too many times and may be the cause. It is not retried.",
    message: ({ task, losses }: { task: string; losses: readonly string[] }) =>
      `Task \`${task}\` lost its worker ${counted(losses.length, "time")} and may be what kills them: ${losses.join("; ")}`,
    remedy: "Check the logs of these workers, then retry the run.",
  },
  attemptLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The worker of the attempt was lost, so the effect of the attempt is unknown. The task has `retry: {onLost: fail}`, so it runs at most once.",
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
    help: "The run or task that contains this task ended first.",
    message: ({ reason }: { reason: string }) => `The task was stopped because ${reason}`,
    remedy: "Retry the run if the task is still needed.",
  },
  signalMissing: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task waited for a signal, and no matching signal arrived in time.",
    message: ({ task, signal }: { task: string; signal: string }) =>
      `Task \`${task}\` did not receive the signal \`${signal}\` in time`,
    remedy: "Send the signal and retry, or raise `within`.",
  },
  eventMissing: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task waited for an event, and no matching event arrived in time.",
    message: ({ task, type }: { task: string; type: string }) =>
      `Task \`${task}\` did not receive the event \`${type}\` in time`,
    remedy: "Post the event and retry, or raise `within`.",
  },
  signalsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "A run buffers a limited number of signals until its tasks receive them. The buffer is full.",
    message: ({ id, max }: { id: string; max: number }) => `Run \`${id}\` already buffers ${max} signals`,
    remedy: "Send the signal again later, or add a task that waits for it to the definition.",
  },
  timeExpected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A duration has the form `30s` or `1h30m`. A time has the form `2026-01-31T09:30:00Z`.",
    message: ({ subject, found }: { subject: string; found: string }) =>
      `${subject}: expected a time, got ${found}`,
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
    help: "The loop did not end within its maximum number of rounds, `max`.",
    message: ({ task, max }: { task: string; max: number }) =>
      `Loop \`${task}\` did not end within ${max} rounds`,
    remedy: "Raise `max`, or correct its condition.",
  },
  tooManyTasks: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The run would exceed its maximum number of tasks. Tasks of rounds, list entries and added tasks count.",
    message: ({ task, count, max }: { task: string; count: number; max: number }) =>
      `Task \`${task}\` would add ${count} tasks, more than the maximum of ${max} in a run`,
    remedy: "Continue as a new run, or use child runs.",
  },
  gateFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Checks of a gate still failed after the work was sent back the maximum number of times. The details contain the reports.",
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
    help: "The approval was not decided in time.",
    message: ({ task, withinMs }: ApprovalExpiry) =>
      `The approval of task \`${task}\` was not decided within ${printDuration(withinMs)}`,
    remedy: ({ isCall }: ApprovalExpiry) =>
      isCall ? "Raise `within`." : "Retry the task to ask again, or raise `within`.",
  },
  approvalRejected: {
    status: "ABORTED",
    retry: "never",
    help: "An approver rejected it.",
    message: ({ task, by, reason }: Rejection) =>
      `Task \`${task}\` was rejected by ${by || "an approver"}${reason === "" ? "" : `: ${reason}`}`,
    remedy: ({ isCall }: Rejection) => (isCall ? "" : "Retry the task to ask again."),
  },
  approvalMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The run has no approval with this id, or no longer has it.",
    message: ({ id, run }: { id: string; run: string }) => `Approval \`${id}\` of run \`${run}\` not found`,
    remedy: "List the open approvals with `tutti approve`.",
  },
  approvalOwn: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule has the output of an agent approved by another actor, except if it lists the agent as a decider.",
    message: ({ person }: { person: string }) => `${person} produced the output and cannot approve it`,
    remedy: "Ask another approver.",
  },
  approvalExcluded: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The task excludes this person from the decision, for example because the person started the work.",
    message: ({ person }: { person: string }) => `${person} is excluded from this decision`,
    remedy: "Ask another approver.",
  },
  approvalClaimed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Another person has claimed the approval. Only that person can decide it until the claim is released or expires.",
    message: ({ id, person }: { id: string; person: string }) => `Approval \`${id}\` is claimed by ${person}`,
    remedy: "Wait for the decision, or have the claim released with `tutti inbox release`.",
  },
  approvalShared: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An approval that needs decisions of several people cannot be claimed by one of them.",
    message: ({ id, needed }: { id: string; needed: number }) =>
      `Approval \`${id}\` needs ${counted(needed, "answer")} and cannot be claimed`,
    remedy: "Decide it with `tutti approve`.",
  },
  approvalDelegated: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A person who has delegated an approval cannot decide it until it is delegated back.",
    message: ({ person, people }: { person: string; people: string }) =>
      `${person} has delegated the question to ${people}`,
    remedy: "Have it delegated back.",
  },
  delegationInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The delegation is invalid. A decider delegates an approval to other people, and each of them counts once.",
    message: ({ problem }: { problem: string }) => problem.replace(/\.$/, ""),
    remedy: "Correct the people.",
  },
  approvalClaimsLater: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "Processes of an earlier release, which do not support claims, share the runs. A minute after the last of them is replaced, questions can be claimed and delegated.",
    message: ({ id }: { id: string }) =>
      `Approval \`${id}\` cannot be claimed or delegated, because processes of an earlier release run or \`ownership.behaviour.hold\` is set`,
    remedy: "Replace these processes, or decide the question.",
  },
  resultNotHeld: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule requires approval of the output, but processes of an earlier release, which cannot hold outputs, share the runs. Approvals work one minute after the last of them is replaced.",
    message: ({ task }: { task: string }) =>
      `The output of task \`${task}\` cannot wait for its approval, because processes of an earlier release run or \`ownership.behaviour.hold\` is set`,
    remedy: "Replace these processes, then retry the run.",
  },
  approvalClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A question is decided once.",
    message: ({ id, verdict }: { id: string; verdict: string }) => `Approval \`${id}\` is already ${verdict}`,
    remedy: "See the run with `tutti show`.",
  },
  approvalNotAmong: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The definition lists the approvers: people, groups or roles. The caller is not one of them.",
    message: ({ person, by }: { person: string; by: string }) =>
      `${person || "An unknown caller"} is not among the approvers: ${by}`,
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
    message: ({ kind, name, known }: MissingEntry) =>
      known === ""
        ? `The definition of the run declares no ${kind === "query" ? "queries" : `${kind}s`}`
        : `The definition of the run declares no ${kind} \`${name}\`. It declares ${known}`,
    remedy: ({ kind, name, known }: MissingEntry) =>
      known === ""
        ? `Declare the ${kind} \`${name}\` in the definition, and start another run.`
        : "Correct the name.",
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
    help: "An expression of an update or query could not be evaluated in the current state of the run.",
    message: ({ name, problem }: { name: string; problem: string }) => `\`${name}\` failed: ${problem}`,
    remedy: "Correct the definition, or try again later.",
  },
  updateRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The definition rejects the update in the current state of the run. Nothing has changed.",
    message: ({ name, reason }: { name: string; reason: string }) =>
      `The run rejected the update \`${name}\`: ${reason}`,
    remedy: "Read the state of the run, then send another update.",
  },
  stateFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The run reached a final state that its definition marks as a failure.",
    message: ({ state, message }: { state: string; message: string }) =>
      `The run ended in the failure state \`${state}\`: ${message}`,
    remedy: "See how it got there with `tutti history`.",
  },
  statesEndless: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The transitions form a cycle in which no state waits, because a guard never becomes false.",
    message: ({ state, max }: { state: string; max: number }) =>
      `${max} transitions happened at one moment without waiting, the last from state \`${state}\``,
    remedy: "End the cycle with a guard, or add a wait with `after`.",
  },
  additionInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks that are added to a run are validated like a definition: unique ids, existing dependencies and no cycles.",
    message: ({ task, problem }: { task: string; problem: string }) =>
      `The tasks cannot be added to \`${task}\`: ${problem}`,
    remedy: "Correct the tasks and add them again.",
  },
  turnInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "elsewhere",
    help: "The worker of a durable function sent a result that is not a valid turn.",
    message: ({ task, problem }: { task: string; problem: string }) =>
      `The worker of function \`${task}\` sent an invalid turn: ${problem}`,
    remedy: "Use the same release of the SDK and the platform.",
  },
  functionStuck: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A durable function can wait only for results of its context. This function ended its turn without a result and has no open step.",
    message: ({ task }: { task: string }) => `Function \`${task}\` waits, and none of its steps is open`,
    remedy: "Await only steps of `ctx`, and wrap other promises in `ctx.run`.",
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
    help: "This release cannot run tasks of this kind.",
    message: ({ task, kind }: { task: string; kind: string }) =>
      `This release does not support the kind ${kind} of task \`${task}\``,
    remedy: "Use a newer release.",
  },
});
