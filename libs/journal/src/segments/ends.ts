import { hashBytes } from "../batch/hash.ts";

/**
 * The end of each partition's log, which the next batch must follow. Plain arrays, so that they can be passed to a
 * thread.
 */
export interface Ends {
  readonly numbers: Float64Array;
  readonly epochs: Float64Array;
  readonly times: Float64Array;
  /** 32 bytes each. */
  readonly hashes: Uint8Array;
}

export function emptyEnds(partitions: number): Ends {
  return {
    numbers: new Float64Array(partitions),
    epochs: new Float64Array(partitions),
    times: new Float64Array(partitions),
    hashes: new Uint8Array(partitions * hashBytes),
  };
}

/** Returns the same ends with more partitions. The new ones are empty. */
export function grownEnds(ends: Ends, partitions: number): Ends {
  const grown = emptyEnds(partitions);
  grown.numbers.set(ends.numbers);
  grown.epochs.set(ends.epochs);
  grown.times.set(ends.times);
  grown.hashes.set(ends.hashes);
  return grown;
}

/** Returns the hash of a partition's last batch. Zeros if there is none. */
export function hashOf(ends: Ends, partition: number): Uint8Array {
  return ends.hashes.subarray(partition * hashBytes, (partition + 1) * hashBytes);
}

export interface End {
  readonly number: number;
  readonly epoch: number;
  readonly timeMs: number;
  readonly hash: Uint8Array;
}

export function setEnd(ends: Ends, partition: number, { number, epoch, timeMs, hash }: End): void {
  ends.numbers[partition] = number;
  ends.epochs[partition] = epoch;
  ends.times[partition] = timeMs;
  ends.hashes.set(hash, partition * hashBytes);
}
