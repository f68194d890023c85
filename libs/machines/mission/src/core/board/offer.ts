/** Builds offers to a pool from the state alone. */
import type { Amounts } from "@tutti/contracts/types/v1";
import type { OfferDetails } from "@tutti/contracts/workflow/v1";
import { fromTimestamp } from "@tutti/kernel";
import { add, isNothing } from "@tutti/machine-work";
import { expectedFor } from "../budget/accounting.ts";
import type { OfferBoardTask, StartMissionChild } from "../state/effects.ts";
import { depthDefault } from "../state/limits.ts";
import { hasOwnBudget } from "../state/own-budget.ts";
import { type Mission, type MissionView, specOf, type Task, type TaskView } from "../state/state.ts";
import { inputOf } from "./input.ts";

export function offerOf(mission: Mission, task: Task): OfferBoardTask {
  const { profile, spec, readyMs } = task;
  if (profile === undefined) throw new TypeError("a child is started, not offered");
  const { totalMs } = profile.timeouts;
  return {
    kind: "offer_task",
    profile,
    taskId: spec.id,
    input: inputOf(task),
    attempt: task.tries,
    facts: factsOf(mission),
    readyMs,
    totalDueMs: totalMs > 0 ? readyMs + totalMs : 0,
    details: task.details ?? plainDetails(task),
    saved: task.saved,
    onlyAgents: task.onlyAgents,
    notAgents: task.notAgents,
    traceparent: traceOf(mission),
    budget: budgetOf(mission, task),
    share: mission.order?.spec?.share,
    gang: task.gang,
  };
}

/** Returns the trace of the start: all work of a mission belongs to it. */
function traceOf({ createCause }: Mission): string {
  return createCause?.traceparent ?? "";
}

function factsOf({ order }: Mission) {
  const { priority = 0, dueTime, labels } = order?.spec ?? {};
  return {
    labels: { ...labels, ...order?.labels },
    priority,
    dueMs: dueTime === undefined ? 0 : fromTimestamp(dueTime),
  };
}

/** Returns the literal details of the specification. Undefined if it has none. */
export function plainDetails({ spec }: Pick<Task, "spec">): OfferDetails | undefined {
  const { labels, limits, idempotencyKey, placement, dueTime } = spec;
  const { stickyKey = "", contextKey = "" } = placement ?? {};
  const isPlain =
    Object.keys(labels).length + limits.length === 0 &&
    idempotencyKey === "" &&
    stickyKey === "" &&
    contextKey === "" &&
    dueTime === undefined;
  if (isPlain) return undefined;
  return {
    labels: { ...labels },
    limitKeys: limits.map(({ key }) => key),
    idempotencyKey,
    stickyKey,
    contextKey,
    dueMs: dueTime === undefined ? 0 : fromTimestamp(dueTime),
    cacheKey: "",
    cacheTags: [],
    capability: 0,
  };
}

/**
 * Returns the budget of an attempt, as its agent receives it: the reservation at the start, even if it
 * changes later.
 */
function budgetOf(mission: Mission, task: Task): Amounts | undefined {
  const budget = expectedFor(mission, task);
  add(budget, task.authority?.budget);
  return isNothing(budget) ? undefined : budget;
}

/** Returns how many further levels of children are allowed. */
export function depthLeftOf({ order }: Pick<Mission, "order">): number {
  const own = order?.spec?.budget?.maxDepth || depthDefault;
  return order?.depthLeft === undefined ? own : Math.min(own, order.depthLeft);
}

/** Builds the request to start the child of a task. */
export function startOf(mission: Mission, task: Task): StartMissionChild {
  const { work } = task.spec;
  const isMission = work?.$case === "mission";
  const reference = work?.$case === "workflow" || work?.$case === "mission" ? work.value : undefined;
  const { order, key } = mission;
  return {
    kind: "start_child",
    childKind: isMission ? "mission" : "run",
    childId: task.childId,
    definition: reference?.name ?? "",
    label: reference?.version?.$case === "label" ? reference.version.value : "",
    hash: reference?.version?.$case === "hash" ? reference.version.value : "",
    input: inputOf(task),
    parameters: undefined,
    taskId: task.spec.id,
    facts: factsOf(mission),
    traceparent: traceOf(mission),
    budget: task.reserved && { ...task.reserved },
    depth: (order?.depth ?? 0) + 1,
    depthLeft: Math.max(0, depthLeftOf(mission) - 1),
    root: order?.root ?? { namespace: key.namespace, kind: "mission", id: key.id, task: "" },
    share: order?.spec?.share,
  };
}

/**
 * Returns whether a task can be claimed while it waits. A task with limits by key or a gang cannot if its
 * pool can assign it: pools enforce limits and start gangs, and a claim would bypass them.
 */
export function canBeClaimed(
  mission: Parameters<typeof specOf>[0],
  { spec }: Pick<TaskView, "spec">,
): boolean {
  const { isOffered, isClaimable } = assignmentOf(mission);
  return isClaimable && !(isOffered && (spec.limits.length > 0 || spec.gang !== ""));
}

/** Returns whether tasks are offered to pools, and whether they can be claimed. */
export function assignmentOf(mission: Parameters<typeof specOf>[0]) {
  const { assignment } = specOf(mission);
  return { isOffered: assignment !== 2, isClaimable: assignment !== 1 };
}

/** Returns whether a claim of the task reserves nothing more: an offered task has its reservation already. */
export function isPaidFor(mission: MissionView, task: TaskView): boolean {
  return assignmentOf(mission).isOffered || hasOwnBudget(task);
}
