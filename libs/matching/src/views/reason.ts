import type { WaitCause, WorkReference } from "@tutti/contracts/types/v1";

/** One reason why a task waits. */
export interface Reason {
  readonly cause: WaitCause;
  readonly message: string;
  /** The subject: a capability, a key, an agent. */
  readonly subject: string;
  readonly holders: readonly WorkReference[];
  /** A remedy, as a text. */
  readonly remedy: string;
  /** The command for it, if one is enough. */
  readonly command?: string;
  /** Start of the wait for this reason, if known. */
  readonly sinceMs?: number;
  /** End of the wait, if known. */
  readonly endMs?: number;
}
