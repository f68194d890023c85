import {
  type CollectedGroup,
  type KeptDeadLetter,
  type PastActivation,
  type StartingBatch,
  type TriggerItem,
  TriggerPlan,
  TriggerPolicy,
  type TriggerStart,
} from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";

/** A trigger, folded from its events. Only folds change it. */
export interface Trigger {
  standing: "absent" | "active" | "paused" | "removed";
  plan: TriggerPlan;
  /** Why it is paused, or was resumed. */
  note: string;
  /** Counts changes of the plan, from 1. */
  revision: number;
  createMs: number;
  updateMs: number;
  /** Starts, batches and dead letters are counted together. Effects have the numbers of batches. */
  lastNumber: number;
  counts: Counts;
  /** Events that wait for more of their group. */
  readonly groups: Map<string, CollectedGroup>;
  /** In the order in which they start. */
  readonly waiting: Map<number, TriggerStart>;
  readonly starting: Map<number, StartingBatch>;
  /** Groups of runs that have not ended, by run. Only where that matters. */
  readonly live: Map<string, string>;
  /** The oldest first. */
  readonly dead: Map<number, KeptDeadLetter>;
  /** Until when a key counts as seen. Those that end first come first. */
  readonly seen: Map<string, number>;
  /** The oldest first. */
  readonly recent: PastActivation[];
  /** Until when the throttle counts the runs so far. */
  paceMs: number;
  /** Plans that were replaced while runs of theirs were being started, by revision. */
  readonly former: Map<number, TriggerPlan>;
  /** Follows from the others: how many runs wait or are being started, by their ids. */
  readonly held: Map<string, number>;
  /** Follows from the others. */
  heldBytes: number;
  /** Follows from the others. */
  deadBytes: number;
}

export interface Counts {
  received: number;
  started: number;
  signalled: number;
  duplicates: number;
  skipped: number;
  dropped: number;
}

/**
 * Runs are to be started, each under an id of its own, so that a repetition starts nothing twice. The executor repeats
 * until it knows what became of each of them, and says so with `settle_starts`.
 */
export interface StartTriggered {
  readonly kind: "start_triggered";
  readonly plan: ReadOnly<TriggerPlan>;
  readonly starts: readonly ReadOnly<TriggerStart>[];
}

export type TriggerEffect = StartTriggered;

/** What deciders see of a trigger. */
export type TriggerView = ReadOnly<Trigger>;
export type TriggerStep = MachineStep<Trigger, TriggerEffect>;
export type TriggerMachineEvent<Body> = MachineEvent<Trigger, TriggerEffect, Body>;
export type TriggerCommand<Body, Reply> = Command<Trigger, Body, Reply, TriggerEffect>;

/** Number of the one timer. */
export const clockTimer = 1;

export function newTrigger(): Trigger {
  return {
    standing: "absent",
    plan: TriggerPlan.create(),
    note: "",
    revision: 0,
    createMs: 0,
    updateMs: 0,
    lastNumber: 0,
    counts: { received: 0, started: 0, signalled: 0, duplicates: 0, skipped: 0, dropped: 0 },
    groups: new Map(),
    waiting: new Map(),
    starting: new Map(),
    live: new Map(),
    dead: new Map(),
    seen: new Map(),
    recent: [],
    paceMs: 0,
    former: new Map(),
    held: new Map(),
    heldBytes: 0,
    deadBytes: 0,
  };
}

const noPolicy = TriggerPolicy.create();

export function policyOf(plan: ReadOnly<TriggerPlan>): ReadOnly<TriggerPolicy> {
  return plan.policy ?? noPolicy;
}

export function isCollecting({ debounceMs, batchSize }: ReadOnly<TriggerPolicy>): boolean {
  return debounceMs > 0 || batchSize > 1;
}

export function bytesOf(items: readonly ReadOnly<TriggerItem>[]): number {
  let bytes = 0;
  for (const { event } of items) bytes += event.length;
  return bytes;
}
