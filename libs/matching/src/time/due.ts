/** Something that has to be looked at when its time has come. In at most one wheel, and there at most once. */
export abstract class Due {
  /** When. Infinite while it is in no wheel. */
  dueMs = Number.POSITIVE_INFINITY;
  /** Its list of the wheel, and its neighbours. The wheel's own. */
  spoke = -1;
  earlier: Due | undefined = undefined;
  later: Due | undefined = undefined;

  /** Its time has come, and it is in no wheel any more. It may be put into one again. */
  abstract run(nowMs: number): void;
}
