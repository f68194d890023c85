import { assert } from "@tutti/kernel";

/** Bounds the bytes under way from all partitions of a journal together. */
export class Room {
  readonly #bytesMax: number;
  readonly #batchBytesMax: number;
  #bytes = 0;
  #waiters: (() => void)[] = [];

  constructor(bytesMax: number, batchBytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#batchBytesMax = batchBytesMax;
  }

  /** Undefined while there is room for any batch. Otherwise resolves when some was released. */
  wait(): Promise<void> | undefined {
    if (this.#bytes + this.#batchBytesMax + batchOverheadBytes <= this.#bytesMax) return;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  reserve(recordBytes: number): boolean {
    const bytes = recordBytes + batchOverheadBytes;
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  release(recordBytes: number): void {
    this.#bytes -= recordBytes + batchOverheadBytes;
    assert(this.#bytes >= 0, "a batch releases its bytes once", { bytes: this.#bytes });
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

/** Overhead of a batch in addition to its records. It also bounds the number of empty batches. */
export const batchOverheadBytes = 512;
