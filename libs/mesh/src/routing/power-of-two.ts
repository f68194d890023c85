/**
 * Picks an instance for a call that any one can serve: of two drawn by lot the one where it costs less. Two are
 * enough to keep the load even, and unlike the best of all they do not send every caller to the same instance.
 */
import type { Chance } from "@tutti/kernel";
import type { LinkState } from "../transport/link.ts";
import type { Target } from "./target.ts";

export interface PickOptions {
  readonly nowMs: number;
  readonly chance: Chance;
  /** Taken only when there are no others. */
  readonly avoid?: readonly Target[] | undefined;
  /** Whether the call may be repeated if it fails: only then it may find out whether a broken instance is well. */
  readonly repeatable?: boolean;
}

const waits: Record<LinkState, number> = { ready: 0, idle: 1, connecting: 2, failing: 3 };

/** Undefined when none can be used. */
export function pickTarget(targets: readonly Target[], options: PickOptions): Target | undefined {
  const { length } = targets;
  if (length === 0) return undefined;
  const first = Math.floor(options.chance.random() * length);
  const one = targets[first];
  if (length === 1) return one !== undefined && isUsable(one, options) ? one : undefined;
  // The second is drawn from the others.
  const second = (first + 1 + Math.floor(options.chance.random() * (length - 1))) % length;
  const other = targets[second];
  if (one !== undefined && other !== undefined && isGood(one, options) && isGood(other, options)) {
    return cheaper(one, other, options.nowMs);
  }
  return best(targets, options);
}

/** When the lot fell on one that is not well: the best of those that are, however many there are to look through. */
function best(targets: readonly Target[], options: PickOptions): Target | undefined {
  let found: Target | undefined;
  for (const target of targets) {
    if (!isUsable(target, options)) continue;
    if (found === undefined || isBefore(target, found, options)) found = target;
  }
  return found;
}

function isUsable(target: Target, { nowMs }: PickOptions): boolean {
  return target.breaker.admits && !target.isDraining(nowMs);
}

function isGood(target: Target, options: PickOptions): boolean {
  return (
    isUsable(target, options) &&
    target.link.state === "ready" &&
    target.breaker.state === "closed" &&
    options.avoid?.includes(target) !== true
  );
}

function isBefore(target: Target, other: Target, options: PickOptions): boolean {
  const difference = rank(target, options) - rank(other, options);
  return difference === 0 ? target.cost(options.nowMs) < other.cost(options.nowMs) : difference < 0;
}

/** Lower is better. */
function rank(target: Target, { avoid, repeatable = false }: PickOptions): number {
  // Some call has to be the probe, or a broken instance would never be used again.
  const probe = target.breaker.state === "half-open" ? (repeatable ? -1 : 10) : 0;
  return waits[target.link.state] + probe + (avoid?.includes(target) === true ? 100 : 0);
}

function cheaper(one: Target, other: Target, nowMs: number): Target {
  return other.cost(nowMs) < one.cost(nowMs) ? other : one;
}
