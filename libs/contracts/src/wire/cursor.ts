/**
 * A hand-written reader of fields, for the few messages that are read a hundred thousand times a second. Fields are
 * returned as views of the input.
 *
 * 1. Reading beyond the end throws a RangeError.
 * 2. A string that is not UTF-8 throws a TypeError.
 * 3. A number of more than 32 bits is truncated, as proto3 requires.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly #data: DataView;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
    this.at = 0;
  }

  uint32(): number {
    // Beyond the end the byte is undefined, which is not less than anything.
    const byte = this.bytes[this.at] as number;
    if (byte < 0x80) {
      this.at++;
      return byte;
    }
    return this.#longUint32();
  }

  sint32(): number {
    const zigzag = this.uint32();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  double(): number {
    const at = this.at;
    this.at = at + 8;
    return this.#data.getFloat64(at, true);
  }

  /** Returns the end of a length-delimited value. */
  endOfLength(): number {
    const length = this.uint32();
    const end = this.at + length;
    if (end > this.end)
      throw new RangeError(`expected ${length} bytes from ${this.at} on, got the end at ${this.end}`);
    return end;
  }

  view(): Uint8Array {
    const end = this.endOfLength();
    const at = this.at;
    this.at = end;
    // Half the cost of the `subarray` of a Buffer, which transports return.
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, end - at);
  }

  string(): string {
    const end = this.endOfLength();
    const start = this.at;
    const length = end - start;
    this.at = end;
    if (length > loopDecodeMax) return decoder.decode(this.bytes.subarray(start, end));
    const { bytes } = this;
    const codes = new Array<number>(length);
    for (let index = 0; index < length; index++) {
      const byte = bytes[start + index] as number;
      if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end));
      codes[index] = byte;
    }
    return String.fromCharCode.apply(String, codes);
  }

  /** Skips the value after a tag. Returns false for groups, which are obsolete, and for an invalid tag. */
  skip(tag: number): boolean {
    switch (tag & 7) {
      case 0:
        this.uint32();
        return true;
      case 1:
        this.#pass(8);
        return true;
      case 2:
        this.at = this.endOfLength();
        return true;
      case 5:
        this.#pass(4);
        return true;
      default:
        return false;
    }
  }

  /** Skips a length-delimited value. Returns whether it equals these bytes. */
  isNext(expected: Uint8Array): boolean {
    const end = this.endOfLength();
    const start = this.at;
    this.at = end;
    if (end - start !== expected.length) return false;
    for (let index = 0; index < expected.length; index++)
      if (this.bytes[start + index] !== expected[index]) return false;
    return true;
  }

  #pass(length: number): void {
    if (this.at + length > this.end)
      throw new RangeError(`expected ${length} bytes from ${this.at} on, got the end at ${this.end}`);
    this.at += length;
  }

  #longUint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) break;
      const byte = this.bytes[this.at++] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError(`expected the end of a number before ${this.at}, got none`);
  }
}

/** A byte order mark at the start is part of the text. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
/** Up to this length a loop over the bytes is faster than the decoder, which costs 80 ns a call. */
const loopDecodeMax = 24;
