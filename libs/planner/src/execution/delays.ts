/** What it takes besides the work itself, in milliseconds, by what carries it: a run, a mission, a plan. */
export interface Delays {
  /** Once, before anything is ready. */
  readonly startMs: number;
  /** From an end at an agent until the next tasks may start. */
  readonly turnMs: number;
  /** The same for tasks that were not known before: they are added first. */
  readonly growMs: number;
  /**
   * From an assignment until the agent starts, and from its end until it can be given something else: its slot is taken
   * meanwhile.
   */
  readonly beginMs: number;
  /** Per assignment, one after the other. */
  readonly assignMs: number;
  /** Once, from the last end until all is known to have ended. */
  readonly endMs: number;
}

export const noDelays: Delays = { startMs: 0, turnMs: 0, growMs: 0, beginMs: 0, assignMs: 0, endMs: 0 };
