/** Decides which agent does which task next: in the platform, or in virtual time by `execute`. */
export interface Dispatcher {
  /** Reports that all needs of a task have ended, and it may start. Called again for a lost task. */
  ready(task: number, nowMs: number): void;
  /** Reports the end of a task, with its duration at the agent. */
  recordEnd(task: number, agent: number, runMs: number, nowMs: number): void;
  /** Reports that the agent has joined, or has another slot. */
  joined?(agent: number, nowMs: number): void;
  /** Reports that the agent left before the task ended. */
  lost(task: number, agent: number, nowMs: number): void;
  /**
   * Returns the next assignment, until it returns undefined. An assigned task counts as started. A running
   * task may be assigned to a second agent.
   */
  next(presence: Presence, nowMs: number): Assignment | undefined;
  /** Returns when to ask again if nothing happens before. Absent: never. */
  wakeMs?(): number;
}

export interface Assignment {
  readonly task: number;
  readonly agent: number;
  /** A second copy that this agent drops now in favour of this task. */
  readonly insteadOf?: number;
}

/** The presence of agents. */
export interface Presence {
  /** Returns how many more tasks the agent could take now. 0 while it is away. */
  freeSlots(agent: number): number;
}
