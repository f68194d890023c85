import { crc32 as crc32OfSystem } from "node:zlib";

/**
 * CRC-32, the checksum of the contracts: that of zlib, gzip and PNG, so that every language has an implementation.
 *
 * Measured on Node 24: the library's reaches 6.5 GB/s, but costs 0.1 µs a call. Tables of our own give 1.2 to 1.6 GB/s
 * at any length, and are faster up to 200 bytes. CRC-32C would be the usual choice for storage, but Node does not have
 * it: with tables it was the largest part of the cost of writing 64 KB.
 */
const polynomial = 0xedb88320;

function tableAfter(previous: Uint32Array | undefined, first: Uint32Array | undefined): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    if (previous !== undefined && first !== undefined) {
      const before = previous[byte] ?? 0;
      table[byte] = (before >>> 8) ^ (first[before & 0xff] ?? 0);
      continue;
    }
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    table[byte] = value;
  }
  return table;
}

// The n-th table advances a byte by n more bytes of zeros.
const t0 = tableAfter(undefined, undefined);
const t1 = tableAfter(t0, t0);
const t2 = tableAfter(t1, t0);
const t3 = tableAfter(t2, t0);
const t4 = tableAfter(t3, t0);
const t5 = tableAfter(t4, t0);
const t6 = tableAfter(t5, t0);
const t7 = tableAfter(t6, t0);

/** From this length on the library's function is faster. */
const libraryBytesMin = 200;

/** Returns the checksum of a range, continuing from the checksum `before` it. */
export function crc32(bytes: Uint8Array, from = 0, to: number = bytes.length, before = 0): number {
  if (to - from < libraryBytesMin) return crc32ByTables(bytes, from, to, before);
  return crc32OfSystem(bytes.subarray(from, to), before);
}

function crc32ByTables(bytes: Uint8Array, from: number, to: number, before: number): number {
  let crc = ~before;
  let at = from;
  // The casts: an index below 256 is in a table of 256, and one below `to` is in the bytes. A check for undefined would
  // cost a third of the speed.
  for (const last = to - 7; at < last; at += 8) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (t7[crc & 0xff] as number) ^
      (t6[(crc >>> 8) & 0xff] as number) ^
      (t5[(crc >>> 16) & 0xff] as number) ^
      (t4[crc >>> 24] as number) ^
      (t3[bytes[at + 4] as number] as number) ^
      (t2[bytes[at + 5] as number] as number) ^
      (t1[bytes[at + 6] as number] as number) ^
      (t0[bytes[at + 7] as number] as number);
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}
