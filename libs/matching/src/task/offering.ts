/** How tasks come into a pool, and what their senders order about them afterwards. */
import type { Cancel, Extend } from "@tutti/contracts/agent/v1";
import { type Offer, type PriorityChange, ReturnReason } from "@tutti/contracts/swarm/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import type { PoolCore } from "../books.ts";
import { keptWindowsMax, retryAfterMs } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import { allot } from "../limits/allotments.ts";
import type { Limit, Profile, SenderSlot, Task } from "../parts.ts";
import { hold } from "./attempts.ts";
import { dropCopy } from "./copies.ts";
import { extrasOf } from "./extras.ts";
import { noteUrgent } from "./giving-way.ts";
import { finish, settle } from "./outcomes.ts";
import { detach, stop } from "./releasing.ts";
import { OfferedTask } from "./task.ts";
import { dropWaiting, enqueue, enter, giveBack, moveInOrder, rankOf } from "./waiting.ts";

const never = Number.POSITIVE_INFINITY;
const noLimits: readonly Limit[] = [];
const { RETURN_REASON_RECALLED, RETURN_REASON_OVER_WINDOW, RETURN_REASON_PUT_BACK, RETURN_REASON_DENIED } =
  ReturnReason;

export function offerTask(
  core: PoolCore,
  senderSlot: SenderSlot,
  offer: Offer,
  profile: Profile,
  nowMs: number,
): void {
  const { stream } = senderSlot;
  const known = core.tasks.get(offer.token);
  if (known !== undefined) {
    adopt(core, senderSlot, known, nowMs);
    return;
  }
  if (core.settings.admits?.has(profile.namespace) === false) {
    const error = matchingErrors.notAdmitted.refusal({ namespace: profile.namespace, pool: core.name });
    stream.returned(core, offer.token, RETURN_REASON_DENIED, error, 0);
    return;
  }
  const full = fullness(core, senderSlot);
  if (full !== undefined) {
    stream.returned(core, offer.token, RETURN_REASON_OVER_WINDOW, full, retryAfterMs);
    return;
  }
  const limits = offer.limits.length === 0 ? noLimits : core.limits.take(offer.limits, profile.namespace);
  if (isRefusal(limits)) {
    stream.returned(core, offer.token, RETURN_REASON_OVER_WINDOW, limits, retryAfterMs);
    return;
  }
  const task = taskOf(core, offer, profile, limits, nowMs);
  core.tasks.set(offer.token, task);
  senderSlot.add(task);
  if (core.claims.size > 0 && claimed(core, task, offer.token, nowMs)) return;
  core.queued++;
  enter(core, task);
  noteUrgent(core, task);
  core.watch(task);
}

function fullness(core: PoolCore, senderSlot: SenderSlot): Refusal | undefined {
  const { window, queuedMax } = core.settings;
  const { windowFull } = matchingErrors;
  if (senderSlot.outstanding >= window) return windowFull.refusal({ what: "tasks outstanding", max: window });
  const keptMax = window * keptWindowsMax;
  if (senderSlot.kept >= keptMax)
    return windowFull.refusal({ what: "results that are not durable", max: keptMax });
  if (core.queued >= queuedMax)
    return windowFull.refusal({ what: "tasks waiting in the pool", max: queuedMax });
  return undefined;
}

function taskOf(
  core: PoolCore,
  offer: Offer,
  profile: Profile,
  limits: readonly Limit[],
  nowMs: number,
): Task {
  const task = new OfferedTask(core, offer, profile, nowMs - offer.waitedMs);
  const { onlyAgents, notAgents, dueMs, totalMs } = offer;
  if (onlyAgents.length > 0 || notAgents.length > 0)
    task.demand = core.demands.narrowed(profile.demand, onlyAgents, notAgents);
  else profile.demand.uses++;
  if (dueMs > 0) task.dueWantedMs = nowMs + dueMs;
  task.order = ++core.offered;
  task.rank = rankOf(core, task, task.dueWantedMs);
  if (totalMs > 0) task.totalDueMs = nowMs + totalMs;
  const stickyKey = offer.stickyKey || profile.stickyKey;
  const contextKey = offer.contextKey || profile.contextKey;
  const { share } = offer;
  if (limits.length > 0 || stickyKey !== "" || contextKey !== "" || share !== undefined)
    task.extras = extrasOf(limits, { stickyKey, contextKey, share });
  if (core.allotments !== undefined) allot(core, core.allotments, task, nowMs);
  return task;
}

/** Returns whether an agent has the task already: then that continues, or its result is there. */
function claimed(core: PoolCore, task: Task, token: Uint8Array, nowMs: number): boolean {
  const claim = core.claims.take(token);
  if (claim === undefined) return false;
  const { agent, answered } = claim;
  hold(core, task, agent, nowMs);
  core.readiness.loaded(agent);
  if (answered === undefined) return true;
  detach(core, task, true, nowMs);
  task.link = answered.link;
  task.linkNumber = answered.number;
  finish(core, task, answered.result, agent, nowMs);
  return true;
}

/**
 * A task that is known was offered again: nothing changes but where its result goes.
 *
 * 1. On the same stream its sender has had the result, and lost it with the partition that was told: it comes once more.
 * 2. On another one while the first is open, two take themselves for the owner of its work, and one of them is wrong.
 *    The one that had it is told to come again: by then the other one has given up, or is told the same.
 */
function adopt(core: PoolCore, senderSlot: SenderSlot, task: Task, nowMs: number): void {
  if (task.stage === "forgotten") {
    // It was cancelled, and its agent is still busy with that.
    senderSlot.stream.returned(
      core,
      task.offer.token,
      RETURN_REASON_PUT_BACK,
      undefined,
      core.settings.graceMs,
    );
    return;
  }
  const { senderSlot: before, offer } = task;
  const isSame = before === senderSlot;
  if (isSame && task.stage !== "ended") return;
  if (!isSame) before?.stream.returned(core, offer.token, RETURN_REASON_PUT_BACK, undefined, retryAfterMs);
  core.leaveSlot(task);
  senderSlot.add(task);
  if (task.awayDueMs !== never) task.awayDueMs = never;
  // Hooks that had their say before its sender went away are not asked again.
  if (task.stage === "away") {
    if (task.judging?.isHeld === false) enqueue(task);
    else enter(core, task);
  }
  if (task.stage === "ended" && task.judging?.isHeld === true) {
    core.watch(task);
    return;
  }
  if (task.stage === "ended") senderSlot.stream.deliver(task, task.link?.agentId ?? "", isSame);
  else if (task.begunMs > 0 && task.agent !== undefined) senderSlot.stream.begun(task, task.agent, nowMs);
  core.watch(task);
}

/** A sender wants an offer back if it has not been assigned. */
export function recall(core: PoolCore, senderSlot: SenderSlot, token: Uint8Array, nowMs: number): boolean {
  const task = core.tasks.get(token);
  if (task?.senderSlot !== senderSlot) return false;
  if (isWaiting(task)) giveBack(core, task, RETURN_REASON_RECALLED, undefined, 0, nowMs);
  return true;
}

/**
 * Its sender does not want a task any more, wherever it is. What another one has offered since is that one's: who stood
 * still gives up late what it has lost.
 */
export function cancel(
  core: PoolCore,
  senderSlot: SenderSlot,
  { token, reason, graceMs }: Cancel,
  nowMs: number,
): boolean {
  const task = core.tasks.get(token);
  if (task === undefined) return core.claims.cancel(token, reason, graceMs);
  if (task.senderSlot !== undefined && task.senderSlot !== senderSlot) return true;
  if (isWaiting(task)) dropWaiting(core, task, nowMs);
  else if (task.stage === "working") abandon(core, task, reason, graceMs, nowMs);
  else if (task.stage === "ended") settle(core, task, nowMs);
  return true;
}

/** An unwanted attempt is ended. */
export function abandon(core: PoolCore, task: Task, reason: string, graceMs: number, nowMs: number): void {
  if (task.twin?.copy !== undefined) dropCopy(core, task.twin.copy, reason, nowMs);
  core.leaveSlot(task);
  stop(core, task, reason, graceMs, nowMs);
  task.stage = "forgotten";
  if (task.agent === undefined) core.forget(task, nowMs);
  else core.watch(task);
}

export function extend(core: PoolCore, extension: Extend, nowMs: number): boolean {
  const task = core.tasks.get(extension.token);
  if (task === undefined) return false;
  const { runMs, totalMs } = extension;
  task.runMs = runMs;
  task.runFromMs = nowMs;
  task.totalDueMs = totalMs > 0 ? nowMs + totalMs : never;
  if (task.stage === "working") task.agent?.link?.outgoing.extensions.push(extension);
  core.watch(task);
  return true;
}

export function prioritize(core: PoolCore, { token, priority }: PriorityChange): boolean {
  const task = core.tasks.get(token);
  if (task === undefined) return false;
  task.priority = priority;
  task.rank = rankOf(core, task, task.dueWantedMs);
  moveInOrder(task);
  noteUrgent(core, task);
  return true;
}

export function isWaiting({ stage }: Task): boolean {
  return stage === "queued" || stage === "limited" || stage === "hooked" || stage === "away";
}
