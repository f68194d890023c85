/**
 * Behaviour of a kind of task. The rest of the machine knows only nodes, needs and outcomes. A new kind
 * implements this in a folder of its own, with its events and commands, and is entered in `table.ts`.
 */
import type { Wait } from "@tutti/contracts/types/v1";
import type { PlanTask } from "@tutti/definitions";
import type { StepBudget } from "@tutti/machine-work";
import type { Scene } from "../evaluate/scene.ts";
import { rangeViewOf, taskIdIn, taskOf } from "../state/places.ts";
import type { NodeView, RangeView, RunOutstanding, RunStep, RunView } from "../state/state.ts";

/** Node in a step, as deciders of tasks use it. */
export interface Place {
  readonly run: RunView;
  readonly step: RunStep;
  readonly number: number;
  readonly range: RangeView;
  readonly task: PlanTask;
  /** Remaining budget of this step. Large writes into an event are charged to it. */
  readonly budget: StepBudget;
}

export interface TaskKind {
  /**
   * Starts a node whose needs are met and whose condition is true. Emits an event that starts the visit
   * (whose fold calls `startVisit`), or ends the node immediately with `complete` or `failForGood`.
   */
  start(place: Place): void;
  /**
   * Continues a node that was held between two attempts while the run was paused. Emits an event that takes
   * the node from `HELD`.
   */
  retry?(place: Place): void;
  /**
   * Handles an expired timer of the node. Emits an event that clears or moves the timer. Timers of `again`
   * and `total` are handled by the caller.
   */
  expire?(place: Place, timer: number): void;
  /** Handles the end of the last part: all tasks of the range that its detail names. */
  partsEnded?(place: Place): void;
  /**
   * Reports the outstanding effects and timers of an open node of this kind, besides the timers of `again`
   * and `total`.
   */
  recover?(run: RunView, node: NodeView, outstanding: RunOutstanding): void;
  /** Explains why an open node of this kind waits. */
  explain?(run: RunView, node: NodeView, nowMs: number): Partial<Wait> | undefined;
}

export function placeOf(run: RunView, number: number, step: RunStep, budget: StepBudget): Place {
  const range = rangeViewOf(run, number);
  return { run, step, number, range, task: taskOf(range, number), budget };
}

export function sceneOf({ run, range, number, budget }: Place): Scene {
  return { run, range, node: number, budget };
}

/** Returns the id of the node, for people. */
export function idOf({ run, range, number }: Place): string {
  return taskIdIn(run, range, number);
}
