/** When something is due for an attempt, and when it was. Times are infinite where there are none. */
export interface TaskTimes {
  readonly readyMs: number;
  /** When its time in the queue is over, and that over all attempts. */
  readonly queueDueMs: number;
  totalDueMs: number;
  /** When its outcome is wanted. */
  dueWantedMs: number;
  /** For how long an attempt may run. 0 for any time. */
  runMs: number;
  assignedMs: number;
  /** 0 while it has not started. */
  begunMs: number;
  heardMs: number;
  /** From when on its time to run counts. */
  runFromMs: number;
  /** When it is forgotten because its sender has not come back. */
  awayDueMs: number;
  /** When its agent is treated as done with it although it has not said so. */
  stopDueMs: number;
  /** When it has to be looked at, as it stands. */
  readonly nextDueMs: number;
}
