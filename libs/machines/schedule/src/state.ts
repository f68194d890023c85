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
  standing: "absent" | "active" | "paused" | "removed";
  plan: SchedulePlan;
  /** Why it is paused, or was resumed. */
  note: string;
  /** Counts changes of the plan, from 1. */
  revision: number;
  createMs: number;
  updateMs: number;
  /** The time by the rules that comes next. 0 while none is in sight. */
  nominalMs: number;
  /** When the clock is looked at again. 0 when there is nothing to come. The one timer. */
  dueMs: number;
  /** Firings and requests to stop are counted together: effects have these numbers. */
  lastNumber: number;
  startedCount: number;
  skippedCount: number;
  /** Runs that the clock brought since the schedule was made or resumed. */
  countedRuns: number;
  /** In the order in which they are started. */
  readonly waiting: Map<number, WaitingFiring>;
  readonly live: Map<number, LiveFiring>;
  /** Firings that wait or live, by the ids of their runs. */
  readonly byRun: Map<string, number>;
  /** The oldest first. */
  readonly recent: PastFiring[];
  /** What plans start that were replaced while runs of theirs were being started, by revision. */
  readonly former: Map<number, Uint8Array>;
}

/**
 * A run is to be started under an id of its own, so that a repetition starts nothing twice. The shell repeats
 * it until it knows the outcome, and reports it with `confirm_start` or `refuse_start`.
 */
export interface StartRun {
  readonly kind: "start_run";
  readonly runId: string;
  /** An encoded `RunSpec`. */
  readonly run: Uint8Array;
}

/** A run is to be cancelled or terminated. Answered with `confirm_stop`. */
export interface StopRun {
  readonly kind: "stop_run";
  readonly runId: string;
  readonly terminate: boolean;
}

export type ScheduleEffect = StartRun | StopRun;

/** What deciders see of a schedule. */
export type ScheduleView = ReadOnly<Schedule>;
export type ScheduleStep = MachineStep<Schedule, ScheduleEffect>;
export type ScheduleEvent<Body> = MachineEvent<Schedule, ScheduleEffect, Body>;
export type ScheduleCommand<Body, Reply> = Command<Schedule, Body, Reply, ScheduleEffect>;

/** Number of the one timer. */
export const clockTimer = 1;

export function newSchedule(): Schedule {
  return {
    standing: "absent",
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

/** Returns the number that the next firing or request to stop gets. */
export function nextNumber(schedule: ScheduleView): number {
  return schedule.lastNumber + 1;
}

const noTiming = PlannedTiming.create();

export function timingOf({ plan }: ScheduleView): PlannedTiming {
  // A timing is only read, here and by all that it is handed to.
  return (plan.timing as PlannedTiming | undefined) ?? noTiming;
}
