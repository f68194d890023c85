import type { DeadlockFoundV1 } from "@tutti/contracts/session/v1";

/** The deadlocks of a namespace that were found, the oldest first. */
export interface Deadlocks {
  readonly found: DeadlockFoundV1[];
  count: number;
}
