/** Tasks that wait: in their queue, for a limit, for the agent of their key, for their sender. */
import type { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { PoolCore } from "../books.ts";
import { namedMax } from "../bounds.ts";
import type { Agent, Extras, Limit, Side, Task } from "../parts.ts";
import { partyOf, partyWeightOf } from "../queue/share.ts";

const never = Number.POSITIVE_INFINITY;

/** Where a task stands in the order, which time does not change. */
export function rankOf(
  core: PoolCore,
  { readyMs, priority }: Pick<Task, "readyMs" | "priority">,
  dueMs: number,
): number {
  const { ageingMs, dueLeadMs } = core.settings;
  return Math.min(readyMs, dueMs - dueLeadMs) - priority * ageingMs;
}

/** What the order goes by has changed: everything that waits is put where it belongs now. */
export function rankAnew(core: PoolCore): void {
  for (const task of core.tasks.values()) {
    task.rank = rankOf(core, task, task.dueWantedMs);
    moveInOrder(task);
  }
}

/** The rank of a task is another one than before. */
export function moveInOrder(task: Task): void {
  const { stage, share, extras } = task;
  if (stage === "queued") share?.move(task);
  else if (stage === "limited") extras?.limits.find(({ id }) => id === extras.waitsFor)?.move(task);
}

/** Puts a task into its queue. */
export function enqueue(task: Task): void {
  task.stage = "queued";
  const share = task.demand.shareOf(partyOf(task), partyWeightOf(task));
  task.share = share;
  share.add(task);
}

/** Takes a task that waits from wherever it waits. */
function dequeue(core: PoolCore, task: Task, nowMs: number): void {
  const { stage, share, extras } = task;
  if (stage === "queued") {
    task.share = undefined;
    share?.remove(task);
  } else if (stage === "limited") extras?.limits.find((limit) => limit.id === extras.waitsFor)?.leave(task);
  if (stage === "hooked") core.hooks?.forget(task);
  if (extras !== undefined) {
    sleepAgain(core, task, extras, nowMs);
    unbind(core, task, extras);
  }
}

/** From now on it may have something else of agents with certain labels, wherever it stands. */
export function takeSide(core: PoolCore, task: Task, side: Side | undefined, nowMs: number): void {
  const { demand: before } = task;
  if (before.fit.side === side) return;
  const isInLine = task.stage === "limited" || task.share !== undefined;
  if (task.stage === "limited") leaveLimit(task, nowMs);
  if (isInLine) {
    task.stage = "queued";
    dequeue(core, task, nowMs);
  }
  // Dequeued, it asks for what it asked for before it was bound.
  const { demand } = task;
  task.demand = core.demands.sided(demand, side);
  core.demands.giveBack(demand);
  if (isInLine) enqueue(task);
}

/** It waits for an agent, or for what hooks have to say before. */
export function enter(core: PoolCore, task: Task): void {
  if (core.hooks?.receives(task) === true) task.stage = "hooked";
  else enqueue(task);
}

/** Takes a task aside when one of its limits is full. */
export function holdBack(core: PoolCore, task: Task, extras: Extras, nowMs: number): boolean {
  const full = core.limits.fullOf(extras.limits, nowMs, task.demand);
  if (full === undefined) return false;
  task.share?.remove(task);
  task.share = undefined;
  const isBack = extras.wokenBy === full;
  sleepAgain(core, task, extras, nowMs);
  unbind(core, task, extras);
  task.stage = "limited";
  extras.waitsFor = full.id;
  extras.waitsSinceMs = nowMs;
  full.wait(task, isBack);
  core.limits.wake(full, nowMs);
  return true;
}

export function isLimitedBy({ stage, extras }: Task, limit: Limit): boolean {
  return stage === "limited" && extras?.waitsFor === limit.id;
}

/** It does not wait for its limit any more, and is in no queue then. */
export function leaveLimit(task: Task, nowMs: number): void {
  const { extras } = task;
  if (extras === undefined) return;
  extras.limits.find(({ id }) => id === extras.waitsFor)?.leave(task);
  noteWait(extras, nowMs);
  extras.waitsFor = "";
}

/** A limit has room for a task that waited for it. */
export function letGo(task: Task, nowMs: number): void {
  const { extras } = task;
  if (extras === undefined) return;
  noteWait(extras, nowMs);
  extras.wokenBy = extras.limits.find((limit) => limit.id === extras.waitsFor);
  extras.waitsFor = "";
  enqueue(task);
}

function noteWait(extras: Extras, nowMs: number): void {
  const key = extras.limits.find(({ id }) => id === extras.waitsFor)?.key ?? "";
  if (nowMs > extras.waitsSinceMs && extras.waited.length < namedMax)
    extras.waited.push({ key, fromMs: extras.waitsSinceMs, toMs: nowMs });
}

/** What let a task continue may let another one go instead. */
function sleepAgain(core: PoolCore, task: Task, extras: Extras, nowMs: number): void {
  const { wokenBy } = extras;
  if (wokenBy === undefined) return;
  extras.wokenBy = undefined;
  wokenBy.unwake(extras.unbound ?? task.demand);
  core.limits.wake(wokenBy, nowMs);
}

/** A task waits for the agent that did the last one with its key. */
export function bindTask(core: PoolCore, task: Task, extras: Extras, agent: Agent, nowMs: number): void {
  task.share?.remove(task);
  extras.unbound = task.demand;
  extras.mayBind = false;
  extras.boundDueMs = nowMs + core.settings.stickyMs;
  task.demand = core.demands.narrowed(task.demand, [agent.agentId], []);
  core.bound.add(task, agent.agentId);
  enqueue(task);
  core.watch(task);
}

/** It no longer does. It is in no queue then. */
function unbind(core: PoolCore, task: Task, extras: Extras): void {
  const { unbound } = extras;
  if (unbound === undefined) return;
  core.bound.remove(task);
  const { demand } = task;
  task.demand = unbound;
  extras.unbound = undefined;
  extras.boundDueMs = never;
  core.demands.giveBack(demand);
}

/** It has waited long enough for its agent, or that one cannot take it any more. */
export function letOthers(core: PoolCore, task: Task): void {
  const { extras, share } = task;
  if (extras?.unbound === undefined) return;
  share?.remove(task);
  unbind(core, task, extras);
  enqueue(task);
  core.watch(task);
}

/** Its queue and its keys let go of it, because it is assigned. */
export function leaveQueue(core: PoolCore, task: Task): void {
  const { share, extras } = task;
  task.share = undefined;
  share?.grant(task);
  core.queued--;
  if (extras === undefined) return;
  const { wokenBy } = extras;
  if (wokenBy !== undefined) {
    extras.wokenBy = undefined;
    wokenBy.unwake(extras.unbound ?? task.demand);
  }
  unbind(core, task, extras);
}

/** Its sender is away: it waits to be offered again. */
export function sendAway(core: PoolCore, task: Task, nowMs: number): void {
  if (task.stage === "queued" || task.stage === "limited" || task.stage === "hooked") {
    dequeue(core, task, nowMs);
    task.stage = "away";
  }
  task.awayDueMs = nowMs + core.settings.orphanMs;
  core.watch(task);
}

/** A task that waits goes back to its sender. */
export function giveBack(
  core: PoolCore,
  task: Task,
  reason: ReturnReason,
  error: Refusal | undefined,
  retryAfterMs: number,
  nowMs: number,
): void {
  const { senderSlot, offer } = task;
  senderSlot?.stream.returned(core, offer.token, reason, error, retryAfterMs);
  dropWaiting(core, task, nowMs);
}

/** A task that waits does so no longer: an agent already runs it. */
export function stopWaiting(core: PoolCore, task: Task, nowMs: number): void {
  dequeue(core, task, nowMs);
  // Hooks agreed before its agent got it: what they are asked again holds neither the attempt nor its result.
  if (task.judging?.isHeld === true) core.hooks?.release(task);
  core.queued--;
}

/** A task that waits is forgotten. */
export function dropWaiting(core: PoolCore, task: Task, nowMs: number): void {
  stopWaiting(core, task, nowMs);
  core.forget(task, nowMs);
}
