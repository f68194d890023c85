import type { Clock } from "@tutti/kernel";

/** Milliseconds since the epoch as pools count them: they agree with the wall clock at first, and never go back. */
export type PoolTime = () => number;

export function poolTime(clock: Clock): PoolTime {
  const offsetMs = clock.now() - clock.monotonic();
  return () => offsetMs + clock.monotonic();
}
