/**
 * Columns of numbers as bytes. Each value is stored as the difference from the column's smallest value, in as few bytes
 * as the largest difference needs. Most columns of an index hardly vary (a status, a kind, a day's times), so a line
 * takes a third of the bytes.
 *
 * Layout: count and number of columns (u32 each). Per column its base (f64), its width (u32) and its start (u32). Then
 * the values, each column at a multiple of eight.
 */
const headBytes = 8;
const columnHeadBytes = 16;
/** Width of a value that is not a whole number, or is too far from the others: eight unchanged bytes. */
const asIs = 8;

export function encodeColumns(columns: readonly Float64Array[]): Uint8Array<ArrayBuffer> {
  const count = columns[0]?.length ?? 0;
  const plans = columns.map(planOf);
  let at = aligned(headBytes + columns.length * columnHeadBytes);
  const places = plans.map(({ width }) => {
    const place = at;
    at = aligned(at + width * count);
    return place;
  });
  const buffer = new ArrayBuffer(at);
  const view = new DataView(buffer);
  view.setUint32(0, count, true);
  view.setUint32(4, columns.length, true);
  for (const [index, column] of columns.entries()) {
    const { base, width } = plans[index] ?? plain;
    const place = places[index] ?? 0;
    const head = headBytes + index * columnHeadBytes;
    view.setFloat64(head, base, true);
    view.setUint32(head + 8, width, true);
    view.setUint32(head + 12, place, true);
    writeColumn(buffer, place, column, base, width);
  }
  return new Uint8Array(buffer);
}

/** Returns how many values each column has. */
export function countOf(encoded: Uint8Array): number {
  return viewOf(encoded).getUint32(0, true);
}

/** Reads one column into `target`, and returns the filled part of it. */
export function decodeColumn(encoded: Uint8Array, index: number, target?: Float64Array): Float64Array {
  const view = viewOf(encoded);
  const count = view.getUint32(0, true);
  const head = headBytes + index * columnHeadBytes;
  const base = view.getFloat64(head, true);
  const width = view.getUint32(head + 8, true);
  const place = encoded.byteOffset + view.getUint32(head + 12, true);
  const into =
    target === undefined || target.length < count ? new Float64Array(count) : target.subarray(0, count);
  readColumn(encoded.buffer, place, into, base, width);
  return into;
}

interface Plan {
  readonly base: number;
  readonly width: number;
}

const plain: Plan = { base: 0, width: asIs };

function planOf(column: Float64Array): Plan {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < column.length; index++) {
    const value = column[index] as number;
    if (!Number.isSafeInteger(value)) return plain;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (column.length === 0 || least === most) return { base: column[0] ?? 0, width: 0 };
  const range = most - least;
  if (range <= 0xff) return { base: least, width: 1 };
  if (range <= 0xffff) return { base: least, width: 2 };
  return range <= 0xffff_ffff ? { base: least, width: 4 } : plain;
}

function arrayOf(buffer: ArrayBufferLike, place: number, count: number, width: number) {
  if (width === 1) return new Uint8Array(buffer, place, count);
  return width === 2 ? new Uint16Array(buffer, place, count) : new Uint32Array(buffer, place, count);
}

function writeColumn(
  buffer: ArrayBuffer,
  place: number,
  column: Float64Array,
  base: number,
  width: number,
): void {
  if (width === 0) return;
  if (width === asIs) {
    new Float64Array(buffer, place, column.length).set(column);
    return;
  }
  const target = arrayOf(buffer, place, column.length, width);
  for (let index = 0; index < column.length; index++) target[index] = (column[index] as number) - base;
}

function readColumn(
  buffer: ArrayBufferLike,
  place: number,
  into: Float64Array,
  base: number,
  width: number,
): void {
  if (width === 0) into.fill(base);
  else if (width === asIs) into.set(new Float64Array(buffer, place, into.length));
  else if (width === 1) {
    const from = new Uint8Array(buffer, place, into.length);
    for (let index = 0; index < into.length; index++) into[index] = base + (from[index] as number);
  } else if (width === 2) {
    const from = new Uint16Array(buffer, place, into.length);
    for (let index = 0; index < into.length; index++) into[index] = base + (from[index] as number);
  } else {
    const from = new Uint32Array(buffer, place, into.length);
    for (let index = 0; index < into.length; index++) into[index] = base + (from[index] as number);
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
