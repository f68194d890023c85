import { hash } from "node:crypto";
import { crc32 } from "../../batch/crc32.ts";

/**
 * An entry of a partition's log, a message each. Little endian:
 *
 *      0  "TA", version, kind         24  owner: drawn with each opening       48  bytes of operations since the base
 *      4  CRC-32 of all but itself    32  sequence of the last base, 0: none   56  SHA-256 of the entry before
 *      8  sequence                    40  bytes of that base                   88  the body
 *     16  epoch of the last opening
 */
export interface Entry {
  readonly kind: EntryKind;
  readonly sequence: number;
  readonly epoch: number;
  readonly owner: number;
  readonly base: number;
  readonly baseBytes: number;
  readonly tailBytes: number;
  readonly previous: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * `opening`: an owner starts. `operations`: commits, packs and removals. `stored`: the same, in objects that the body
 * names. `base`: a copy of the partition's whole archive, in objects that the body names. `knock`: another process
 * wants to open and always comes too late. A knock may lie anywhere, and is no link of the chain.
 */
export const entryKinds = { opening: 1, operations: 2, stored: 3, base: 4, knock: 5 } as const;
export type EntryKind = (typeof entryKinds)[keyof typeof entryKinds];

export interface DamagedEntry {
  readonly kind: "damaged";
  readonly found: string;
}

const headBytes = 88;
const magic = 0x4154;
const version = 1;
const at = {
  version: 2,
  kind: 3,
  sum: 4,
  sequence: 8,
  epoch: 16,
  owner: 24,
  base: 32,
  baseBytes: 40,
  tailBytes: 48,
} as const;
const previousAt = 56;
const hashBytes = 32;

export function encodeEntry(entry: Entry): Uint8Array {
  const message = new Uint8Array(headBytes + entry.body.length);
  const view = new DataView(message.buffer);
  view.setUint16(0, magic, true);
  view.setUint8(at.version, version);
  view.setUint8(at.kind, entry.kind);
  view.setFloat64(at.sequence, entry.sequence, true);
  view.setFloat64(at.epoch, entry.epoch, true);
  view.setFloat64(at.owner, entry.owner, true);
  view.setFloat64(at.base, entry.base, true);
  view.setFloat64(at.baseBytes, entry.baseBytes, true);
  view.setFloat64(at.tailBytes, entry.tailBytes, true);
  message.set(entry.previous, previousAt);
  message.set(entry.body, headBytes);
  view.setUint32(at.sum, sumOf(message), true);
  return message;
}

/** Decodes the entry at this sequence. */
export function readEntry(data: Uint8Array, sequence: number): Entry | DamagedEntry {
  // Data from the network is a `Buffer`, whose parts are never copies.
  const message = new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (message.length < headBytes) return damaged(`a message of ${message.length} bytes`);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint16(0, true) !== magic) return damaged("a message that is none of an archive");
  const found = view.getUint8(at.version);
  if (found !== version) return damaged(`an entry of format ${found}, where ${version} is known`);
  if (view.getUint32(at.sum, true) !== sumOf(message)) {
    return damaged("an entry whose checksum does not match");
  }
  const kind = view.getUint8(at.kind);
  if (!isEntryKind(kind)) return damaged(`an entry of the kind ${kind}`);
  const written = view.getFloat64(at.sequence, true);
  if (written !== sequence && kind !== entryKinds.knock)
    return damaged(`the entry that was written as ${written}`);
  return {
    kind,
    sequence,
    epoch: view.getFloat64(at.epoch, true),
    owner: view.getFloat64(at.owner, true),
    base: view.getFloat64(at.base, true),
    baseBytes: view.getFloat64(at.baseBytes, true),
    tailBytes: view.getFloat64(at.tailBytes, true),
    previous: message.slice(previousAt, previousAt + hashBytes),
    body: message.subarray(headBytes),
  };
}

function sumOf(message: Uint8Array): number {
  return crc32(message, at.sequence, message.length, crc32(message, 0, at.sum));
}

export function hashOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.from(hash("sha256", bytes, "binary"), "latin1"));
}

function isEntryKind(kind: number): kind is EntryKind {
  return Object.values<number>(entryKinds).includes(kind);
}

function damaged(found: string): DamagedEntry {
  return { kind: "damaged", found };
}
