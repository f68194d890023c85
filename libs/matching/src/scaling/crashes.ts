/** Decides when a program that ended by itself is started again, and when it is quarantined. */
import { type Backoff, backoffMs, type Chance } from "@tutti/kernel";

/** A program that ran for this long was well: its end is the first of a row. */
const wellMs = 60_000;
const backoff: Backoff = { firstMs: 500, maxMs: 60_000 };

export interface Crash {
  /** Number of crashes in a row. */
  readonly crashes: number;
  /** Pause before the next start. Undefined if it is quarantined. */
  readonly restartAfterMs: number | undefined;
}

export function crashAfter(before: number, livedMs: number, quarantineAfter: number, chance: Chance): Crash {
  const crashes = livedMs >= wellMs ? 1 : before + 1;
  return {
    crashes,
    restartAfterMs: crashes >= quarantineAfter ? undefined : backoffMs(backoff, crashes, chance),
  };
}
