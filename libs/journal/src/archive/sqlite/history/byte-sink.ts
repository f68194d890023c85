/** Writes bytes into memory that grows and is reused. */
export class ByteSink {
  #bytes = new Uint8Array(64 * 1024);
  length = 0;

  /** Writes a whole number up to 2^53. Small ones take one byte. */
  number(value: number): void {
    if (this.length + 10 > this.#bytes.length) this.#grow(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.length++] = rest;
  }

  /** Writes a part of other bytes, without its length. */
  part(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (this.length + length > this.#bytes.length) this.#grow(length);
    // A view costs more than copying the few bytes that most parts have.
    if (length > loopCopyMax) this.#bytes.set(bytes.subarray(from, to), this.length);
    else for (let at = 0; at < length; at++) this.#bytes[this.length + at] = bytes[from + at] as number;
    this.length += length;
  }

  /** Writes the length of other bytes, and the bytes. */
  bytes(bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    this.number(to - from);
    this.part(bytes, from, to);
  }

  /** Returns a copy of the bytes written since `from`. */
  copy(from = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(from, this.length);
  }

  reset(): void {
    this.length = 0;
    // Memory for a single large record is not kept for all the small ones.
    if (this.#bytes.length > retainedBytesMax) this.#bytes = new Uint8Array(retainedBytesMax);
  }

  #grow(bytes: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + bytes));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }
}

const loopCopyMax = 48;
const retainedBytesMax = 1024 * 1024;

/** Reads what a sink wrote. */
export class ByteSource {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new RangeError(`expected a number before byte ${this.at}, found the end`);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Returns a view of bytes with their length before them. */
  view(): Uint8Array {
    const length = this.number();
    const from = this.at;
    this.at = from + length;
    if (this.at > this.bytes.length)
      throw new RangeError(`expected ${length} bytes at ${from}, found the end`);
    return this.bytes.subarray(from, this.at);
  }
}
