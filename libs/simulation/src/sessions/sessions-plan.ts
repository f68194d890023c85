import type { WorkPlan } from "../work/work-plan.ts";

/** Sessions whose tasks runs and missions do, with agents of one pool, and what befalls them. */
export interface SessionsPlan extends Pick<WorkPlan, "pool" | "limits" | "peoplePerMinute"> {
  readonly sessions: readonly PlannedSession[];
}

export interface PlannedSession {
  readonly id: string;
  readonly atMs: number;
  /** Its specification as JSON. */
  readonly spec: object;
}

/** What a task is about. Its agent reads it. */
export interface Errand {
  readonly seed: number;
  /** So many of its first attempts fail. All of them for less than none. */
  readonly fails: number;
  /** What other tasks came to. */
  readonly of: readonly number[];
}

/** What a task comes to that is done well, by any agent, however often. */
export function comesTo({ seed, of }: Errand): number {
  return of.reduce((sum, value, place) => (sum * 31 + value * (place + 3)) % 9_973, seed % 9_973);
}
