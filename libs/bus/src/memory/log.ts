/**
 * The retained events of the bus within a process: numbered from 1 without gaps. The oldest are dropped by number,
 * total size, or age.
 */
import type { BusEvent } from "../event/event.ts";

export interface Retention {
  /** Default: 100,000. */
  readonly eventsMax: number;
  /** Data and attributes together. Default: 64 MiB. */
  readonly bytesMax: number;
  /** Default: one hour. */
  readonly ageMaxMs: number;
}

interface Entry {
  readonly event: BusEvent;
  readonly atMs: number;
  readonly bytes: number;
}

/** Approximate size of the object and its attributes. */
const overheadBytes = 600;

export class MemoryLog {
  readonly #retention: Retention;
  /** `#entries[i]` has the number `#firstSequence + i - #dropped`. Dropped ones are removed from time to time. */
  #entries: (Entry | undefined)[] = [];
  #dropped = 0;
  #firstSequence = 1;
  #bytes = 0;

  constructor(retention: Retention) {
    this.#retention = retention;
  }

  /** The number of the oldest event, or of the next one if there is none. */
  get first(): number {
    return this.#firstSequence;
  }

  /** The number of the newest event. 0 if there is none. */
  get last(): number {
    return this.#firstSequence + this.#entries.length - this.#dropped - 1;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(event: BusEvent, nowMs: number): number {
    const bytes = event.data.length + overheadBytes;
    this.#entries.push({ event, atMs: nowMs, bytes });
    this.#bytes += bytes;
    this.retain(nowMs);
    return this.last;
  }

  at(sequence: number): BusEvent | undefined {
    if (sequence < this.#firstSequence) return undefined;
    return this.#entries[sequence - this.#firstSequence + this.#dropped]?.event;
  }

  /** Drops events beyond the retention. The newest event is always kept. */
  retain(nowMs: number): void {
    const { eventsMax, bytesMax, ageMaxMs } = this.#retention;
    while (this.#entries.length - this.#dropped > 1) {
      const oldest = this.#entries[this.#dropped];
      if (oldest === undefined) return;
      const tooMany = this.#entries.length - this.#dropped > eventsMax;
      if (!tooMany && this.#bytes <= bytesMax && nowMs - oldest.atMs <= ageMaxMs) return;
      this.#entries[this.#dropped] = undefined;
      this.#dropped++;
      this.#firstSequence++;
      this.#bytes -= oldest.bytes;
      // The cost is proportional to the length: if it is rare, the cost per event is negligible.
      if (this.#dropped > 1_024 && this.#dropped * 2 > this.#entries.length) {
        this.#entries = this.#entries.slice(this.#dropped);
        this.#dropped = 0;
      }
    }
  }
}
