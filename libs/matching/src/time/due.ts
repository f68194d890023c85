/** A timer. It is in at most one wheel, and there at most once. */
export abstract class Due {
  /** Due time. Infinite if it is in no wheel. */
  dueMs = Number.POSITIVE_INFINITY;
  /** Its list of the wheel, and its neighbours. Only the wheel uses them. */
  spoke = -1;
  earlier: Due | undefined = undefined;
  later: Due | undefined = undefined;

  /** Runs at the due time. The timer is in no wheel then and may be set again. */
  abstract run(nowMs: number): void;
}
