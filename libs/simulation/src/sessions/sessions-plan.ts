import type { WorkPlan } from "../work/work-plan.ts";

/** Sessions whose tasks runs and missions do, with agents of one pool, and their faults. */
export interface SessionsPlan extends Pick<WorkPlan, "pool" | "limits" | "peoplePerMinute"> {
  readonly sessions: readonly PlannedSession[];
}

export interface PlannedSession {
  readonly id: string;
  readonly atMs: number;
  /** Its specification as JSON. */
  readonly spec: object;
}

/** The content of a task, for its agent. */
export interface TaskInput {
  readonly seed: number;
  /** Number of first attempts that fail. Below 0: all. */
  readonly fails: number;
  /** The results of other tasks. */
  readonly of: readonly number[];
}

/** Returns the result of a task that succeeds, with any agent and any number of attempts. */
export function expectedValue({ seed, of }: TaskInput): number {
  return of.reduce((sum, value, place) => (sum * 31 + value * (place + 3)) % 9_973, seed % 9_973);
}
