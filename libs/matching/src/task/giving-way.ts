/**
 * Running work that gives way to more urgent work, where a pool is set so.
 *
 * 1. Each task that comes to wait is looked at once, after all that could be assigned was: when no agent has room for
 *    it, one attempt that is less urgent by enough is asked to end. The least urgent one, and of those the youngest.
 * 2. Who gives way has not failed: unless it is done in time, it waits again, as one that comes now, with what it saved.
 * 3. Only work of its own namespace gives way to a task: what one tenant calls urgent ends nothing of another.
 * 4. It waits again in a later turn: by then its agent has been told that the attempt is over, and may get it again.
 */

import type { PoolCore } from "../books.ts";
import { isEverFit, isFit } from "../demand/fit.ts";
import type { Agent, Demand, Task } from "../parts.ts";
import { requeue } from "./attempts.ts";
import { detach } from "./releasing.ts";
import { rankOf } from "./waiting.ts";

/** So many agents are looked at for one task. */
const lookedAtMax = 256;

/** A task waits that may be more urgent than what runs. */
export function noteUrgent(core: PoolCore, task: Task): void {
  if (core.settings.preemption.priorityDifference > 0) core.urgent.push(task);
}

/** Has less urgent work give way to what came to wait and found no room. */
export function makeWay(core: PoolCore, nowMs: number): void {
  if (core.urgent.length === 0) return;
  const { graceMs } = core.settings.preemption;
  /** The highest priority for which no task gave way, by what was asked for: of a flood one is looked at. */
  const fruitless = new Map<Demand, number>();
  for (const task of core.urgent.splice(0)) {
    const { demand, priority } = task;
    if (task.stage !== "queued" || priority <= (fruitless.get(demand) ?? Number.NEGATIVE_INFINITY)) continue;
    const victim = leastUrgent(core, task, nowMs);
    if (victim === undefined) {
      fruitless.set(demand, priority);
      continue;
    }
    victim.yields = true;
    const reason = `it gives way to ${task.offer.workId}/${task.offer.taskId}, which is more urgent`;
    victim.agent?.link?.outgoing.cancels.push({ token: victim.offer.token, reason, graceMs });
  }
}

function leastUrgent(core: PoolCore, task: Task, nowMs: number): Task | undefined {
  const { priorityDifference, spareAfterMs } = core.settings.preemption;
  const most = task.priority - priorityDifference;
  let least: Task | undefined;
  let lookedAt = 0;
  for (const { cohort } of task.demand.matches) {
    for (const agent of cohort.agents) {
      if (++lookedAt > lookedAtMax) return least;
      if (!agent.isAble || !isEverFit(agent, task.demand.fit)) continue;
      for (const other of agent.tasks()) {
        const isSpared = spareAfterMs > 0 && nowMs - other.assignedMs >= spareAfterMs;
        if (other.priority > most || isSpared || !mayYield(other, agent, task)) continue;
        if (least === undefined || isLessUrgent(other, least)) least = other;
      }
    }
  }
  return least;
}

/** Returns whether it can give way, and what its agent has free then is enough. */
function mayYield(other: Task, agent: Agent, task: Task): boolean {
  if (other.stage !== "working" || other.yields || other.twin?.original !== undefined) return false;
  if (other.twin?.copy !== undefined || other.profile.namespace !== task.profile.namespace) return false;
  const { fit } = task.demand;
  if (isFit(agent, fit)) return true;
  // What is set aside there for others is not had by ending something.
  if (fit.side?.admits(agent, fit) === false) return false;
  return fit.resources.every(([name, amount]) => {
    const own = other.demand.fit.resources.find(([resource]) => resource === name)?.[1] ?? 0;
    return agent.freeOf(name) + own >= amount;
  });
}

function isLessUrgent(one: Task, other: Task): boolean {
  return (
    one.priority < other.priority || (one.priority === other.priority && one.assignedMs > other.assignedMs)
  );
}

/** Its agent has given it up. */
export function giveUp(core: PoolCore, task: Task, nowMs: number): void {
  detach(core, task, true, nowMs);
  core.watch(task);
}

/** It waits again, behind those that it gave way to. */
export function waitAgain(core: PoolCore, task: Task, nowMs: number): void {
  task.yields = false;
  task.rank = rankOf(core, { readyMs: nowMs, priority: task.priority }, task.dueWantedMs);
  requeue(core, task, nowMs);
}
