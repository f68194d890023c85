import { PoolLimit } from "@tutti/contracts/swarm/v1";
import type { WorkReference } from "@tutti/contracts/types/v1";
import { namedMax } from "../bounds.ts";
import type { Limits } from "../limits/limit-book.ts";
import type { Limit } from "../limits/room.ts";
import { isWaiting } from "../task/queueing.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import { workOf } from "./work.ts";

/** Returns the rules that are set, and the keys in use, by key. Reads all tasks: for user requests. */
export function limitViews(tasks: Tasks, limits: Limits): PoolLimit[] {
  const views: PoolLimit[] = [];
  const inUse = new Set<string>();
  const retrying = retryingOf(tasks);
  for (const limit of limits.limits) {
    const { key, held, waiting, amounts } = limit;
    const { maxConcurrent, rate } = limit.allowance;
    if (amounts === undefined) inUse.add(key);
    views.push({
      ...PoolLimit.create(),
      key,
      maxConcurrent,
      rate: rate && { ...rate },
      queued: waiting,
      description: amounts === undefined ? (limits.rules.get(key)?.description ?? "") : "",
      running: amounts === undefined ? held : countOf(tasks, limit),
      ...(amounts !== undefined && { resource: amounts.resource, maxAmount: amounts.most, amount: held }),
      retrying: retrying.get(limit) ?? 0,
      holders: limit.held === 0 ? [] : holdersOf(tasks, (each) => each === limit),
    });
  }
  for (const { key, maxConcurrent, rate, description } of limits.rules.values())
    if (!inUse.has(key))
      views.push({ ...PoolLimit.create(), key, maxConcurrent, rate: rate && { ...rate }, description });
  const placeOf = ({ key, resource }: PoolLimit) => `${key}\n${resource}`;
  return views.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
}

/** Counts tasks that wait for another attempt, by their limits. */
function retryingOf(tasks: Tasks): ReadonlyMap<Limit<Task>, number> {
  const counts = new Map<Limit<Task>, number>();
  for (const task of tasks.values()) {
    if (task.attempt <= 1 || !isWaiting(task)) continue;
    for (const limit of task.extras?.limits ?? []) counts.set(limit, (counts.get(limit) ?? 0) + 1);
  }
  return counts;
}

/** Returns how many attempts count against a limit, optionally of one namespace. Reads all tasks. */
export function countOf(tasks: Tasks, limit: Limit<Task>, namespace?: string): number {
  return attemptsOf(tasks, (each) => each === limit, namespace).length;
}

/** Returns the work that counts against a limit, optionally of one namespace. Reads all tasks. */
export function holdersOf(
  tasks: Tasks,
  isSelected: (limit: Limit<Task>) => boolean,
  namespace?: string,
): WorkReference[] {
  return attemptsOf(tasks, isSelected, namespace).slice(0, namedMax).map(workOf);
}

function attemptsOf(
  tasks: Tasks,
  isSelected: (limit: Limit<Task>) => boolean,
  namespace: string | undefined,
): Task[] {
  return [...tasks.values()].filter(
    ({ agent, extras, profile }) =>
      agent !== undefined &&
      extras?.limits.some(isSelected) === true &&
      (namespace === undefined || profile.namespace === namespace),
  );
}
