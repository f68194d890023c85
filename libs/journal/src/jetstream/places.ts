/**
 * Places of batches in the stream: runs of batches with one message each, so that an undisturbed partition has one run.
 * Unknown places are found by reading.
 */
export interface BatchPlace {
  readonly number: number;
  /** Sequence of its first message. */
  readonly sequence: number;
}

interface Run {
  readonly number: number;
  readonly sequence: number;
  readonly seal: boolean;
  count: number;
}

/** Seals and batches in parts end a run. Above this number, the oldest runs are dropped. */
const runsMax = 4_096;

export class Places {
  #runs: Run[] = [];

  /** Adds a batch that counts. Batches before the known ones are ignored. */
  add(number: number, sequence: number, seal: boolean): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && number < last.number + last.count) return;
    const isNext = last !== undefined && number === last.number + last.count;
    if (isNext && !seal && !last.seal && sequence === last.sequence + last.count) {
      last.count++;
      return;
    }
    this.#runs.push({ number, sequence, seal, count: 1 });
    if (this.#runs.length > runsMax) this.#runs = this.#runs.slice(runsMax / 2);
  }

  /**
   * Returns the last known batch up to this number that is not a seal: reading can start there without earlier state.
   */
  upTo(number: number): BatchPlace | undefined {
    for (let index = this.#indexUpTo(number); index >= 0; index--) {
      const run = this.#runs[index];
      if (run === undefined || run.seal) continue;
      const ahead = Math.min(number - run.number, run.count - 1);
      return { number: run.number + ahead, sequence: run.sequence + ahead };
    }
    return;
  }

  /** Returns whether all batches from one to the other are known. */
  covers(from: number, to: number): boolean {
    let next = from;
    for (let index = this.#indexUpTo(from); index >= 0 && next <= to; index++) {
      const run = this.#runs[index];
      if (run === undefined || run.number > next) return false;
      next = run.number + run.count;
    }
    return next > to;
  }

  /** Drops the batches before this number. */
  drop(before: number): void {
    while ((this.#runs[0]?.number ?? before) + (this.#runs[0]?.count ?? 1) <= before) this.#runs.shift();
  }

  #indexUpTo(number: number): number {
    let from = 0;
    let to = this.#runs.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#runs[middle]?.number ?? 0) <= number) from = middle + 1;
      else to = middle;
    }
    return from - 1;
  }
}
