/**
 * Groups of the open tasks of a run that have the same status and wait. One task of each group is explained
 * in full. The service adds the data of pools for that task, and it applies to the others too.
 */

import {
  type Explanation,
  Explanation as Explanations,
  TaskStatus,
  type Wait,
  WaitCause,
  Wait as Waits,
} from "@tutti/contracts/types/v1";
import { counted, sentences } from "@tutti/kernel";
import { isDone } from "@tutti/machine-work";
import { stateOfKind, stateOfParts } from "../../core/state/kind-state.ts";
import { statusOfNode, taskIdOf } from "../../core/state/places.ts";
import type { NodeView, RunView } from "../../core/state/state.ts";

export interface TaskGroup {
  /** Number of tasks in the group. */
  readonly count: number;
  /** Ids of its first tasks. */
  readonly taskIds: readonly string[];
  /** Reason of their wait. Undefined if they are running. */
  readonly wait: Wait | undefined;
  /** Explanation of the first one. Undefined if the tasks are only counted. */
  readonly first: Explanation | undefined;
}

/** The explanation of a run, before it becomes text. */
export interface RunExplanation {
  /** Status of the run itself. */
  readonly lead: string;
  readonly explanation: Explanation;
  readonly taskGroups: readonly TaskGroup[];
}

/** Nodes that are read. */
const scannedMax = 200_000;
const groupsMax = 20;
const idsMax = 3;

interface Group {
  readonly first: number;
  readonly ids: string[];
  count: number;
}

export function taskGroupsOf(run: RunView, explain: (node: number) => Explanation): readonly TaskGroup[] {
  const groups = new Map<string, Group>();
  for (const node of run.nodes.slice(0, scannedMax)) if (node !== undefined) join(groups, run, node);
  const taskGroups = [...groups.values()].slice(0, groupsMax).map(({ first, ids, count }): TaskGroup => {
    const explained = explain(first);
    return { count, taskIds: ids, wait: explained.waits[0], first: explained };
  });
  const pending = run.counts[TaskStatus.TASK_STATUS_PENDING] ?? 0;
  if (pending > 0) taskGroups.push({ ...others, count: pending });
  const owners = ownersInProgress(run);
  if (owners.count > 0) taskGroups.push(owners);
  return taskGroups;
}

const others: Omit<TaskGroup, "count"> = {
  taskIds: [],
  wait: Waits.fromPartial({
    cause: WaitCause.WAIT_CAUSE_NEEDS,
    message: "tasks that have not ended come before",
    present: true,
  }),
  first: undefined,
};

/** Returns the lists, loops, functions and agents that wait for their parts. The parts are explained in their place. */
function ownersInProgress(run: RunView): TaskGroup {
  const owners = run.nodes
    .slice(0, scannedMax)
    .filter((node) => node !== undefined && isOpen(run, node) && isItsParts(run, node));
  const taskIds = owners.slice(0, idsMax).flatMap((node) => (node ? [taskIdOf(run, node.number)] : []));
  return { count: owners.length, taskIds, wait: forParts, first: undefined };
}

const forParts = Waits.fromPartial({ message: "its inner tasks have not ended", present: true });

/** Adds a task to its group: tasks of one kind, at one place of the definition, with one status. */
function join(groups: Map<string, Group>, run: RunView, node: NodeView): void {
  const { status, range, task, number } = node;
  if (!isOpen(run, node) || isItsParts(run, node)) return;
  const key = `${range.planPlace}.${task}.${status}`;
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { first: number, ids: [taskIdOf(run, number)], count: 1 });
  else {
    group.count++;
    if (group.ids.length < idsMax) group.ids.push(taskIdOf(run, number));
  }
}

function isOpen(run: RunView, { status, number }: NodeView): boolean {
  return !isDone(status) && statusOfNode(run, number) !== TaskStatus.TASK_STATUS_PENDING;
}

/**
 * Returns whether the parts represent the node: a list or loop in progress, or a function or agent that waits
 * for its calls.
 */
function isItsParts(run: RunView, node: NodeView): boolean {
  const calls = stateOfKind(node, "function")?.journal.open.size ?? 0;
  if (calls > 0) return node.status === TaskStatus.TASK_STATUS_WAITING;
  const parts = run.ranges[stateOfParts(node)?.parts ?? 0];
  return parts !== undefined && parts.owner === node.number && parts.remaining > 0;
}

/** Joins groups that wait for the same thing, the largest first. */
function joined(taskGroups: readonly TaskGroup[]): readonly TaskGroup[] {
  const byWait = new Map<string, TaskGroup>();
  for (const group of taskGroups) {
    const { wait } = group;
    const key = wait === undefined ? "" : `${wait.cause} ${isShared.has(wait.cause) ? wait.subject : ""}`;
    const known = byWait.get(key);
    byWait.set(
      key,
      known === undefined
        ? group
        : {
            ...known,
            count: known.count + group.count,
            taskIds: [...known.taskIds, ...group.taskIds].slice(0, idsMax),
          },
    );
  }
  return [...byWait.values()].sort((one, other) => other.count - one.count);
}

const {
  WAIT_CAUSE_UNSPECIFIED,
  WAIT_CAUSE_NEEDS,
  WAIT_CAUSE_TIMER,
  WAIT_CAUSE_SIGNAL,
  WAIT_CAUSE_EVENT,
  WAIT_CAUSE_APPROVAL,
  WAIT_CAUSE_CHILD,
  WAIT_CAUSE_BACKOFF,
  WAIT_CAUSE_LIMIT,
  WAIT_CAUSE_NO_CAPABILITY,
  WAIT_CAUSE_NO_MATCH,
  WAIT_CAUSE_BUSY,
  WAIT_CAUSE_BEHIND_OTHERS,
  WAIT_CAUSE_SLOWED_DOWN,
  WAIT_CAUSE_PAUSED,
  WAIT_CAUSE_OWNER,
  WAIT_CAUSE_POLICY,
} = WaitCause;

/** Causes whose groups are joined only if their subject is the same. */
const isShared: ReadonlySet<WaitCause> = new Set([
  ...[WAIT_CAUSE_SIGNAL, WAIT_CAUSE_EVENT, WAIT_CAUSE_LIMIT],
  ...[WAIT_CAUSE_NO_CAPABILITY, WAIT_CAUSE_NO_MATCH, WAIT_CAUSE_BUSY, WAIT_CAUSE_PAUSED],
]);

/** Causes within the run. No remedy is about them. */
const isOfRun: ReadonlySet<WaitCause> = new Set([WAIT_CAUSE_NEEDS, WAIT_CAUSE_UNSPECIFIED]);

const phrases: Readonly<Partial<Record<WaitCause, (subject: string) => string>>> = {
  [WAIT_CAUSE_UNSPECIFIED]: () => "for inner tasks",
  [WAIT_CAUSE_NEEDS]: () => "for the tasks before",
  [WAIT_CAUSE_TIMER]: () => "for a time",
  [WAIT_CAUSE_SIGNAL]: (subject) => (subject === "" ? "for a signal" : `for the signal ${subject}`),
  [WAIT_CAUSE_EVENT]: (subject) => `for the event ${subject}`,
  [WAIT_CAUSE_APPROVAL]: () => "for a person's decision",
  [WAIT_CAUSE_CHILD]: () => "for a child",
  [WAIT_CAUSE_BACKOFF]: () => "for the pause before another attempt",
  [WAIT_CAUSE_LIMIT]: (subject) => `for the limit ${subject}`,
  [WAIT_CAUSE_NO_CAPABILITY]: (subject) => `because no worker offers ${subject}`,
  [WAIT_CAUSE_NO_MATCH]: (subject) => `because no agent for ${subject} matches the requirements`,
  [WAIT_CAUSE_BUSY]: (subject) => (subject === "" ? "for an agent" : `for an agent with room for ${subject}`),
  [WAIT_CAUSE_BEHIND_OTHERS]: () => "behind other work",
  [WAIT_CAUSE_SLOWED_DOWN]: () => "because agents are overloaded",
  [WAIT_CAUSE_OWNER]: () => "for its pool",
  [WAIT_CAUSE_POLICY]: () => "for a person with the permission",
};

/** Returns the explanation as a sentence, and as waits of the run with their counts. */
export function explanationOf({ lead, explanation, taskGroups: each }: RunExplanation): Explanation {
  const taskGroups = joined(each);
  const clauses = taskGroups.map((group) => `${clauseOf(group)}${namesOf(group)}`);
  const waits = taskGroups.flatMap((group) => {
    const { wait, count } = group;
    if (wait === undefined || isOfRun.has(wait.cause)) return [];
    const message = `${counted(count, "task")}${namesOf(group)}: ${wait.message}`;
    return [{ ...wait, message }];
  });
  return Explanations.fromPartial({
    ...explanation,
    summary: sentences(`${lead}${clauses.length === 0 ? "" : `: ${clauses.join(", ")}`}`),
    waits: [...explanation.waits, ...waits],
    parts: each.flatMap(({ first }) => (first === undefined ? [] : [first])),
  });
}

function clauseOf({ count, wait }: TaskGroup): string {
  if (wait === undefined) return `${counted(count, "is", "are")} running`;
  const phrase = phrases[wait.cause]?.(wait.subject) ?? `because ${wait.message}`;
  return `${counted(count, "waits", "wait")} ${phrase}`;
}

function namesOf({ taskIds, count }: TaskGroup): string {
  if (taskIds.length === 0) return "";
  const more = count > taskIds.length ? ` and ${count - taskIds.length} more` : "";
  return ` (${taskIds.map((id) => `\`${id}\``).join(", ")}${more})`;
}
