/** The overhead in addition to the work itself, in milliseconds, of a run, a mission or a plan. */
export interface Delays {
  /** Once, before the first task is ready. */
  readonly startMs: number;
  /** From an end at an agent until the next tasks may start. */
  readonly turnMs: number;
  /** The same for tasks that were not known before: they are added first. */
  readonly growMs: number;
  /** From an assignment until the agent starts, and from its end until its slot is free for the next task. */
  readonly beginMs: number;
  /** Per assignment, sequentially. */
  readonly assignMs: number;
  /** Once, from the last end until all ends are known. */
  readonly endMs: number;
}

export const noDelays: Delays = { startMs: 0, turnMs: 0, growMs: 0, beginMs: 0, assignMs: 0, endMs: 0 };
