/** Decisions from outside of the interpreter: acts of people, and results of agents, children and timers. */
import type { Json } from "@tutti/expressions";

/** Act of a person on a run. */
export type Act =
  | { readonly kind: "pause" }
  /** The run, or tasks that wait for a person. */
  | { readonly kind: "resume"; readonly taskIds?: readonly string[] }
  | { readonly kind: "cancel" }
  /** Terminates the run without compensation. */
  | { readonly kind: "terminate" }
  /** Repeats unsuccessful tasks, and the named ones. */
  | { readonly kind: "retry"; readonly taskIds?: readonly string[] }
  | { readonly kind: "repair"; readonly taskId: string; readonly repair: Repair }
  /** Resets the run to the state after one of its events, given as a share of them. */
  | { readonly kind: "reset"; readonly share: number }
  | { readonly kind: "signal"; readonly signal: string; readonly payload: Json }
  | { readonly kind: "update"; readonly update: string; readonly payload: Json }
  | {
      readonly kind: "decide";
      readonly taskId: string;
      readonly person: string;
      readonly verdict: "yes" | "no";
      /** Their payload, if any. */
      readonly data?: Json;
    };

export type Repair =
  | { readonly output: Json }
  | { readonly error: string }
  | { readonly skips: "alone" | "dependents" };

/** Facts about a moment that are known beforehand. A moment may have several effects in unknown order. */
export interface Hints {
  /** Signals that existed when a wait for them started, and are consumed immediately. */
  readonly consumed?: readonly ConsumedSignal[];
  /** Gates, and tasks with parts, that have ended, in their order. */
  readonly order?: readonly string[];
  /** Maximum number of transitions in this moment. */
  readonly transitionsMost?: number;
  /** Tasks that waited for a person and continued with the run. Default: all. */
  readonly resumed?: readonly string[];
}

export interface ConsumedSignal {
  readonly taskId: string;
  readonly number: number;
}

/** An event from outside, which the interpreter cannot derive. */
export type Moment =
  /** The run holds all its limits, and starts. */
  | { readonly kind: "begun" }
  /** The caller withdrew the run before it started. */
  | { readonly kind: "withdrawn" }
  /** An agent, a child or a timer has ended a task. */
  | { readonly kind: "ended"; readonly taskId: string }
  /** The child was ended early, because it was no longer needed. */
  | { readonly kind: "child stopped"; readonly taskId: string }
  /**
   * The child is requested. The start of the child is confirmed or refused: of the task, or of a detached
   * child.
   */
  | { readonly kind: "child asked"; readonly taskId: string }
  | { readonly kind: "child answered"; readonly taskId: string; readonly isAlone: boolean }
  /** An attempt has saved its progress. */
  | { readonly kind: "saved"; readonly taskId: string; readonly saved: string }
  /** The timeout over all attempts has expired. */
  | { readonly kind: "timed out"; readonly taskId: string }
  /** The wait of the task has expired. */
  | { readonly kind: "expired"; readonly taskId: string }
  /** Another task has computed the same output before. */
  | { readonly kind: "from cache"; readonly taskId: string; readonly output: Json }
  /** The pause between two rounds has ended. */
  | { readonly kind: "round"; readonly taskId: string }
  /** The compensation of a task has ended. */
  | { readonly kind: "undone"; readonly taskId: string }
  /** The timeout of the compensation has expired. */
  | { readonly kind: "undo timed out"; readonly taskId: string }
  | ({ readonly kind: "signal taken" } & ConsumedSignal)
  | { readonly kind: "run timed out" }
  /** A time of the state has expired. */
  | { readonly kind: "time" }
  | Exclude<Act, { readonly kind: "reset" }>;
