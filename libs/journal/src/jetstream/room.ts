import { assert } from "@tutti/kernel";

/** How much may be under way from all partitions of a journal together. */
export class Room {
  readonly #bytesMax: number;
  readonly #batchBytesMax: number;
  #bytes = 0;
  #onGiven: (() => void)[] = [];

  constructor(bytesMax: number, batchBytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#batchBytesMax = batchBytesMax;
  }

  /** Undefined while there is room for any batch. Else resolves when some was given back. */
  wait(): Promise<void> | undefined {
    if (this.#bytes + this.#batchBytesMax + batchOverheadBytes <= this.#bytesMax) return;
    return new Promise((resolve) => this.#onGiven.push(resolve));
  }

  reserve(recordBytes: number): boolean {
    const bytes = recordBytes + batchOverheadBytes;
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  release(recordBytes: number): void {
    this.#bytes -= recordBytes + batchOverheadBytes;
    assert(this.#bytes >= 0, "a batch gives its room back once", { bytes: this.#bytes });
    const onGiven = this.#onGiven;
    this.#onGiven = [];
    for (const resolve of onGiven) resolve();
  }
}

/** What a batch takes besides its records, so that empty ones are not without number. */
export const batchOverheadBytes = 512;
