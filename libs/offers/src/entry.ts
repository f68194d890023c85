import type { Cause } from "@tutti/contracts/types/v1";
import type { Heap, InstanceKey, Ranked } from "@tutti/kernel";
import type { EffectToken } from "@tutti/runtime";
import { dueMsOf, type OfferedTask, priorityOf } from "./offered-task.ts";

/**
 * An attempt that is wanted, from the moment it is asked for until it is settled.
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
  where: "home" | "pool" | "answered" | "gone";
  /** Known to be running: it is not recalled any more. */
  hasBegun: boolean;
  isRecalled: boolean;
  /** Where it stands, or stood last. */
  line: WindowLine | undefined;
}

/** Those of one kind, in one namespace: the same agents can do them. */
export interface WindowLine {
  readonly kind: string;
  readonly atHome: Heap<OfferEntry>;
  /** The recallable entries, the least urgent first: ranks are turned round while entries are here. */
  readonly recallable: Heap<OfferEntry>;
  withPool: number;
  recalled: number;
  /** How many have started lately: halved each second. */
  begun: number;
}

/** How much waiting a point of priority is worth. The default of pools is the same. */
const ageingMs = 60_000;
/** A task whose outcome is wanted at a time stands where one would that was ready so long before. */
const dueLeadMs = 600_000;

/** Smaller goes first. Time does not change the order, so waiting entries age without being touched. */
export function rankOf(effect: OfferedTask): number {
  const { readyMs } = effect;
  const dueMs = dueMsOf(effect);
  const readyBy = dueMs > 0 ? Math.min(readyMs, dueMs - dueLeadMs) : readyMs;
  return readyBy - priorityOf(effect) * ageingMs;
}
