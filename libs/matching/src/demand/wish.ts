import type { LabelSelector } from "@tutti/contracts/types/v1";

/** What is asked of the agents as a whole. */
export interface Wish {
  readonly capability: string;
  readonly range: string;
  readonly require: LabelSelector | undefined;
  readonly prefer: LabelSelector | undefined;
}

/**
 * What is asked of the one agent beside what all of its cohort have in common: room for resources, and whether it is
 * among those named. Tasks that ask the same share one of these.
 */
export interface Fit {
  readonly key: string;
  readonly resources: readonly (readonly [name: string, amount: number])[];
  /** Agents of which it has to be one; undefined for any. */
  readonly only: ReadonlySet<string> | undefined;
  readonly not: ReadonlySet<string>;
}
