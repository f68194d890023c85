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
  /** What tells it from other advice of the kind about the task: the need. Empty where there is one at most. */
  readonly about: string;
  readonly summary: string;
  readonly evidence: readonly string[];
  readonly gain: Gain;
  /** What the gain is of: the time of a run, the time that a tenth of the runs exceeds, or what a task reserves. */
  readonly saves: "time" | "time_p90" | "cpu" | "memory";
  readonly risk: string;
  readonly changed: WorkflowDocument;
  /** What a user has to change before it can be applied. */
  readonly manual?: string;
}
