/** Time as the kernel sees it. Pure code gets the time handed in. The shell reads it here and nowhere else. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump when the machine's clock is set. Never use it to measure. */
  now(): number;
  /** Milliseconds from an arbitrary start, never backwards. For durations, deadlines and leases. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
