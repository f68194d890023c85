import { crc32 } from "../batch/crc32.ts";

/**
 * Content of a message of a partition's stream: a part of a batch, the mark of a seal, or an origin. A head of 40 bytes
 * comes first, little endian:
 *
 *     0  "TJ", version, kind          16  owner: drawn by the sealer   36  part, from 0
 *     4  CRC-32 of all that follows  24  number. Of a seal its time       38  how many parts
 *     8  epoch                        32  records. Of a seal its behaviour 40  the bytes. Of an origin its time and
 *     hash
 *
 * The checksum covers the batch's header as well: a flipped bit in an epoch would otherwise make a batch look like one
 * of an owner that was replaced.
 */
export interface BatchPart {
  readonly kind: "part";
  readonly epoch: number;
  readonly owner: number;
  readonly number: number;
  readonly count: number;
  readonly part: number;
  readonly parts: number;
  readonly bytes: Uint8Array;
}

/**
 * A seal in transit. It does not contain its number and its predecessor, since the batches before it are unknown. Every
 * reader derives the same batch from it.
 */
export interface SealMark {
  readonly kind: "seal";
  readonly epoch: number;
  readonly owner: number;
  readonly timeMs: number;
  readonly behaviour: number;
}

/**
 * The first message of a stream whose journal started elsewhere. It names the batch before the first one here. Its
 * epoch and time are those of that batch, or lower bounds for the later ones.
 */
export interface Origin {
  readonly kind: "origin";
  readonly epoch: number;
  readonly number: number;
  readonly timeMs: number;
  readonly hash: Uint8Array;
}

export interface Damaged {
  readonly kind: "damaged";
  readonly found: string;
  /** Byte of the message. */
  readonly at: number;
}

export const headBytes = 40;
/** Two bytes contain the number of parts. */
export const partsMax = 2 ** 16 - 1;

const magic = 0x4a54;
const version = 1;
const kinds = { part: 1, seal: 2, origin: 3 } as const;
const timeBytes = 8;
const at = {
  version: 2,
  kind: 3,
  checksum: 4,
  epoch: 8,
  owner: 16,
  number: 24,
  count: 32,
  part: 36,
  parts: 38,
};

interface Head {
  readonly kind: number;
  readonly epoch: number;
  readonly owner: number;
  readonly number: number;
  readonly count: number;
  readonly part: number;
  readonly parts: number;
}

/** Fills in the first 40 bytes of a message whose other bytes are complete. */
function writeHead(message: Uint8Array, head: Head): Uint8Array {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  view.setUint16(0, magic, true);
  view.setUint8(at.version, version);
  view.setUint8(at.kind, head.kind);
  view.setFloat64(at.epoch, head.epoch, true);
  view.setFloat64(at.owner, head.owner, true);
  view.setFloat64(at.number, head.number, true);
  view.setUint32(at.count, head.count, true);
  view.setUint16(at.part, head.part, true);
  view.setUint16(at.parts, head.parts, true);
  view.setUint32(at.checksum, crc32(message, at.epoch), true);
  return message;
}

export type PartFields = Pick<BatchPart, "epoch" | "owner" | "number" | "count">;

/**
 * Returns the messages of a batch.
 *
 * @param batch the encoded batch, with 40 free bytes before it
 * @param bytesMax of a message without its head
 */
export function partsOf(batch: Uint8Array, fields: PartFields, bytesMax: number): readonly Uint8Array[] {
  const bytes = batch.length - headBytes;
  const parts = Math.max(1, Math.ceil(bytes / bytesMax));
  if (parts === 1) return [writeHead(batch, { ...fields, kind: kinds.part, part: 0, parts })];
  return Array.from({ length: parts }, (_, part) => {
    const from = headBytes + part * bytesMax;
    const message = new Uint8Array(headBytes + Math.min(bytesMax, batch.length - from));
    message.set(batch.subarray(from, from + bytesMax), headBytes);
    return writeHead(message, { ...fields, kind: kinds.part, part, parts });
  });
}

export function markOf({ epoch, owner, timeMs, behaviour }: Omit<SealMark, "kind">): Uint8Array {
  const head = { kind: kinds.seal, epoch, owner, number: timeMs, count: behaviour, part: 0, parts: 1 };
  return writeHead(new Uint8Array(headBytes), head);
}

export function originOf({ epoch, number, timeMs, hash }: Omit<Origin, "kind">): Uint8Array {
  const message = new Uint8Array(headBytes + timeBytes + hash.length);
  new DataView(message.buffer).setFloat64(headBytes, timeMs, true);
  message.set(hash, headBytes + timeBytes);
  return writeHead(message, { kind: kinds.origin, epoch, owner: 0, number, count: 0, part: 0, parts: 1 });
}

export function readMessage(message: Uint8Array): BatchPart | SealMark | Origin | Damaged {
  if (message.length < headBytes) return damage(`a message of ${message.length} bytes`, 0);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint16(0, true) !== magic) return damage("a message that is none of a journal", 0);
  if (view.getUint8(at.version) !== version) {
    return damage(`a message of format ${view.getUint8(at.version)}, where ${version} is known`, at.version);
  }
  if (view.getUint32(at.checksum, true) !== crc32(message, at.epoch)) {
    return damage("a message whose checksum does not match", at.checksum);
  }
  const kind = view.getUint8(at.kind);
  const epoch = view.getFloat64(at.epoch, true);
  const owner = view.getFloat64(at.owner, true);
  const number = view.getFloat64(at.number, true);
  const count = view.getUint32(at.count, true);
  if (kind === kinds.seal) return { kind: "seal", epoch, owner, timeMs: number, behaviour: count };
  if (kind === kinds.origin) {
    // The checksum does not cover the kind: it may be that of a seal, with one wrong bit.
    if (message.length < headBytes + timeBytes)
      return damage(`an origin of ${message.length} bytes`, at.kind);
    const timeMs = view.getFloat64(headBytes, true);
    return { kind: "origin", epoch, number, timeMs, hash: message.slice(headBytes + timeBytes) };
  }
  if (kind !== kinds.part) return damage(`a message of the kind ${kind}`, at.kind);
  const part = view.getUint16(at.part, true);
  const parts = view.getUint16(at.parts, true);
  return { kind: "part", epoch, owner, number, count, part, parts, bytes: message.subarray(headBytes) };
}

function damage(found: string, place: number): Damaged {
  return { kind: "damaged", found, at: place };
}
