import type { WaitCause, WorkReference } from "@tutti/contracts/types/v1";

/** One reason why a task waits. */
export interface Reason {
  readonly cause: WaitCause;
  readonly message: string;
  /** What it is about: a capability, a key, an agent. */
  readonly subject: string;
  readonly holders: readonly WorkReference[];
  /** What would help. */
  readonly remedy: string;
  /** What to type for it, where that is one command. */
  readonly command?: string;
  /** Since when, where that is known apart from the whole. */
  readonly sinceMs?: number;
  /** When it ends, where that is known. */
  readonly endMs?: number;
}
