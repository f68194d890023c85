/** Decompresses a block of Snappy for tests. Throws if the block is invalid. */
export function snappyRead(block: Uint8Array): Uint8Array {
  let at = 0;
  const byte = (): number => {
    const value = block[at++];
    if (value === undefined) throw new Error("a block that ends too early");
    return value;
  };
  const unsigned = (bytes: number): number => {
    let value = 0;
    for (let index = 0; index < bytes; index += 1) value += byte() * 2 ** (8 * index);
    return value;
  };
  let length = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const value = byte();
    length += (value & 0x7f) * factor;
    if (value < 0x80) break;
  }
  const output = new Uint8Array(length);
  let end = 0;
  while (at < block.length) {
    const tag = byte();
    if ((tag & 3) === 0) {
      const short = tag >>> 2;
      const size = (short < 60 ? short : unsigned(short - 59)) + 1;
      output.set(block.subarray(at, at + size), end);
      at += size;
      end += size;
      continue;
    }
    const isNear = (tag & 3) === 1;
    const size = isNear ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const distance = isNear ? ((tag >>> 5) << 8) + byte() : unsigned((tag & 3) === 2 ? 2 : 4);
    if (distance === 0 || distance > end) throw new Error("a copy of missing bytes");
    for (let index = 0; index < size; index += 1, end += 1) output[end] = output[end - distance] as number;
  }
  if (end !== length) throw new Error(`expected ${length} bytes, got ${end}`);
  return output;
}
