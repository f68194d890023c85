/**
 * What a kind of task has to say. The rest of the machine knows nodes, needs and outcomes only. A new kind implements
 * this in a folder of its own, with its events and commands, and enters it in `table.ts`.
 */
import type { Wait } from "@tutti/contracts/types/v1";
import type { PlanTask } from "@tutti/definitions";
import type { StepBudget } from "@tutti/machine-work";
import type { Scene } from "../evaluate/scene.ts";
import { rangeViewOf, taskIdIn, taskOf } from "../state/places.ts";
import type { NodeView, RangeView, RunOutstanding, RunStep, RunView } from "../state/state.ts";

/** A node in a step: what deciders of tasks work on. */
export interface Place {
  readonly run: RunView;
  readonly step: RunStep;
  readonly number: number;
  readonly range: RangeView;
  readonly task: PlanTask;
  /** What this step may still do. Large writes into an event are taken from here. */
  readonly budget: StepBudget;
}

export interface TaskKind {
  /**
   * Its needs are met and its condition holds. Emits an event that starts the visit (whose fold calls `startVisit`), or ends
   * the node at once with `complete` or `failForGood`.
   */
  start(place: Place): void;
  /**
   * It was held while the run was paused, between two attempts, and continues: emits an event that takes it from
   * `HELD`.
   */
  retry?(place: Place): void;
  /** A timer of it ran out. Emits an event that clears or moves it. Those of `again` and `total` are taken care of. */
  expire?(place: Place, timer: number): void;
  /** The last part of it has ended: all tasks of the range that its detail names. */
  partsEnded?(place: Place): void;
  /** Says what an open node of this kind has outstanding, besides the timers of `again` and `total`. */
  recover?(run: RunView, node: NodeView, outstanding: RunOutstanding): void;
  /** Why an open node of this kind waits. */
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
