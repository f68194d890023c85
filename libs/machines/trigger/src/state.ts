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
  status: "absent" | "active" | "paused" | "removed";
  plan: TriggerPlan;
  /** Reason of the pause or of the resumption. */
  note: string;
  /** Number of changes of the plan, from 1. */
  revision: number;
  createMs: number;
  updateMs: number;
  /** Starts, batches and dead letters share one sequence. Effects have the numbers of batches. */
  lastNumber: number;
  counts: Counts;
  /** Events that wait for more of their group. */
  readonly groups: Map<string, CollectedGroup>;
  /** Waiting runs in the order of their start. */
  readonly waiting: Map<number, TriggerStart>;
  readonly starting: Map<number, StartingBatch>;
  /** Groups of live runs, by run. Only if the plan needs them. */
  readonly live: Map<string, string>;
  /** Dead letters, the oldest first. */
  readonly dead: Map<number, KeptDeadLetter>;
  /** Expiry of seen keys, the earliest first. */
  readonly seen: Map<string, number>;
  /** Recent activations, the oldest first. */
  readonly recent: PastActivation[];
  /** Time until which the throttle counts the runs so far. */
  paceMs: number;
  /** Plans that were replaced while runs of theirs were being started, by revision. */
  readonly former: Map<number, TriggerPlan>;
  /** Number of waiting or starting runs, by their ids. Follows from the others. */
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
 * Starts runs, each under a given id, so that a repetition starts nothing twice. The executor repeats the starts until
 * all outcomes are known, and reports them with `settle_starts`.
 */
export interface StartTriggered {
  readonly kind: "start_triggered";
  readonly plan: ReadOnly<TriggerPlan>;
  readonly starts: readonly ReadOnly<TriggerStart>[];
}

export type TriggerEffect = StartTriggered;

/** Read-only view for deciders. */
export type TriggerView = ReadOnly<Trigger>;
export type TriggerStep = MachineStep<Trigger, TriggerEffect>;
export type TriggerMachineEvent<Body> = MachineEvent<Trigger, TriggerEffect, Body>;
export type TriggerCommand<Body, Reply> = Command<Trigger, Body, Reply, TriggerEffect>;

/** Number of the only timer. */
export const clockTimer = 1;

export function newTrigger(): Trigger {
  return {
    status: "absent",
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
