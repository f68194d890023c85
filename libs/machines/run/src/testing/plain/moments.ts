/** What the interpreter does not decide: what people do to a run, and what the world says to it. */
import type { Json } from "@tutti/expressions";

/** What a person does to a run. */
export type Act =
  | { readonly kind: "pause" }
  /** The run, or tasks that wait for a person. */
  | { readonly kind: "resume"; readonly taskIds?: readonly string[] }
  | { readonly kind: "cancel" }
  /** By force: nothing is undone. */
  | { readonly kind: "terminate" }
  /** What did not do well is done again, and the tasks that are named. */
  | { readonly kind: "retry"; readonly taskIds?: readonly string[] }
  | { readonly kind: "repair"; readonly taskId: string; readonly repair: Repair }
  /** Back to the state after one of its events: a share of those that there are. */
  | { readonly kind: "reset"; readonly share: number }
  | { readonly kind: "signal"; readonly signal: string; readonly payload: Json }
  | { readonly kind: "update"; readonly update: string; readonly payload: Json }
  | {
      readonly kind: "decide";
      readonly taskId: string;
      readonly who: string;
      readonly says: "yes" | "no";
      /** Their payload, if any. */
      readonly data?: Json;
    };

export type Repair =
  | { readonly output: Json }
  | { readonly error: string }
  | { readonly skips: "alone" | "dependents" };

/** Facts about a moment that are known beforehand: it may have several effects at once, in unknown order. */
export interface Hints {
  /** Signals that were there when a wait for them started, and are taken at once. */
  readonly taken?: readonly SignalTaken[];
  /** Gates, and tasks with parts, that have ended, one after the other. */
  readonly order?: readonly string[];
  /** It gets no further than so many transitions. */
  readonly transitionsMost?: number;
  /** Of the tasks that waited for a person, those that continued when the run did. All by default. */
  readonly resumed?: readonly string[];
}

export interface SignalTaken {
  readonly taskId: string;
  readonly number: number;
}

/** An event from outside, which only the world decides. */
export type Moment =
  /** It holds all its limits, and starts. */
  | { readonly kind: "begun" }
  /** Its requester gave it up before it started. */
  | { readonly kind: "withdrawn" }
  /** An agent, a child or a timer has said its last word on a task. */
  | { readonly kind: "ended"; readonly taskId: string }
  /** Its child was ended early, because it was no longer wanted. */
  | { readonly kind: "child stopped"; readonly taskId: string }
  /** Its child is being asked for. The child is there, or will not be: that of the task, or one that was left alone. */
  | { readonly kind: "child asked"; readonly taskId: string }
  | { readonly kind: "child answered"; readonly taskId: string; readonly isAlone: boolean }
  /** An attempt has said how far it came. */
  | { readonly kind: "saved"; readonly taskId: string; readonly saved: string }
  /** The time over all attempts is over. */
  | { readonly kind: "timed out"; readonly taskId: string }
  /** What it waits for has not come in time. */
  | { readonly kind: "expired"; readonly taskId: string }
  /** Another task has computed the same before. */
  | { readonly kind: "from cache"; readonly taskId: string; readonly output: Json }
  /** The pause between two rounds is over. */
  | { readonly kind: "round"; readonly taskId: string }
  /** The undoing of the effect of a task is over. */
  | { readonly kind: "undone"; readonly taskId: string }
  /** The time for that is over. */
  | { readonly kind: "undo timed out"; readonly taskId: string }
  | ({ readonly kind: "signal taken" } & SignalTaken)
  | { readonly kind: "run timed out" }
  /** A time of the state is over. */
  | { readonly kind: "time" }
  | Exclude<Act, { readonly kind: "reset" }>;
