/**
 * Tells whether there may be data under a key, by its hash. It uses ten bits and six probes per key, all in one cache
 * line of the processor. One key in a hundred is a false positive. Keys are only added. A rebuild drops removed ones.
 */
export class KeyFilter {
  readonly #words: Uint32Array;
  readonly #blocks: number;
  /** Number of keys that it was made for. */
  readonly capacity: number;
  #count: number;

  constructor(capacity: number, words?: Uint32Array, count = 0) {
    this.#count = count;
    this.capacity = capacity;
    this.#words = words ?? new Uint32Array(wordsFor(capacity));
    this.#blocks = this.#words.length / blockWords;
  }

  get count(): number {
    return this.#count;
  }

  get words(): Uint32Array {
    return this.#words;
  }

  add(hash: number): void {
    this.#count++;
    const low = hash >>> 0;
    const from = this.#blockOf(hash);
    let probe = low;
    for (let index = 0; index < probes; index++) {
      const word = from + (probe & (blockWords - 1));
      this.#words[word] = (this.#words[word] as number) | (1 << ((probe >>> 4) & 31));
      probe = (Math.imul(probe, 0x9e3779b1) ^ (probe >>> 15)) >>> 0;
    }
  }

  mayHave(hash: number): boolean {
    const low = hash >>> 0;
    const from = this.#blockOf(hash);
    let probe = low;
    for (let index = 0; index < probes; index++) {
      const word = this.#words[from + (probe & (blockWords - 1))] as number;
      if ((word & (1 << ((probe >>> 4) & 31))) === 0) return false;
      probe = (Math.imul(probe, 0x9e3779b1) ^ (probe >>> 15)) >>> 0;
    }
    return true;
  }

  /** Uses the upper 21 bits and some of the lower, because the probes use the lower. */
  #blockOf(hash: number): number {
    const high = Math.floor(hash / 2 ** 21) >>> 0;
    return Math.floor((high * this.#blocks) / 2 ** 32) * blockWords;
  }
}

const blockWords = 16;
const probes = 6;
const bitsPerKey = 10;

function wordsFor(capacity: number): number {
  return Math.max(1, Math.ceil((capacity * bitsPerKey) / (blockWords * 32))) * blockWords;
}
