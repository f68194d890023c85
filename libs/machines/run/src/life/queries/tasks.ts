/** Tasks as messages of the contracts. */

import { type NeedCondition, type Outcome, TaskStatus } from "@tutti/contracts/types/v1";
import { type Attempt, type Task, Task as Tasks } from "@tutti/contracts/workflow/v1";
import { capabilityNames, type PlanTask, planKinds } from "@tutti/definitions";
import { type Query, type Refusal, toTimestamp } from "@tutti/kernel";
import { asPayload, bounded, type Data, isDone } from "@tutti/machine-work";
import { displayedError, lastLoss, messageOf } from "../../core/attempt/losses.ts";
import { hasOutput, outputOf } from "../../core/evaluate/outputs.ts";
import { chosenWork, isOffered } from "../../core/plan/offer-profile.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import {
  currentRanges,
  findNode,
  rangePlace,
  rangeViewOf,
  statusOfNode,
  taskIdIn,
  taskIdOf,
  taskOf,
} from "../../core/state/places.ts";
import type { NodeView, RangeView, Run, RunView } from "../../core/state/state.ts";
import { momentOf } from "../../core/state/times.ts";
import { runErrors } from "../../errors.ts";

export interface ShowTasksOptions {
  /** Empty means any. */
  readonly statuses: readonly TaskStatus[];
  /** Entries, rounds and additions of this task. Empty means all tasks. */
  readonly parentTaskId: string;
  readonly topOnly: boolean;
  /** Text in the id, the title, or the message of the error, ignoring case. Empty means any. */
  readonly text: string;
  readonly withPayloads: boolean;
  /** Number of the first node. */
  readonly from: number;
  readonly size: number;
}

export interface TasksPage {
  readonly tasks: readonly Task[];
  /** Number of the node of the next page; -1 at the end. */
  readonly next: number;
}

/** Nodes that one page reads, matching or not: the next page continues from there. */
const scannedMax = 20_000;

export const showTasks: Query<Run, ShowTasksOptions, TasksPage | Refusal> = {
  type: "tasks",
  answer(run, filter, { key }) {
    if (run.order === undefined) return runErrors.runMissing.refusal({ id: key.id });
    const { parentTaskId: parent, size } = filter;
    const owner = parent === "" ? -1 : findNode(run, parent);
    if (owner === undefined) return runErrors.taskMissing.refusal({ id: key.id, task: parent });
    const tasks: Task[] = [];
    const until = Math.min(run.nodeCount, filter.from + scannedMax);
    const current = currentRanges(run);
    for (let number = Math.max(0, filter.from); number < until; number++) {
      if (tasks.length >= size) return { tasks, next: number };
      if (current.has(rangePlace(run.ranges, number)) && matches(run, number, owner, filter))
        tasks.push(taskMessage(run, number, filter.withPayloads));
    }
    return { tasks, next: until < run.nodeCount ? until : -1 };
  },
};

function matches(run: RunView, number: number, owner: number, filter: ShowTasksOptions): boolean {
  const { statuses, topOnly, text, parentTaskId } = filter;
  const range = rangeViewOf(run, number);
  if (parentTaskId !== "" ? range.owner !== owner : topOnly && range.owner >= 0) return false;
  if (statuses.length > 0 && !statuses.includes(statusOfNode(run, number))) return false;
  if (text === "") return true;
  const { title } = taskOf(range, number);
  const searched = `${taskIdIn(run, range, number)}\n${title}\n${run.nodes[number]?.error?.message ?? ""}`;
  return searched.toLowerCase().includes(text.toLowerCase());
}

export const showTask: Query<Run, { readonly taskId: string }, Task | Refusal> = {
  type: "task",
  answer(run, { taskId }, { key }) {
    if (run.order === undefined) return runErrors.runMissing.refusal({ id: key.id });
    const number = findNode(run, taskId);
    if (number === undefined) return runErrors.taskMissing.refusal({ id: key.id, task: taskId });
    return taskMessage(run, number, true);
  },
};

function taskMessage(run: RunView, number: number, withPayloads: boolean): Task {
  const range = rangeViewOf(run, number);
  const node = run.nodes[number];
  const task = taskOf(range, number);
  const { labels, priority } = run.facts;
  const policy = range.plan.policy(task);
  return Tasks.fromPartial({
    taskId: taskIdIn(run, range, number),
    title: task.title || task.id,
    kind: planKinds[task.kind],
    uses: usesOf(range, number, node?.more?.details?.capability ?? 0),
    needs: needsOf(range, number),
    parentTaskId: range.owner < 0 ? "" : taskIdOf(run, range.owner),
    status: statusOfNode(run, number),
    statusReason: node?.more?.repairReason || (node && messageOf(node)) || node?.error?.message || "",
    labels: { ...labels, ...node?.more?.details?.labels },
    priority: priority + policy.priority,
    gang: policy.gang ?? "",
    ...(node === undefined ? {} : nodeFields(run, node, withPayloads)),
    ...(task.kind === "function" &&
      node !== undefined &&
      hasStarted(node) && { startTime: readyTimeOf(run, node) }),
  } as Parameters<typeof Tasks.fromPartial>[0]);
}

function nodeFields(run: RunView, node: NodeView, withPayloads: boolean) {
  const { more } = node;
  const { childId = "" } = stateOfKind(node, "child") ?? {};
  const at = (offset: number) => (offset < 0 ? undefined : toTimestamp(run.createMs + offset));
  return {
    ...(withPayloads && { input: asPayload(node.input as Data | undefined) }),
    outcome: outcomeOf(run, node, withPayloads),
    attempts: attemptsOf(run, node),
    attemptCount: node.attempt - (more?.undo?.attempts ?? 0),
    nextTime: momentOf(more?.dueMs ?? 0),
    readyTime: readyTimeOf(run, node),
    startTime: at(node.startAt),
    endTime: at(node.endAt),
    child: childId ? { namespace: run.key.namespace, kind: "run", id: childId, task: "" } : undefined,
    fromCache: more?.fromCache ?? false,
    cacheEntry: more?.cacheKey ?? "",
    cacheMiss: more?.cacheMiss,
    sentBack: more?.review?.sentBack ?? 0,
    used: more?.used,
  };
}

/**
 * Returns whether the task has started. A durable function runs from its first turn to its last. The node has
 * the start of the latest turn.
 */
function hasStarted({ attempt, startAt }: NodeView): boolean {
  return attempt > 1 || startAt >= 0;
}

function readyTimeOf({ createMs }: RunView, { readyAt }: NodeView) {
  return readyAt < 0 ? undefined : toTimestamp(createMs + readyAt);
}

function outcomeOf(run: RunView, node: NodeView, withPayloads: boolean): Outcome | undefined {
  if (!isDone(node.status)) return undefined;
  if (node.status === TaskStatus.TASK_STATUS_FAILED)
    return { result: { $case: "failed", value: bounded(node.error) } };
  if (node.status === TaskStatus.TASK_STATUS_CANCELLED)
    return { result: { $case: "cancelled", value: bounded(node.error) } };
  if (!hasOutput(run, node.number)) return undefined;
  const output = withPayloads ? asPayload(outputOf(run, node.number)) : undefined;
  return { result: { $case: "completed", value: output ?? { body: undefined, mediaType: "" } } };
}

/** Returns the kept failed attempts and the latest one. */
function attemptsOf(run: RunView, node: NodeView): Partial<Attempt>[] {
  const failed = (node.more?.failures ?? []).map(
    ({ attempt, agent, starter, queueMs, startMs, endMs, error, undo }) => ({
      compensation: undo,
      number: attempt,
      agentId: agent || starter,
      pool: poolOf(run, node, undo),
      queueTime: momentOf(queueMs),
      startTime: momentOf(startMs),
      endTime: momentOf(endMs),
      error: displayedError(error),
    }),
  );
  if (node.attempt === 0 || failed.at(-1)?.number === node.attempt) return failed;
  const at = (offset: number) => (offset < 0 ? undefined : toTimestamp(run.createMs + offset));
  const undoMs = node.more?.undo?.queueMs ?? 0;
  const compensation = undoMs > 0 && run.createMs + node.queueAt >= undoMs;
  return [
    ...failed,
    {
      number: node.attempt,
      agentId: node.agent,
      pool: poolOf(run, node, isUndoing(node)),
      queueTime: at(node.queueAt),
      startTime: at(node.startAt),
      // The end of the task is not that of its compensation.
      ...(compensation ? { compensation } : { endTime: at(node.endAt) }),
      ...(node.error === undefined ? {} : { error: bounded(node.error) }),
      progress: node.more?.fraction ?? 0,
      message: lastLoss(node) === undefined ? (node.more?.message ?? "") : "",
    },
  ];
}

/** Returns the pool. Empty if no pool chooses an agent. */
function poolOf(run: RunView, { range, task }: NodeView, isUndo: boolean): string {
  if (!isUndo && !isOffered(range.plan.task(task) as PlanTask)) return "";
  return range.plan.profile(task, run.order?.pool ?? "", isUndo).pool || "default";
}

function isUndoing({ status }: NodeView): boolean {
  return status === TaskStatus.TASK_STATUS_COMPENSATING || status === TaskStatus.TASK_STATUS_COMPENSATED;
}

function needsOf(range: RangeView, number: number) {
  if (range.isEntries) return [];
  const { offsets, sources, conditions } = range.plan.predecessors;
  const task = range.firstTask + number - range.first;
  const needs: { task: string; condition: NeedCondition }[] = [];
  for (let at = offsets[task] ?? 0; at < (offsets[task + 1] ?? 0); at++) {
    const source = range.plan.task(sources[at] ?? 0);
    needs.push({ task: source.id, condition: ((conditions[at] ?? 0) + 1) as NeedCondition });
  }
  return needs;
}

/** @param choice number of the computed capability, from 1. 0 if it is not known yet */
function usesOf(range: RangeView, number: number, choice: number): string {
  const work = range.plan.work(taskOf(range, number));
  switch (work.kind) {
    case "uses":
    case "function":
      return capabilityNames(chosenWork(work, choice));
    case "workflow":
    case "mission":
      return work.label === "" ? work.definition : `${work.definition}@${work.label}`;
    default:
      return "";
  }
}
