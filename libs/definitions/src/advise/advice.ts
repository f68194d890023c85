/** A change of a workflow that recorded runs propose. */
import type { WorkflowDocument } from "../language/document.ts";
import type { Gain } from "./replay.ts";

export interface Advice {
  readonly kind:
    | "needless_need"
    | "cache"
    | "parallel"
    | "right_sizing"
    | "speculative"
    | "merge"
    | "split"
    | "checkpoints";
  readonly task: string;
  /**
   * Distinguishes it from other advice of the same kind about the task: the need. Empty if there is at most
   * one.
   */
  readonly about: string;
  readonly summary: string;
  readonly evidence: readonly string[];
  readonly gain: Gain;
  /**
   * Quantity of the gain: the time of a run, the time that a tenth of the runs exceeds, or the reservation of a
   * task.
   */
  readonly saves: "time" | "time_p90" | "cpu" | "memory";
  readonly risk: string;
  readonly changed: WorkflowDocument;
  /** Change that a user must make before it can be applied. */
  readonly manual?: string;
}
