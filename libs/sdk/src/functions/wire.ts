/** Input and output of a turn, as the run machine and workers exchange them. */

import { emitCapability, type TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";

/** How a step failed. */
export interface StepError {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, string>>;
  /** The same step fails again: it is not retried. */
  readonly final?: boolean;
  /** Cause of the error, such as the error of a child. */
  readonly cause?: StepError;
}

interface Recorded {
  readonly at?: string;
  readonly atMs: number;
}

interface Ended {
  readonly output?: Json;
  readonly error?: StepError;
  /** Use of the task, with its children. */
  readonly used?: LeftAmounts;
}

/** An entry of the journal. */
export type Entry =
  | (Recorded & { readonly step: string; readonly output?: Json; readonly error?: StepError })
  | (Recorded & { readonly task: string; readonly kind?: string; readonly spec?: TaskDocument })
  | (Recorded & Ended & { readonly end: string })
  | (Recorded & { readonly set: string; readonly value: Json })
  | (Recorded & { readonly undo: string });

/** Amounts without a limit are absent. */
export interface LeftAmounts {
  readonly tokens?: number;
  readonly money?: number;
  readonly timeMs?: number;
}

export interface TurnInput {
  readonly function: 1;
  readonly input: Json;
  /** When the function was started. */
  readonly startMs: number;
  /** When this turn was offered. */
  readonly nowMs: number;
  readonly seed: string;
  /** Number of this turn. */
  readonly turn: number;
  /** Number of the last turn that was recorded. */
  readonly last: number;
  /** Position of the first entry of `journal`. */
  readonly from: number;
  readonly journal: readonly Entry[];
  /** Number of attempts since the last turn that only requested the whole journal. */
  readonly cold?: number;
  /** True if the compensations are requested. */
  readonly undo?: boolean;
  /** The rest of the run's budget. Amounts without a limit are absent. */
  readonly left?: LeftAmounts;
  /** The call of a keyed object. */
  readonly object?: {
    /** Its values when the call started. */
    readonly state: Readonly<Record<string, Json>>;
    /** Whether the call only reads. */
    readonly reader?: boolean;
  };
}

export interface TurnOutput {
  readonly function: 1;
  /** Position after the last entry that the worker received. */
  readonly known: number;
  readonly steps: readonly Entry[];
  readonly end?: { readonly output: Json } | { readonly error: StepError };
  readonly more?: true;
  readonly cold?: true;
  /** In a dry replay: the operations of the code after the end of the journal. */
  readonly next?: readonly string[];
}

/** Names the operation of an entry, for messages: `step reserve`. */
export function nameOf(entry: Entry): string {
  if ("step" in entry) return `step \`${entry.step}\``;
  if ("task" in entry) return `${entry.kind || "task"} \`${entry.task}\``;
  if ("end" in entry) return `the end of \`${entry.end}\``;
  return "set" in entry ? `state \`${entry.set}\`` : `compensation \`${entry.undo}\``;
}

/** Returns the input of a task that its worker or child reads from the blob store, if it is large. The platform emits events itself. */
export function storableInput(entry: Entry): Json | undefined {
  const { spec } = entry as { readonly spec?: TaskDocument };
  if (spec?.uses === emitCapability || (spec?.uses ?? spec?.workflow) === undefined) return undefined;
  return spec?.with as Json | undefined;
}

/** If a turn is too large, also smaller inputs of its tasks go into the blob store. */
export const storedOfMany = 4_096;

/** The length without content of the blob store. */
export function inlineLengthOf(entry: Entry): number {
  const input = storableInput(entry);
  const inputLength = input === undefined ? 0 : JSON.stringify(input).length;
  return lengthOf(entry) - (inputLength > storedOfMany ? inputLength : 0);
}

/** About how many characters an entry has. */
export function lengthOf(entry: Entry): number {
  const value =
    "output" in entry
      ? entry.output
      : "value" in entry
        ? entry.value
        : "spec" in entry
          ? entry.spec
          : undefined;
  return 100 + (typeof value === "object" || typeof value === "string" ? JSON.stringify(value).length : 8);
}
