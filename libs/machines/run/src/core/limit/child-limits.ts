/**
 * Limits of a child. The deciders acquire them one after the other before the child starts. They release them
 * when the child has ended or is given up. Limits apply across all pools.
 */

import { TaskStatus } from "@tutti/contracts/types/v1";
import type { OfferDetails, RunLimit } from "@tutti/contracts/workflow/v1";
import { idOfKey, type ReadOnly } from "@tutti/kernel";
import { startOf } from "../attempt/child-start.ts";
import { setStatus } from "../node/nodes.ts";
import { idOf, type Place } from "../node/task-kind.ts";
import type { RenewLease } from "../state/effects.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { effectNumber, effectTags, nodeTimers, timerNumber } from "../state/numbers.ts";
import { moreOf, type Node, type NodeView, type Run, type RunOutstanding } from "../state/state.ts";
import { release, sendAcquire } from "./limits.ts";

/** Returns their ids in the same order for every caller, so that no two wait for each other. */
export function limitsOfTask(details: OfferDetails | undefined): string[] {
  const keys = (details?.limitKeys ?? []).filter((key) => key !== "");
  return [...new Set(keys.map(idOfKey))].sort();
}

/** Acquires the next limit that the node does not hold. */
export function acquireNextForTask(place: Place): void {
  const limits = stateOfKind(place.run.nodes[place.number], "child")?.limits ?? [];
  const next = limits.find(({ ticket }) => ticket === 0);
  if (next !== undefined && next.retryMs === 0) acquireForTask(place, next.limit);
}

export function acquireForTask(place: Place, id: string): void {
  const { run, step, range, task, number } = place;
  const keys = run.nodes[number]?.more?.details?.limitKeys ?? [];
  const index = keys.findIndex((key) => idOfKey(key) === id);
  const limit = range.plan.policy(task).limits[index];
  sendAcquire(run, step, { id, limit, key: keys[index], task: idOf(place) });
}

export function releaseLimitsOfTask(place: Place): void {
  const { run, step, number } = place;
  for (const { limit } of stateOfKind(run.nodes[number], "child")?.limits ?? [])
    release(step, limit, 0, idOf(place));
}

/**
 * Folds of the limits of a child. The child starts once all limits are held. They are renewed until it has
 * ended.
 */

/** Handles a changed limit: it is held, lost, or requested again. */
export function limitChanged(
  run: Run,
  node: Node,
  limit: string,
  change: Partial<RunLimit>,
  outstanding: RunOutstanding,
): void {
  const { more } = node;
  const state = stateOfKind(node, "child");
  const known = state?.limits.find((each) => each.limit === limit);
  if (more === undefined || state === undefined || known === undefined) return;
  const wasAcquired = known.ticket > 0;
  Object.assign(known, change);
  watchRetries(node, outstanding);
  if (wasAcquired || known.ticket > 0) {
    const all = moreOf(run);
    all.leaseCount += 1;
    more.leaseAttempt = all.leaseCount;
    renew(node, outstanding);
  }
  if (!isWaitingForLimits(node) || state.limits.some(({ ticket }) => ticket === 0)) return;
  node.facts = run.facts;
  setStatus(run, node, TaskStatus.TASK_STATUS_QUEUED);
  outstanding.effect(effectNumber(node.number, effectTags.work), node.attempt, startOf(run, node));
}

/** Returns whether its child is not requested yet. */
export function isWaitingForLimits(node: NodeView): boolean {
  const { status, startAt, more } = node;
  const isWaiting = status === TaskStatus.TASK_STATUS_WAITING && startAt < 0;
  return isWaiting && limitsFor(node).length > 0 && more?.question === undefined;
}

export function recoverNodeLimits(node: NodeView, outstanding: RunOutstanding): void {
  if (limitsFor(node).length === 0) return;
  const retryMs = nextRetryMs(node);
  if (retryMs > 0) outstanding.timer(timerNumber(node.number, nodeTimers.limit), retryMs);
  if (limitsFor(node).some(({ ticket }) => ticket > 0)) renew(node, outstanding);
}

function renew(node: NodeView, outstanding: RunOutstanding): void {
  const acquired = limitsFor(node).filter(({ ticket }) => ticket > 0);
  const number = effectNumber(node.number, effectTags.lease);
  if (acquired.length === 0) {
    outstanding.settled(number);
    return;
  }
  const leases = acquired.map(({ limit, ticket, leaseDueMs }) => ({ limit, ticket, dueMs: leaseDueMs }));
  const renewal: RenewLease = { kind: "renew_lease", leases };
  outstanding.effect(number, node.more?.leaseAttempt ?? 0, renewal);
}

function watchRetries(node: NodeView, outstanding: RunOutstanding): void {
  const timer = timerNumber(node.number, nodeTimers.limit);
  const retryMs = nextRetryMs(node);
  if (retryMs > 0) outstanding.timer(timer, retryMs);
  else outstanding.cleared(timer);
}

/** Limits that its child needs, held or not. */
function limitsFor(node: NodeView): readonly ReadOnly<RunLimit>[] {
  return stateOfKind(node, "child")?.limits ?? [];
}

function nextRetryMs(node: NodeView): number {
  const due = limitsFor(node).flatMap(({ retryMs }) => (retryMs > 0 ? [retryMs] : []));
  return due.length === 0 ? 0 : Math.min(...due);
}
