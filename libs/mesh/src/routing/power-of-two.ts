/**
 * Picks an instance for a call that any can serve: the cheaper of two random ones. Two are enough for an even load. The
 * best of all would attract every caller to the same instance.
 */
import type { Chance } from "@tutti/kernel";
import type { LinkState } from "../transport/link.ts";
import type { Target } from "./target.ts";

export interface PickOptions {
  readonly nowMs: number;
  readonly chance: Chance;
  /** Used only if there are no others. */
  readonly avoid?: readonly Target[] | undefined;
  /** Whether the call may be repeated after a failure: only such a call may probe a broken instance. */
  readonly repeatable?: boolean;
}

const waits: Record<LinkState, number> = { ready: 0, idle: 1, connecting: 2, failing: 3 };

/** Undefined if none can be used. */
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

/** If an unhealthy one was drawn: returns the best of the healthy ones. */
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
  // Some call must be the probe, or a broken instance would never be used again.
  const probe = target.breaker.state === "half-open" ? (repeatable ? -1 : 10) : 0;
  return waits[target.link.state] + probe + (avoid?.includes(target) === true ? 100 : 0);
}

function cheaper(one: Target, other: Target, nowMs: number): Target {
  return other.cost(nowMs) < one.cost(nowMs) ? other : one;
}
