/**
 * Records in packed blocks, with a summary by which a search skips blocks without matches. A block belongs to
 * one head and keeps the order of its records, so that the position of each is known.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { BookRecord } from "./intake.ts";
import { Mentions } from "./mentions.ts";

export interface Block {
  /** Index of its first record among those of the head. */
  readonly first: number;
  readonly records: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly namespaces: readonly string[];
  /** Undefined if there are too many to list. */
  readonly actors: readonly string[] | undefined;
  readonly actions: readonly string[] | undefined;
  readonly bytes: Uint8Array;
}

const blockBytesMax = 512 * 1024;
/** Maximum of listed actors and actions per block. */
const namedMax = 200;
/** Batch, index, time and length in front of each record. */
const headBytes = 24;

export function blocksOf(records: readonly BookRecord[]): Block[] {
  const blocks: Block[] = [];
  for (let from = 0; from < records.length; ) {
    let to = from;
    for (let bytes = 0; to < records.length && (to === from || bytes < blockBytesMax); to++)
      bytes += headBytes + (records[to]?.encoded.length ?? 0);
    blocks.push(blockOf(from, records.slice(from, to)));
    from = to;
  }
  return blocks;
}

function blockOf(first: number, records: readonly BookRecord[]): Block {
  return { ...summaryOf(first, records), bytes: zstdCompressSync(packed(records)) };
}

/** Returns the summary of consecutive records for a search. */
export function summaryOf(first: number, records: readonly BookRecord[]): Omit<Block, "bytes"> {
  const mentions = new Mentions();
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, 0];
  for (const { timeMs, encoded } of records) {
    mentions.add(encoded);
    firstMs = Math.min(firstMs, timeMs);
    lastMs = Math.max(lastMs, timeMs);
  }
  const { namespaces, actors, actions } = mentions;
  return {
    first,
    records: records.length,
    firstMs,
    lastMs,
    namespaces: [...namespaces],
    actors: named(actors),
    actions: named(actions),
  };
}

function named(texts: ReadonlySet<string>): string[] | undefined {
  return texts.size > namedMax ? undefined : [...texts];
}

function packed(records: readonly BookRecord[]): Uint8Array {
  const bytes = new Uint8Array(records.reduce((total, { encoded }) => total + headBytes + encoded.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { batch, index, timeMs, encoded } of records) {
    view.setFloat64(at, batch);
    view.setUint32(at + 8, index);
    view.setFloat64(at + 12, timeMs);
    view.setUint32(at + 20, encoded.length);
    bytes.set(encoded, at + headBytes);
    at += headBytes + encoded.length;
  }
  return bytes;
}

export function recordsIn(block: Uint8Array): BookRecord[] {
  const bytes = new Uint8Array(zstdDecompressSync(block));
  const view = new DataView(bytes.buffer);
  const records: BookRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + headBytes + view.getUint32(at + 20);
    records.push({
      batch: view.getFloat64(at),
      index: view.getUint32(at + 8),
      timeMs: view.getFloat64(at + 12),
      encoded: bytes.subarray(at + headBytes, end),
    });
    at = end;
  }
  return records;
}
