import { BinaryWriter } from "@bufbuild/protobuf/wire";

/**
 * A reusable writer of messages with one buffer: the written bytes are read as a view, and an unneeded message can be
 * truncated. All generated encoders accept it, and write the same bytes as with the writer of the library.
 *
 * 1. Nothing is allocated for a message or a field, except that the buffer doubles when it is full.
 * 2. A nested message gets one byte for its length. If it is longer than 127 bytes, it is moved up to make room for its
 *    length.
 * 3. Every writing method of the library's writer is overridden: the library has a buffer of its own, and bytes in it
 *    would be missing here.
 */
export class FlatWriter extends BinaryWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #data: DataView;
  #capacity: number;
  #at = 0;
  /** Positions of the lengths of the messages that are being written, and their number. */
  readonly #forks: number[] = [];
  #depth = 0;

  constructor(capacityBytes = 4_096) {
    super();
    this.#bytes = new Uint8Array(capacityBytes);
    this.#data = new DataView(this.#bytes.buffer);
    this.#capacity = capacityBytes;
  }

  /** Position of the next byte: the number of written bytes. */
  get position(): number {
    return this.#at;
  }

  /** The whole buffer, of which the bytes before `position` are written. Growth replaces it. */
  get memory(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** The written bytes, without a copy: valid until the next byte is written. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Drops the bytes from a position on, and the messages started there. */
  truncate(position: number): void {
    if (!(position >= 0 && position <= this.#at)) {
      throw new RangeError(`expected a position from 0 to ${this.#at}, got ${position}`);
    }
    this.#at = position;
    while (this.#depth > 0 && (this.#forks[this.#depth - 1] ?? 0) >= position) this.#depth--;
  }

  /** Drops all bytes. The buffer stays. */
  reset(): void {
    this.#at = 0;
    this.#depth = 0;
  }

  /** Returns a copy of the written bytes, and drops them. */
  override finish(): Uint8Array<ArrayBuffer> {
    const copy = this.#bytes.slice(0, this.#at);
    this.reset();
    return copy;
  }

  override fork(): this {
    if (this.#at === this.#capacity) this.#grow(1);
    this.#forks[this.#depth++] = this.#at++;
    return this;
  }

  override join(): this {
    if (this.#depth === 0) throw new Error("expected a message from fork, got none");
    const at = this.#forks[--this.#depth] as number;
    const length = this.#at - at - 1;
    if (length < 0x80) {
      this.#bytes[at] = length;
      return this;
    }
    const more = varintBytes(length) - 1;
    if (this.#at + more > this.#capacity) this.#grow(more);
    this.#bytes.copyWithin(at + 1 + more, at + 1, this.#at);
    this.#at += more;
    writeVarint(this.#bytes, at, length);
    return this;
  }

  override tag(field: number, type: number): this {
    return this.uint32(((field << 3) | type) >>> 0);
  }

  override raw(chunk: Uint8Array): this {
    const { length } = chunk;
    const at = this.#at;
    if (at + length > this.#capacity) this.#grow(length);
    this.#bytes.set(chunk, at);
    this.#at = at + length;
    return this;
  }

  override uint32(value: number): this {
    if (value >>> 0 !== value) throw new RangeError(`invalid uint32: ${value}`);
    if (this.#at + varintBytesMax > this.#capacity) this.#grow(varintBytesMax);
    if (value < 0x80) this.#bytes[this.#at++] = value;
    else this.#at = writeVarint(this.#bytes, this.#at, value);
    return this;
  }

  override int32(value: number): this {
    if ((value | 0) !== value) throw new RangeError(`invalid int32: ${value}`);
    return value >= 0 ? this.uint32(value) : this.#varint64(BigInt.asUintN(64, BigInt(value)));
  }

  override sint32(value: number): this {
    if ((value | 0) !== value) throw new RangeError(`invalid sint32: ${value}`);
    return this.uint32(((value << 1) ^ (value >> 31)) >>> 0);
  }

  override bool(value: boolean): this {
    if (this.#at === this.#capacity) this.#grow(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
    return this;
  }

  override bytes(value: Uint8Array): this {
    return this.uint32(value.length).raw(value);
  }

  override string(value: string): this {
    const { length } = value;
    if (length > loopEncodeMax) return this.#longString(value);
    if (this.#at + 1 + length > this.#capacity) this.#grow(1 + length);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return this.#longString(value);
      bytes[at++] = code;
    }
    this.#at = at;
    return this;
  }

  override float(value: number): this {
    if (!Number.isFinite(Math.fround(value)) && Number.isFinite(value)) {
      throw new RangeError(`invalid float32: ${value}`);
    }
    if (this.#at + 4 > this.#capacity) this.#grow(4);
    this.#data.setFloat32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  override double(value: number): this {
    if (this.#at + 8 > this.#capacity) this.#grow(8);
    this.#data.setFloat64(this.#at, value, true);
    this.#at += 8;
    return this;
  }

  override fixed32(value: number): this {
    if (value >>> 0 !== value) throw new RangeError(`invalid fixed32: ${value}`);
    if (this.#at + 4 > this.#capacity) this.#grow(4);
    this.#data.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  override sfixed32(value: number): this {
    if ((value | 0) !== value) throw new RangeError(`invalid sfixed32: ${value}`);
    return this.fixed32(value >>> 0);
  }

  override int64(value: Integer): this {
    return this.#varint64(BigInt.asUintN(64, signed(value)));
  }

  override uint64(value: Integer): this {
    return this.#varint64(unsigned(value));
  }

  override sint64(value: Integer): this {
    const integer = signed(value);
    return this.#varint64(BigInt.asUintN(64, (integer << 1n) ^ (integer >> 63n)));
  }

  override fixed64(value: Integer): this {
    return this.#bits64(unsigned(value));
  }

  override sfixed64(value: Integer): this {
    return this.#bits64(BigInt.asUintN(64, signed(value)));
  }

  /** Writes a string of any length: the number of its bytes is known only after encoding. */
  #longString(value: string): this {
    const bytesMax = value.length * utf8BytesPerUnit;
    if (this.#at + varintBytesMax + bytesMax > this.#capacity) this.#grow(varintBytesMax + bytesMax);
    const bytes = this.#bytes;
    const at = this.#at;
    // Most texts have as many bytes as characters. For other texts the bytes are moved to their place.
    const expected = varintBytes(value.length);
    const start = at + expected;
    const { written } = encoder.encodeInto(value, bytes.subarray(start, start + bytesMax));
    const needed = varintBytes(written);
    if (needed !== expected) bytes.copyWithin(at + needed, start, start + written);
    this.#at = writeVarint(bytes, at, written) + written;
    return this;
  }

  /** Integers of 64 bits are rare in the contracts: this is not optimized. */
  #varint64(value: bigint): this {
    if (this.#at + varint64BytesMax > this.#capacity) this.#grow(varint64BytesMax);
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
    return this;
  }

  #bits64(value: bigint): this {
    if (this.#at + 8 > this.#capacity) this.#grow(8);
    this.#data.setBigUint64(this.#at, value, true);
    this.#at += 8;
    return this;
  }

  #grow(bytes: number): void {
    const larger = new Uint8Array(Math.max(this.#capacity * 2, this.#at + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#data = new DataView(larger.buffer);
    this.#capacity = larger.length;
  }
}

type Integer = string | number | bigint;

const encoder = new TextEncoder();
const varintBytesMax = 5;
const varint64BytesMax = 10;
/** Maximum bytes of UTF-8 per unit of a string. */
const utf8BytesPerUnit = 3;
/**
 * Below this length a loop over the characters is faster than the encoder, which costs 25 to 60 ns a call and
 * leaves an object. Ids of runs are shorter. Must be less than 128.
 */
const loopEncodeMax = 32;

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : varintBytesMax;
}

/** Writes a varint and returns its end. */
function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let next = at;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes[next++] = (rest & 0x7f) | 0x80;
  bytes[next++] = rest;
  return next;
}

function signed(value: Integer): bigint {
  const integer = BigInt(value);
  if (BigInt.asIntN(64, integer) !== integer) throw new RangeError(`invalid int64: ${value}`);
  return integer;
}

function unsigned(value: Integer): bigint {
  const integer = BigInt(value);
  if (BigInt.asUintN(64, integer) !== integer) throw new RangeError(`invalid uint64: ${value}`);
  return integer;
}
