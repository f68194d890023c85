import {
  type LiveFiring,
  type PastFiring,
  PlannedTiming,
  SchedulePlan,
  type WaitingFiring,
} from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";

/** A schedule, folded from its events. Only folds change it. */
export interface Schedule {
  status: "absent" | "active" | "paused" | "removed";
  plan: SchedulePlan;
  /** Reason of the pause or of the resumption. */
  note: string;
  /** Number of changes of the plan, from 1. */
  revision: number;
  createMs: number;
  updateMs: number;
  /** Next time of the rules. 0 while none is known. */
  nominalMs: number;
  /** Time at which the only timer is due. 0 for never. */
  dueMs: number;
  /** Firings and stop requests share one sequence, which numbers the effects. */
  lastNumber: number;
  startedCount: number;
  skippedCount: number;
  /** Runs that the clock started since the creation or resumption. */
  countedRuns: number;
  /** Waiting firings in the order of their start. */
  readonly waiting: Map<number, WaitingFiring>;
  readonly live: Map<number, LiveFiring>;
  /** Waiting and live firings, by the ids of their runs. */
  readonly byRun: Map<string, number>;
  /** Recent firings, the oldest first. */
  readonly recent: PastFiring[];
  /** Run orders of replaced plans whose runs are being started, by revision. */
  readonly former: Map<number, Uint8Array>;
}

/**
 * Starts a run under a given id, so that a repetition starts nothing twice. The executor repeats it until the
 * outcome is known, and reports it with `confirm_start` or `refuse_start`.
 */
export interface StartRun {
  readonly kind: "start_run";
  readonly runId: string;
  /** An encoded `RunSpec`. */
  readonly run: Uint8Array;
}

/** Cancels or terminates a run. Result: `confirm_stop`. */
export interface StopRun {
  readonly kind: "stop_run";
  readonly runId: string;
  readonly terminate: boolean;
}

export type ScheduleEffect = StartRun | StopRun;

/** Read-only view for deciders. */
export type ScheduleView = ReadOnly<Schedule>;
export type ScheduleStep = MachineStep<Schedule, ScheduleEffect>;
export type ScheduleEvent<Body> = MachineEvent<Schedule, ScheduleEffect, Body>;
export type ScheduleCommand<Body, Reply> = Command<Schedule, Body, Reply, ScheduleEffect>;

/** Number of the only timer. */
export const clockTimer = 1;

export function newSchedule(): Schedule {
  return {
    status: "absent",
    plan: SchedulePlan.create(),
    note: "",
    revision: 0,
    createMs: 0,
    updateMs: 0,
    nominalMs: 0,
    dueMs: 0,
    lastNumber: 0,
    startedCount: 0,
    skippedCount: 0,
    countedRuns: 0,
    waiting: new Map(),
    live: new Map(),
    byRun: new Map(),
    recent: [],
    former: new Map(),
  };
}

/** Returns the number of the next firing or stop request. */
export function nextNumber(schedule: ScheduleView): number {
  return schedule.lastNumber + 1;
}

const noTiming = PlannedTiming.create();

export function timingOf({ plan }: ScheduleView): PlannedTiming {
  // The cast is safe: a timing is only read, here and by all receivers.
  return (plan.timing as PlannedTiming | undefined) ?? noTiming;
}
