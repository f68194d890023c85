/** Explains the status of a run, or of a task of it. The service adds the facts that pools know about agents. */

import {
  type Explanation,
  Explanation as Explanations,
  type FailedAttempt,
  type Remedy,
  TaskStatus,
  type Wait,
  WaitCause,
  WorkStatus,
} from "@tutti/contracts/types/v1";
import { RunPhase } from "@tutti/contracts/workflow/v1";
import { needsLargerBudget, needsOtherDefinition } from "@tutti/definitions";
import { counted, type Query, type Refusal, sentences, toTimestamp } from "@tutti/kernel";
import {
  bounded,
  amountsText as inWordsOf,
  isDone,
  noAmounts,
  statusClause,
  statusName,
  taskStatusName,
} from "@tutti/machine-work";
import { displayedError } from "../../core/attempt/losses.ts";
import { describeLimit } from "../../core/limit/limits.ts";
import { hasBudget } from "../../core/node/budget.ts";
import { stateOfKind, stateOfParts } from "../../core/state/kind-state.ts";
import {
  findNode,
  rangeViewOf,
  sourceNode,
  statusOfNode,
  taskIdIn,
  taskIdOf,
  taskOf,
} from "../../core/state/places.ts";
import { type NodeView, type RangeView, type Run, type RunView, statusOf } from "../../core/state/state.ts";
import { nextMove, stateDueMs, stateOf } from "../../core/state/transition-progress.ts";
import { runErrors } from "../../errors.ts";
import { ableDeciders, explainQuestion } from "../../kinds/approve/kind.ts";
import { kindOf } from "../../kinds/table.ts";
import { awaitOf } from "../../kinds/wait/awaited-event.ts";
import { payloadMembers } from "../entry/entries.ts";
import { retriedSteps } from "./failed-steps.ts";
import { explanationOf, type RunExplanation, taskGroupsOf } from "./task-groups.ts";

/** Maximum number of needs that an explanation names, and of failed tasks in the explanation of a run. */
const partsMax = 20;
const failuresMax = 100;
const namedMax = 3;
/** Nodes that are searched for them. */
const scannedMax = 20_000;

export const explain: Query<Run, { readonly taskId: string }, Explanation | Refusal> = {
  type: "explain",
  answer(run, { taskId }, { key, nowMs }) {
    if (run.order === undefined) return runErrors.runMissing.refusal({ id: key.id });
    if (taskId === "") return explanationOf(runExplanation(run, nowMs));
    const number = findNode(run, taskId);
    if (number === undefined) return runErrors.taskMissing.refusal({ id: key.id, task: taskId });
    return ofTask(run, number, nowMs);
  },
};

/** Explains a whole run, for callers that can query pools before the explanation becomes text. */
export const explainGroups: Query<Run, undefined, RunExplanation | Refusal> = {
  type: "explain_whole",
  answer: (run, _, { key, nowMs }) =>
    run.order === undefined ? runErrors.runMissing.refusal({ id: key.id }) : runExplanation(run, nowMs),
};

function runExplanation(run: RunView, nowMs: number): RunExplanation {
  const status = statusOf(run);
  const failed: FailedAttempt[] = [];
  const retried: FailedAttempt[] = [];
  for (const node of run.nodes.slice(0, scannedMax)) {
    if (node === undefined || failed.length >= failuresMax) continue;
    retried.push(...retriedSteps(node, () => taskIdIn(run, node.range, node.number)));
    if (isStuck(node)) failed.push(failureOf(run, node));
  }
  const isOver = run.phase === RunPhase.RUN_PHASE_ENDED;
  const { message = "" } = run.error ?? {};
  const waits = waitsOfRun(run);
  const isWaiting = run.phase === RunPhase.RUN_PHASE_WAITING;
  const because = isWaiting ? waits.map((wait) => wait.message).join(", and ") : message;
  const reason = because === "" ? "" : `: ${because}`;
  // The counts of the run, as `tutti show` prints them.
  const { nodeCount: count } = run;
  const open = count - doneOf(run);
  // A completed run has handled its failures: they need no remedy.
  const isCompleted = status === WorkStatus.WORK_STATUS_COMPLETED;
  const failures = isCompleted ? [] : [...failed, ...retried].slice(0, failuresMax);
  const dealtWith = isCompleted && failed.length > 0 ? ` although ${describeFailures(failed)}` : "";
  const explanation = Explanations.fromPartial({
    about: aboutOf(run, ""),
    waits,
    failures,
    remedies: remediesOfRun(run, failed.some(hasLog) ? [logsOf(run.key.id)] : []),
  });
  return {
    lead: isOver
      ? // The error of a cancelled or terminated run states this already.
        message.startsWith("The run was ")
        ? message
        : `The run ${statusName(status)}${dealtWith}${reason}`
      : `The run is ${statusName(status)}${reason}. ${open} of ${counted(count, "task")} ${open === 1 ? "has" : "have"} not ended`,
    explanation,
    // Tasks of a run that has not started only wait for its start.
    taskGroups: isOver || isWaiting ? [] : taskGroupsOf(run, (number) => ofTask(run, number, nowMs)),
  };
}

function describeFailures(failed: readonly FailedAttempt[]): string {
  const names = failed.slice(0, namedMax).map(({ task }) => `\`${task}\``);
  const more = failed.length > namedMax ? ` and ${failed.length - namedMax} more` : "";
  return `${counted(failed.length, "task")} failed: ${names.join(", ")}${more}`;
}

/** Returns whether a node has failed, or is paused after a failure. */
function isStuck(node: NodeView | undefined): node is NodeView {
  const { TASK_STATUS_FAILED, TASK_STATUS_PAUSED } = TaskStatus;
  return (
    node?.status === TASK_STATUS_FAILED || (node?.status === TASK_STATUS_PAUSED && node.error !== undefined)
  );
}

function doneOf({ counts }: RunView): number {
  let done = 0;
  for (let status: number = TaskStatus.TASK_STATUS_COMPLETED; status < counts.length; status++)
    done += counts[status] ?? 0;
  return done;
}

function aboutOf(run: RunView, task: string) {
  return { namespace: run.key.namespace, kind: "run", id: run.key.id, task };
}

function waitsOfRun(run: RunView): Partial<Wait>[] {
  const waits: Partial<Wait>[] = [];
  if (run.pauseMs > 0)
    waits.push({
      cause: WaitCause.WAIT_CAUSE_PAUSED,
      message: run.pauseReason === "" ? "it is paused" : `it is paused: ${run.pauseReason}`,
      startTime: toTimestamp(run.pauseMs),
      present: true,
    });
  waits.push(...waitOfState(run));
  if (run.phase !== RunPhase.RUN_PHASE_WAITING) return waits;
  const startMs = run.order?.startMs ?? 0;
  if (startMs > run.createMs)
    waits.push({
      cause: WaitCause.WAIT_CAUSE_START,
      message: "its start is delayed",
      startTime: toTimestamp(run.createMs),
      endTime: toTimestamp(startMs),
      present: true,
    });
  for (const { limit, ticket } of run.more?.limits ?? [])
    if (ticket === 0)
      waits.push({
        cause: WaitCause.WAIT_CAUSE_LIMIT,
        message: `it waits for ${describeLimit(run, limit).description}`,
        subject: limit,
        present: true,
      });
  return waits;
}

/** @param logs precede a retry */
function remediesOfRun(run: RunView, logs: readonly Remedy[] = []): Remedy[] {
  const { id } = run.key;
  if (run.pauseMs > 0) return [{ text: "Resume the run.", command: `tutti resume ${id}` }];
  if (run.phase === RunPhase.RUN_PHASE_ENDED && needsLargerBudget(run.error?.code ?? ""))
    return [
      { text: "Start another run with a larger `--budget`. A retry has the same budget.", command: "" },
    ];
  if (run.phase === RunPhase.RUN_PHASE_ENDED && isOwnFailure(run))
    return [
      {
        text: "Correct the definition, register it, and start another run. A retry has the same definition and the same values.",
        command: run.order?.definition ? `tutti run ${run.order.definition}` : "",
      },
    ];
  if (run.phase === RunPhase.RUN_PHASE_ENDED && run.error !== undefined)
    return [...logs, { text: retryText(run), command: `tutti retry ${id}` }];
  if ((run.counts[TaskStatus.TASK_STATUS_PAUSED] ?? 0) > 0)
    return run.nodes.slice(0, scannedMax).some(hasOtherCode)
      ? remediesOfOtherCode(id, "")
      : [{ text: "Retry the paused tasks.", command: `tutti resume ${id}` }];
  const pendingLimit = run.more?.limits.find(({ ticket }) => ticket === 0);
  if (run.phase === RunPhase.RUN_PHASE_WAITING && pendingLimit !== undefined)
    return [
      {
        text: "See who holds it, and who waits before this run.",
        command: describeLimit(run, pendingLimit.limit).command,
      },
    ];
  return [];
}

/** Returns whether the code of a paused function does not fit its history: the same code fails again. */
function hasOtherCode(node: NodeView | undefined): boolean {
  return node?.status === TaskStatus.TASK_STATUS_PAUSED && node.error?.code === "sdk.function_changed";
}

function remediesOfOtherCode(id: string, task: string): Remedy[] {
  return [
    {
      text: "Start a worker with code that fits the history, then retry.",
      command: `tutti resume ${id}${task && ` --task ${task}`}`,
    },
    {
      text: "Or reset the run to before the changed step: find the event, then run `tutti reset`.",
      command: `tutti history ${id}`,
    },
  ];
}

function logsOf(id: string, task = ""): Remedy {
  const option = task && ` --task ${task}`;
  return { text: "See the log of the failed attempts.", command: `tutti logs ${id}${option}` };
}

function retryText({ counts, error }: RunView): string {
  if (error?.code === runErrors.approvalRejected.code)
    return "Ask again. Completed tasks keep their results.";
  return (counts[TaskStatus.TASK_STATUS_COMPENSATED] ?? 0) > 0
    ? "Retry the run after the cause is corrected. Compensated tasks run again, and so do completed tasks that need them."
    : "Retry the failed tasks after the cause is corrected. Completed tasks keep their results.";
}

/**
 * Returns whether the definition is wrong, or the output of the run itself: with the same values it fails
 * again.
 */
function isOwnFailure({ failed, error }: RunView): boolean {
  const code = error?.code ?? "";
  return needsOtherDefinition(code) || (failed < 0 && code === runErrors.valueTooLarge.code);
}

function ofTask(run: RunView, number: number, nowMs: number): Explanation {
  const range = rangeViewOf(run, number);
  const id = taskIdIn(run, range, number);
  const status = statusOfNode(run, number);
  const node = run.nodes[number];
  const waits = isDone(status) ? [] : waitsOf(run, range, number, nowMs);
  const failures = node === undefined ? [] : [...retriedSteps(node, () => id), ...failuresOf(run, node, id)];
  const because = waits[0]?.message ?? node?.error?.message ?? skippedBecause(run, range, number, status);
  return Explanations.fromPartial({
    about: aboutOf(run, id),
    summary: sentences(
      `\`${id}\` ${statusClause(taskStatusName(status))}${because === undefined || because === "" ? "" : `: ${because}`}`,
    ),
    waits,
    failures,
    remedies: isDone(status)
      ? remediesOfDone(run, id, { status, failures })
      : remediesOf(run, id, node, { status, nowMs }),
  });
}

/** A failed task has the remedies of its run, with its own log. */
function remediesOfDone(
  run: RunView,
  id: string,
  { status, failures }: { readonly status: TaskStatus; readonly failures: readonly Partial<FailedAttempt>[] },
): Remedy[] {
  if (status !== TaskStatus.TASK_STATUS_FAILED) return [];
  return [...(failures.some(hasLog) ? [logsOf(run.key.id, id)] : []), ...remediesOfRun(run)];
}

/** Returns whether an attempt failed. A person's decision has no log. */
function hasLog({ error }: Partial<FailedAttempt>): boolean {
  return error?.code !== runErrors.approvalRejected.code && error?.code !== runErrors.approvalExpired.code;
}

/** Shorter pauses end before a user has read the explanation. */
const longPauseMs = 10_000;

/** Returns the actions with which a user can make it continue. */
function remediesOf(
  run: RunView,
  id: string,
  node: NodeView | undefined,
  { status, nowMs }: { readonly status: TaskStatus; readonly nowMs: number },
): Remedy[] {
  const { key } = run;
  if (hasOtherCode(node)) return remediesOfOtherCode(key.id, id);
  if (status === TaskStatus.TASK_STATUS_PAUSED)
    return [{ text: "Retry the task.", command: `tutti resume ${key.id} --task ${id}` }];
  if (status === TaskStatus.TASK_STATUS_RETRYING)
    return [
      logsOf(key.id, id),
      ...((node?.more?.dueMs ?? 0) - nowMs < longPauseMs
        ? []
        : [
            { text: "Retry the task now, without the pause.", command: `tutti retry ${key.id} --task ${id}` },
          ]),
    ];
  const childId = status === TaskStatus.TASK_STATUS_WAITING ? stateOfKind(node, "child")?.childId : undefined;
  if (childId) return [{ text: "See why the child waits.", command: `tutti why ${childId}` }];
  if (node?.more?.question !== undefined)
    return [{ text: decisionText(node), command: `tutti approve ${key.id} ${id}` }];
  const event = node === undefined ? undefined : awaitOf(run, node);
  if (event !== undefined)
    return [{ text: "Post the event. Its data: KEY=VALUE.", command: `tutti event post ${event.type}` }];
  const signal = stateOfKind(node, "wait")?.signal ?? "";
  if (signal === "") return [];
  const members = payloadMembers(run, "signal", signal);
  const text =
    members === ""
      ? "Send the signal. If it has a payload: KEY=VALUE."
      : `Send the signal. Its payload, as KEY=VALUE: ${members}.`;
  return [{ text, command: `tutti signal ${key.id} ${signal}` }];
}

function decisionText(node: NodeView): string {
  const { person } = node.more?.question?.claim ?? {};
  const deciders = person === undefined ? ableDeciders(node) : [person];
  const as =
    deciders.length === 0 ? "" : ` as ${deciders.length > 1 ? "one of: " : ""}${deciders.join(", ")}`;
  return `Approve it${as}. With --reject: reject it.`;
}

/** Returns why it does not continue now. */
function waitsOf(run: RunView, range: RangeView, number: number, nowMs: number): Partial<Wait>[] {
  const node = run.nodes[number];
  const status = statusOfNode(run, number);
  const startTime =
    node === undefined || node.readyAt < 0 ? undefined : toTimestamp(run.createMs + node.readyAt);
  const dueMs = node?.more?.dueMs ?? 0;
  const due = dueMs > 0 ? { endTime: toTimestamp(dueMs) } : {};
  if (node?.more?.isWithdrawn === true && status === TaskStatus.TASK_STATUS_PENDING)
    return [
      {
        cause: WaitCause.WAIT_CAUSE_OWNER,
        message: "it was withdrawn, and is executed outside this run",
        present: true,
      },
    ];
  if (status === TaskStatus.TASK_STATUS_PENDING) {
    const waits = [...waitsOfRun(run), ...needsOf(run, range, number)];
    return waits.length > 0 ? waits : budgetWait(run);
  }
  if (status === TaskStatus.TASK_STATUS_HELD) return [...waitsOfRun(run), ...budgetWait(run)];
  if (node !== undefined && status === TaskStatus.TASK_STATUS_RETRYING)
    return [{ startTime, ...due, present: true, ...backoffOf(range, node) }];
  if (status === TaskStatus.TASK_STATUS_PAUSED)
    return [
      {
        cause: WaitCause.WAIT_CAUSE_PAUSED,
        message: `a person has to decide how it continues, after: ${node?.error?.message ?? ""}`,
        startTime,
        present: true,
      },
    ];
  const parts = stateOfParts(node)?.parts ?? 0;
  const within = parts > 0 ? (run.ranges[parts] as RangeView) : undefined;
  if (within !== undefined && within.remaining > 0 && stateOfKind(node, "function") === undefined)
    return [partsWait(run, within)];
  const explained =
    node === undefined
      ? undefined
      : (explainQuestion(node) ?? kindOf(taskOf(range, number).kind).explain?.(run, node, nowMs));
  return explained === undefined ? [] : [{ startTime, ...due, present: true, ...explained }];
}

/** Returns the pause before the next attempt, from the end of the failed one. */
function backoffOf({ plan }: RangeView, { tries, task, more }: NodeView): Partial<Wait> {
  const { maxAttempts } = plan.policy(plan.task(task)).retry;
  const failed = more?.failures.at(-1);
  return {
    cause: WaitCause.WAIT_CAUSE_BACKOFF,
    message: `attempt ${tries} of ${maxAttempts} failed, and the next one starts after a pause`,
    ...(failed !== undefined && { startTime: toTimestamp(failed.endMs) }),
  };
}

/** Returns the wait of a task that is ready, but waits for amounts that others return. */
function budgetWait(run: RunView): Partial<Wait>[] {
  if (!hasBudget(run) || run.phase !== RunPhase.RUN_PHASE_GOING || run.pauseMs > 0) return [];
  const message = `the remaining budget is too small: ${inWordsOf(run.reserved ?? noAmounts())} are reserved for running tasks`;
  return [{ cause: WaitCause.WAIT_CAUSE_BUDGET, message, present: true }];
}

function partsWait(run: RunView, range: RangeView): Partial<Wait> {
  const unit = range.isEntries ? "entries" : `tasks of round ${range.round}`;
  return {
    cause: WaitCause.WAIT_CAUSE_NEEDS,
    message: `${range.remaining} of ${range.count} ${unit} have not ended`,
    subject: taskIdOf(run, range.owner),
    present: true,
  };
}

function needsOf(run: RunView, range: RangeView, number: number): Partial<Wait>[] {
  if (range.isEntries)
    return [
      {
        cause: WaitCause.WAIT_CAUSE_NEEDS,
        message: "earlier entries are running, and `maxParallel` allows no more",
        present: true,
      },
    ];
  const { offsets, sources } = range.plan.predecessors;
  const task = range.firstTask + number - range.first;
  const waits: Partial<Wait>[] = [];
  for (let at = offsets[task] ?? 0; at < (offsets[task + 1] ?? 0) && waits.length < partsMax; at++) {
    const source = sourceNode(run, range, sources[at] ?? 0);
    const status = statusOfNode(run, source);
    if (isDone(status)) continue;
    const id = taskIdOf(run, source);
    waits.push({
      cause: WaitCause.WAIT_CAUSE_NEEDS,
      message: `it needs \`${id}\`, which ${statusClause(taskStatusName(status))}`,
      subject: id,
      present: true,
    });
  }
  return waits;
}

function skippedBecause(
  run: RunView,
  range: RangeView,
  number: number,
  status: TaskStatus,
): string | undefined {
  if (status !== TaskStatus.TASK_STATUS_SKIPPED || range.isEntries) return undefined;
  if (range.open[number - range.first] !== -1) return "its condition is false";
  const { offsets, sources } = range.plan.predecessors;
  const task = range.firstTask + number - range.first;
  const unmet: string[] = [];
  for (let at = offsets[task] ?? 0; at < (offsets[task + 1] ?? 0) && unmet.length < partsMax; at++) {
    const source = sourceNode(run, range, sources[at] ?? 0);
    const sourceStatus = statusOfNode(run, source);
    if (isDone(sourceStatus)) unmet.push(`\`${taskIdOf(run, source)}\` ${taskStatusName(sourceStatus)}`);
  }
  return `what it needs did not end as it has to: ${unmet.join(", ")}`;
}

function failuresOf(run: RunView, node: NodeView, task: string): Partial<FailedAttempt>[] {
  const failed = (node.more?.failures ?? []).map(({ attempt, agent, starter, endMs, error }) => ({
    task,
    attempt: displayedAttempt(node, attempt),
    agentId: agent || starter,
    failTime: toTimestamp(endMs),
    error: displayedError(error),
  }));
  const { TASK_STATUS_FAILED, TASK_STATUS_PAUSED } = TaskStatus;
  const isRecorded = node.more?.failures.at(-1)?.attempt === node.attempt;
  return node.status === TASK_STATUS_FAILED || (node.status === TASK_STATUS_PAUSED && !isRecorded)
    ? [failureOf(run, node), ...failed.reverse()]
    : failed.reverse();
}

/**
 * Returns the number of an attempt as users count it: in each turn of a durable function from 1, also in the
 * turn that failed it.
 */
function displayedAttempt(node: NodeView, attempt: number): number {
  const { last = 0 } = stateOfKind(node, "function")?.journal ?? {};
  if (last === 0 || attempt < last) return attempt;
  return Math.max(1, attempt - last);
}

function failureOf(run: RunView, node: NodeView): FailedAttempt {
  return {
    task: taskIdIn(run, node.range, node.number),
    attempt: displayedAttempt(node, node.attempt),
    agentId: node.agent,
    failTime: node.endAt < 0 ? undefined : toTimestamp(run.createMs + node.endAt),
    error: bounded(node.error),
  };
}

/** Returns the wait of a run of states. */
function waitOfState(run: RunView): Partial<Wait>[] {
  const state = stateOf(run);
  if (state === undefined || run.phase !== RunPhase.RUN_PHASE_GOING || nextMove(run) !== undefined) return [];
  const signals = state.on.map(({ signal }) => signal);
  const dueMs = stateDueMs(run);
  const exits = [
    ...(signals.length > 0 ? [`a signal ${signals.join(" or ")}`] : []),
    ...(dueMs > 0 ? ["its time"] : []),
    ...(state.run >= 0 ? ["the end of its activity"] : []),
    ...(state.always.length > 0 ? ["a guard that holds"] : []),
  ];
  const [subject = ""] = signals;
  return [
    {
      cause: signals.length > 0 || dueMs === 0 ? WaitCause.WAIT_CAUSE_SIGNAL : WaitCause.WAIT_CAUSE_TIMER,
      message: `it is in the state ${state.name} and waits for ${exits.join(", or ") || "nothing: the state has no transitions"}`,
      subject,
      startTime: toTimestamp(run.more?.states?.stateMs ?? 0),
      ...(dueMs > 0 ? { endTime: toTimestamp(dueMs) } : {}),
      present: true,
    },
  ];
}
