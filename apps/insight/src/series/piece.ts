/**
 * Samples of many series that were recorded together, in one row of the store. A row per series and minute would cost
 * more than its values. Numbers of series are sorted, so that one series is found without unpacking the others.
 */
import { packed, unpacked } from "./block.ts";

/** Values of a series from a slot on. */
export interface PieceValues {
  readonly series: number;
  readonly values: Float64Array;
}

export interface Piece {
  readonly fromSlot: number;
  /** Exclusive. */
  readonly toSlot: number;
  readonly bytes: Uint8Array;
}

/** @param all each from its first slot on, sorted by number, no number twice */
export function packedPiece(all: readonly PieceValues[]): Uint8Array {
  const blocks = all.map(({ values }) => packed(values));
  const head = 4 + all.length * 8;
  const bytes = new Uint8Array(head + blocks.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, all.length);
  let end = head;
  for (const [at, block] of blocks.entries()) {
    bytes.set(block, end);
    end += block.length;
    view.setUint32(4 + at * 4, (all[at] as PieceValues).series);
    view.setUint32(4 + (all.length + at) * 4, end);
  }
  return bytes;
}

export function seriesIn({ bytes }: Pick<Piece, "bytes">): number[] {
  const view = viewOf(bytes);
  return Array.from({ length: view.getUint32(0) }, (_, at) => view.getUint32(4 + at * 4));
}

/** Returns the values of a series. Undefined if the piece has none of it. */
export function valuesIn({ bytes }: Pick<Piece, "bytes">, series: number): Float64Array | undefined {
  const view = viewOf(bytes);
  const count = view.getUint32(0);
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (view.getUint32(4 + middle * 4) < series) low = middle + 1;
    else high = middle;
  }
  if (low === count || view.getUint32(4 + low * 4) !== series) return undefined;
  const start = low === 0 ? 4 + count * 8 : view.getUint32(4 + (count + low - 1) * 4);
  return unpacked(bytes.subarray(start, view.getUint32(4 + (count + low) * 4)));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
