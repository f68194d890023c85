/** Port for time. Pure code gets the time as an argument. The shell reads it only here. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump when the machine's clock is set. Never use it to measure. */
  now(): number;
  /** Milliseconds from an arbitrary start, never backwards. For durations, deadlines and leases. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
