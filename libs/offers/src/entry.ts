import type { Cause } from "@tutti/contracts/types/v1";
import type { Heap, InstanceKey, Ranked } from "@tutti/kernel";
import type { EffectToken } from "@tutti/runtime";
import { dueMsOf, type OfferedTask, priorityOf } from "./offered-task.ts";

/**
 * A wanted attempt, from its request until it is settled.
 *
 *     home ── offered ──► pool ── result ──► answered
 *     pool ── recalled, put back ──► home
 */
export interface OfferEntry extends Ranked {
  readonly bytes: Uint8Array;
  readonly token: EffectToken;
  readonly key: InstanceKey;
  readonly cause: Cause | undefined;
  effect: OfferedTask;
  location: "home" | "pool" | "answered" | "gone";
  /** True once it runs: it is not recalled any more. */
  hasStarted: boolean;
  isRecalled: boolean;
  /** The line that it is in, or was in last. */
  line: WindowLine | undefined;
}

/** Tasks of one kind in one namespace: the same agents can do them. */
export interface WindowLine {
  readonly kind: string;
  readonly queued: Heap<OfferEntry>;
  /** The recallable entries, the least urgent first. Their ranks are negated while they are here. */
  readonly recallable: Heap<OfferEntry>;
  withPool: number;
  recalled: number;
  /** Recent starts. The number is halved each second. */
  recentStarts: number;
}

/** Waiting time that is worth one point of priority. Pools have the same default. */
const ageingMs = 60_000;
/** A task with a due time is ordered as if it had been ready this long before that time. */
const dueLeadMs = 600_000;

/** Returns the rank: smaller goes first. Time does not change the order of waiting entries. */
export function rankOf(effect: OfferedTask): number {
  const { readyMs } = effect;
  const dueMs = dueMsOf(effect);
  const readyBy = dueMs > 0 ? Math.min(readyMs, dueMs - dueLeadMs) : readyMs;
  return readyBy - priorityOf(effect) * ageingMs;
}
