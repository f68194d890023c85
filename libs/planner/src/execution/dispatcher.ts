/** Says who does what next, as it is asked while work continues: by the platform, or in virtual time by `execute`. */
export interface Dispatcher {
  /** All that the task needs has ended, and it may start. Said again of a task that was lost. */
  ready(task: number, nowMs: number): void;
  /** The task has ended after so long at the agent. */
  ended(task: number, agent: number, tookMs: number, nowMs: number): void;
  /** The agent has come, or has another slot. */
  joined?(agent: number, nowMs: number): void;
  /** The agent left before the task ended. */
  lost(task: number, agent: number, nowMs: number): void;
  /**
   * What to start now. Asked until it is undefined. A task that was given counts as started. One that is running
   * already is started a second time, elsewhere.
   */
  next(presence: Presence, nowMs: number): Assignment | undefined;
  /** When to be asked again, should nothing happen before. Absent: not before something happens. */
  wakeMs?(): number;
}

export interface Assignment {
  readonly task: number;
  readonly agent: number;
  /** A task that this agent was given as a second one, and that it lets go of now for this one. */
  readonly insteadOf?: number;
}

/** Who is there. */
export interface Presence {
  /** Returns how many more tasks the agent could take now. 0 while it is away. */
  freeSlots(agent: number): number;
}
