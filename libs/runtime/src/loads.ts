import type { Clock } from "@tutti/kernel";

interface Reading {
  atMs: number;
  turnMs: number;
  load: number;
}

/** A reading is made at most this often. In between the last reading is returned. */
const windowMs = 1_000;
/** Weight of a new reading against the previous value. */
const weight = 0.5;

/** Load of partitions: the share of the time that they spend in turns, over the last seconds. */
export class Loads {
  readonly #clock: Clock;
  readonly #readings = new Map<number, Reading>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param turnMs time that the partition has spent in turns so far */
  of(partition: number, turnMs: number): number {
    const atMs = this.#clock.monotonic();
    const reading = this.#readings.get(partition);
    if (reading === undefined) {
      this.#readings.set(partition, { atMs, turnMs, load: 0 });
      return 0;
    }
    const passedMs = atMs - reading.atMs;
    if (passedMs < windowMs) return reading.load;
    const share = Math.min(1, (turnMs - reading.turnMs) / passedMs);
    reading.load += (share - reading.load) * weight;
    reading.atMs = atMs;
    reading.turnMs = turnMs;
    return reading.load;
  }
}
