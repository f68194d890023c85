/** What the parts of the interpreter know of the run, and of each other. */
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
  /** Ids of what could not be undone. */
  readonly notUndone: readonly string[];
}

export interface KeptSignal {
  readonly number: number;
  readonly name: string;
  readonly payload: Json;
}

/** The status of a task after an answer: it has ended, waits for a person, or is done again. */
export type Standing = Evaluated | "asked" | "paused" | "sent back" | "at work";

interface WorkBooks {
  /** Signals that no task has taken, in the order in which they came. */
  signals: KeptSignal[];
  /** Looks at all tasks once. False when nothing could be done. */
  look(bodies: readonly PlainBody[]): boolean;
  lookAtTask(task: PlainTask): boolean;
  begin(task: PlainTask): void;
  settle(task: PlainTask, standing: Standing): void;
  /** Returns whether nothing else is known to have ended before it at this moment. */
  isDue(task: PlainTask): boolean;
  doAgain(tasks: Iterable<PlainTask>): void;
  end(task: PlainTask, result: Evaluated): void;
}

interface StatesBooks {
  /** Those that belong to where it is. */
  readonly bodies: readonly PlainBody[];
  isPast(task: PlainTask): boolean;
}

/** What the parts of the interpreter know and do of the run. */
export interface PlainBooks extends KnownTasks {
  readonly document: WorkflowDocument;
  readonly script: Script;
  readonly cached: Map<string, Json[]>;
  readonly facts: PlainFacts;
  readonly bodies: PlainBody[];
  readonly endings: Map<string, string>;
  readonly states: StatesBooks | undefined;
  readonly work: WorkBooks;
  phase: "waiting" | "going" | "undoing" | "ended";
  isPaused: boolean;
  occasion: number;
  readonly nowMs: number;
  /** Children that it waits for may have been stopped in a time that is none any more. */
  readonly wasTakenBack: boolean;
  effects: readonly PlainEffect[];
  /** How it stands, in a word. */
  readonly standing: "pending" | "running" | "paused" | "cancelling" | PlainEnding["status"];
  isBeingUndone(task: PlainTask): boolean;
  stop(task: PlainTask): void;
  /** No task waits for its child any more: a detached child that is being started still starts. */
  leave(task: PlainTask): void;
  /** The parts of the task have no owner any more. */
  leaveParts(task: PlainTask): void;
  /** Whether children that are to be left alone are being started still. */
  readonly waitsForStarts: boolean;
  fail(error: string): void;
  conclude(output: Json | undefined): void;
  /** It is resumed. */
  reopen(): void;
}
