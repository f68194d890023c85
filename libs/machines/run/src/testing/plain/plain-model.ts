/** Data of a run that the parts of the interpreter share. */
import type { WorkflowDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Evaluated } from "./names.ts";
import type { PlainFacts } from "./plain-scene.ts";
import type { KnownTasks, PlainBody, PlainEffect, PlainTask } from "./plain-task.ts";
import type { Script } from "./script.ts";

export interface PlainEnding {
  readonly status: "completed" | "failed" | "cancelled" | "terminated" | "continued";
  readonly output: Json;
  /** Codes of errors that it may have: several if the first failure is unknown. */
  readonly errors: readonly string[];
  /** Ids of the effects that could not be undone. */
  readonly notUndone: readonly string[];
}

export interface BufferedSignal {
  readonly number: number;
  readonly name: string;
  readonly payload: Json;
}

/** The status of a task after an answer: it has ended, waits for a person, or is repeated. */
export type TaskProgress = Evaluated | "asked" | "paused" | "sent back" | "running";

interface WorkModel {
  /** Signals that no task has consumed, in the order of their arrival. */
  signals: BufferedSignal[];
  /** Evaluates all tasks once. Returns false if nothing could be done. */
  advance(bodies: readonly PlainBody[]): boolean;
  advanceTask(task: PlainTask): boolean;
  start(task: PlainTask): void;
  applyProgress(task: PlainTask, progress: TaskProgress): void;
  /** Returns whether nothing else is known to have ended before it at this moment. */
  isDue(task: PlainTask): boolean;
  repeat(tasks: Iterable<PlainTask>): void;
  finish(task: PlainTask, result: Evaluated): void;
}

interface StatesModel {
  /** Bodies of the current state and transition. */
  readonly bodies: readonly PlainBody[];
  isPast(task: PlainTask): boolean;
}

/** Data and functions of a run that the parts of the interpreter share. */
export interface RunModel extends KnownTasks {
  readonly document: WorkflowDocument;
  readonly script: Script;
  readonly cached: Map<string, Json[]>;
  readonly facts: PlainFacts;
  readonly bodies: PlainBody[];
  readonly endings: Map<string, string>;
  readonly states: StatesModel | undefined;
  readonly work: WorkModel;
  phase: "waiting" | "going" | "undoing" | "ended";
  isPaused: boolean;
  occasion: number;
  readonly nowMs: number;
  /**
   * Whether children that it waits for may have been stopped in a part of the history that a reset removed.
   */
  readonly wasReset: boolean;
  effects: readonly PlainEffect[];
  /** Status of the run, in a word. */
  readonly status: "pending" | "running" | "paused" | "cancelling" | PlainEnding["status"];
  isBeingUndone(task: PlainTask): boolean;
  stop(task: PlainTask): void;
  /** No task waits for its child any longer: a detached child that is being started still starts. */
  detach(task: PlainTask): void;
  /** The parts of the task no longer have an owner. */
  detachParts(task: PlainTask): void;
  /** Whether detached children are still being started. */
  readonly waitsForStarts: boolean;
  fail(error: string): void;
  conclude(output: Json | undefined): void;
  /** Resumes the run after a retry or repair. */
  reopen(): void;
}
