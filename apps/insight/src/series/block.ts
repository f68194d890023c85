/**
 * Packs the values of a series at equal distances. Their times are the places in the block, so a time costs nothing.
 *
 * 1. Unpacking returns the packed values bit for bit, gaps (not a number) included.
 * 2. Values that are whole multiples of a power of ten are kept as differences of whole numbers, divided by their common
 *    divisor. So a counter of memory pages costs a byte per value. Others take eight bytes, if they do not repeat.
 * 3. A value that repeats costs a byte once, and two bytes for any number of repetitions.
 */

const gapsToken = 0;
const sameToken = 1;
const runToken = 2;
const firstDifference = 3;

/** Number of powers of ten to try. */
const scalesMax = 9;
const rawMode = 255;
/** Largest difference of whole numbers that fits a token. */
const wholeMax = 2 ** 51;

/** Rounds a value that is not whole to four digits. The error is half a thousandth, less than a chart shows. */
export function rounded(value: number): number {
  if (!Number.isFinite(value)) return Number.NaN;
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}

export function packed(values: Float64Array): Uint8Array {
  const writer = new Writer(values.length);
  const scale = scaleOf(values);
  writer.varint(values.length);
  writer.byte(scale ?? rawMode);
  if (scale === undefined) writeRaw(writer, values);
  else writeWhole(writer, values, 10 ** scale);
  return writer.bytes();
}

export function unpacked(bytes: Uint8Array): Float64Array {
  const reader = new Reader(bytes);
  const values = new Float64Array(reader.varint());
  const scale = reader.byte();
  if (scale === rawMode) readRaw(reader, values);
  else readWhole(reader, values, 10 ** scale);
  return values;
}

/** Returns how many digits after the point all values have. Undefined if some have too many. */
function scaleOf(values: Float64Array): number | undefined {
  let scale = 0;
  let factor = 1;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (Object.is(value, -0)) return undefined;
    while (Math.round(value * factor) / factor !== value || Math.abs(value * factor) > wholeMax) {
      scale++;
      factor = 10 ** scale;
      if (scale > scalesMax || Math.abs(value * factor) > wholeMax) return undefined;
    }
  }
  // A larger factor for a later value may be too large for an earlier value.
  const fits = values.every(
    (value) =>
      Number.isNaN(value) ||
      (Math.abs(value * factor) <= wholeMax && Math.round(value * factor) / factor === value),
  );
  return fits ? scale : undefined;
}

function writeWhole(writer: Writer, values: Float64Array, factor: number): void {
  const whole = values.map((value) => Math.round(value * factor));
  const divisor = commonDivisor(whole);
  const first = whole.find((value) => !Number.isNaN(value)) ?? 0;
  writer.varint(divisor);
  writer.zigzag(first);
  let before = first;
  eachRun(whole, (value, count) => {
    if (Number.isNaN(value)) return writer.run(gapsToken, count);
    const difference = (value - before) / divisor;
    before = value;
    const repeats = difference === 0 ? count : count - 1;
    if (difference !== 0)
      writer.varint((difference < 0 ? -2 * difference - 1 : 2 * difference) + firstDifference - 1);
    writer.repeats(repeats);
  });
}

function readWhole(reader: Reader, values: Float64Array, factor: number): void {
  const divisor = reader.varint();
  let value = reader.zigzag();
  for (let at = 0; at < values.length; ) {
    const token = reader.varint();
    if (token === gapsToken) at = filled(values, at, reader.varint(), Number.NaN);
    else if (token === sameToken) at = filled(values, at, 1, value / factor);
    else if (token === runToken) at = filled(values, at, reader.varint(), value / factor);
    else {
      const zigzag = token - firstDifference + 1;
      value += (zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2) * divisor;
      at = filled(values, at, 1, value / factor);
    }
  }
}

function writeRaw(writer: Writer, values: Float64Array): void {
  eachRun(values, (value, count) => {
    if (Number.isNaN(value)) return writer.run(gapsToken, count);
    writer.byte(firstDifference);
    writer.float(value);
    writer.repeats(count - 1);
  });
}

function readRaw(reader: Reader, values: Float64Array): void {
  let value = 0;
  for (let at = 0; at < values.length; ) {
    const token = reader.varint();
    if (token === gapsToken) at = filled(values, at, reader.varint(), Number.NaN);
    else if (token === sameToken) at = filled(values, at, 1, value);
    else if (token === runToken) at = filled(values, at, reader.varint(), value);
    else {
      value = reader.float();
      at = filled(values, at, 1, value);
    }
  }
}

function filled(values: Float64Array, at: number, count: number, value: number): number {
  if (count < 1 || at + count > values.length) throw new RangeError("a run beyond the end of a block");
  if (count === 1) values[at] = value;
  else values.fill(value, at, at + count);
  return at + count;
}

function eachRun(values: Float64Array, visit: (value: number, count: number) => void): void {
  for (let at = 0; at < values.length; ) {
    const value = values[at] as number;
    let end = at + 1;
    while (end < values.length && Object.is(values[end], value)) end++;
    visit(value, end - at);
    at = end;
  }
}

/** Returns the common divisor of all differences of neighbours. At least 1. */
function commonDivisor(whole: Float64Array): number {
  let divisor = 0;
  let before = Number.NaN;
  for (const value of whole) {
    if (Number.isNaN(value)) continue;
    if (!Number.isNaN(before) && value !== before) {
      let rest = Math.abs(value - before);
      while (rest !== 0) [divisor, rest] = [rest, divisor % rest];
      if (divisor === 1) return 1;
    }
    before = value;
  }
  return Math.max(1, divisor);
}

class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(values: number) {
    this.#bytes = new Uint8Array(32 + values * 2);
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  float(value: number): void {
    this.#room(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value);
    this.#length += 8;
  }

  run(token: number, count: number): void {
    this.byte(token);
    this.varint(count);
  }

  repeats(count: number): void {
    if (count === 1) this.byte(sameToken);
    else if (count > 1) this.run(runToken, count);
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(this.#bytes.length * 2 + bytes);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError("a block that ends too early");
    return byte;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte % 0x80) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  float(): number {
    const { buffer, byteOffset } = this.#bytes;
    const value = new DataView(buffer, byteOffset).getFloat64(this.#at);
    this.#at += 8;
    return value;
  }
}
