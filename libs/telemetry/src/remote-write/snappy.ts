/**
 * Compresses by Snappy's block format, which remote write requires. Existing packages are native or larger than this
 * file. Series repeat their label names, so a simple search finds most repetitions.
 *
 * 1. Blocks of 64 KiB are compressed on their own, so that each copy fits two bytes of distance.
 */

const blockMax = 65_536;
const tableBits = 14;
const copyMax = 64;

export function snappyCompressed(input: Uint8Array): Uint8Array {
  const output = new Output(input);
  output.varint(input.length);
  const table = new Int32Array(1 << tableBits);
  for (let start = 0; start < input.length; start += blockMax) {
    table.fill(-1);
    compressBlock(output, input, start, Math.min(input.length, start + blockMax), table);
  }
  return output.bytes();
}

function compressBlock(
  output: Output,
  input: Uint8Array,
  start: number,
  end: number,
  table: Int32Array,
): void {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let literal = start;
  let at = start;
  while (at + 4 <= end) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - tableBits);
    const before = table[slot] ?? -1;
    table[slot] = at;
    if (before < 0 || view.getUint32(before, true) !== word) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < end && input[before + length] === input[at + length]) length += 1;
    output.literal(literal, at);
    output.copy(at - before, length);
    at += length;
    literal = at;
  }
  output.literal(literal, end);
}

class Output {
  readonly #input: Uint8Array;
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
    // Snappy's own bound for input that does not compress.
    this.#bytes = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
  }

  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) + 0x80);
    this.#byte(rest);
  }

  literal(from: number, to: number): void {
    const rest = to - from - 1;
    if (rest < 0) return;
    if (rest < 60) this.#byte(rest << 2);
    else if (rest < 0x100) {
      this.#byte(60 << 2);
      this.#byte(rest);
    } else {
      this.#byte(61 << 2);
      this.#byte(rest & 0xff);
      this.#byte(rest >>> 8);
    }
    this.#bytes.set(this.#input.subarray(from, to), this.#length);
    this.#length += to - from;
  }

  copy(distance: number, length: number): void {
    for (let rest = length; rest > 0; rest -= copyMax) {
      this.#byte(((Math.min(rest, copyMax) - 1) << 2) | 2);
      this.#byte(distance & 0xff);
      this.#byte(distance >>> 8);
    }
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }
}
