import { hashBytes } from "./hash.ts";

/**
 * The header of a batch, encoded by hand: `Batch.header` of the contract with its tag and length, byte for
 * byte like the generated code. One difference: the numbers, the time and the checksum are written also when
 * they are 0.
 *
 * 1. Its length depends on the partition, the behaviour, and whether it is the first batch or a seal. It does
 *    not depend on later values. So the journal's thread can fill in hash and checksum in their place.
 * 2. Hash and checksum come last (only the seal follows), so that their places follow from the end.
 */
export interface HeaderFields {
  readonly epoch: number;
  readonly number: number;
  readonly timeMs: number;
  readonly behaviour: number;
  readonly seal: boolean;
}

/** Places in an encoded batch, from its start. */
export interface HeaderPlaces {
  /** Length of the header including its tag and length. The records start here. */
  readonly headerBytes: number;
  /** Place of the epoch's value. Number and time follow at fixed distances. */
  readonly epochAt: number;
  /** Place of the four bytes of the checksum. */
  readonly checksumAt: number;
}

const tags = {
  header: (1 << 3) | 2,
  service: (1 << 3) | 2,
  partition: 2 << 3,
  epoch: (3 << 3) | 1,
  number: (4 << 3) | 1,
  timeMs: (5 << 3) | 1,
  behaviour: 6 << 3,
  previousHash: (7 << 3) | 2,
  checksum: (8 << 3) | 5,
  seal: 9 << 3,
} as const;

/** Distance from the epoch's value to the number's, and from that to the time's: a tag and eight bytes each. */
export const numberAfterEpoch = 9;
export const timeAfterEpoch = 18;
/** The tag of the checksum and the hash come before the checksum's value. */
export const hashBeforeChecksum = hashBytes + 1;

/** Maximum length of a service's name, which keeps a header below 200 bytes. */
export const serviceBytesMax = 63;

interface Template extends HeaderPlaces {
  readonly bytes: Uint8Array;
  readonly behaviour: number;
}

/** Writes the headers of one partition's batches. */
export class HeaderEncoder {
  readonly #prefix: readonly number[];
  // Indexed by first or not, and seal or not: a partition rarely switches between them, and its behaviour hardly ever
  // changes.
  readonly #templates: (Template | undefined)[] = [];

  constructor(service: string, partition: number) {
    const name = new TextEncoder().encode(service);
    if (name.length === 0 || name.length > serviceBytesMax) {
      throw new RangeError(
        `expected a service's name of 1 to ${serviceBytesMax} bytes, got ${name.length}: shorten "${service}"`,
      );
    }
    const number = partition === 0 ? [] : [tags.partition, ...varint(partition)];
    this.#prefix = [tags.service, name.length, ...name, ...number];
  }

  /** Returns the places in a batch with these fields. */
  places({ number, behaviour, seal }: HeaderFields): HeaderPlaces {
    return this.#template(number === 1, seal, behaviour);
  }

  /** Writes the header with hash and checksum left zero. */
  write(target: Uint8Array, view: DataView, at: number, fields: HeaderFields): HeaderPlaces {
    const template = this.#template(fields.number === 1, fields.seal, fields.behaviour);
    target.set(template.bytes, at);
    const epochAt = at + template.epochAt;
    view.setFloat64(epochAt, fields.epoch, true);
    view.setFloat64(epochAt + numberAfterEpoch, fields.number, true);
    view.setFloat64(epochAt + timeAfterEpoch, fields.timeMs, true);
    return template;
  }

  #template(first: boolean, seal: boolean, behaviour: number): Template {
    const kind = (first ? 1 : 0) | (seal ? 2 : 0);
    const known = this.#templates[kind];
    if (known !== undefined && known.behaviour === behaviour) return known;
    const template = templateOf(this.#prefix, first, seal, behaviour);
    this.#templates[kind] = template;
    return template;
  }
}

function templateOf(prefix: readonly number[], first: boolean, seal: boolean, behaviour: number): Template {
  const zeros = (count: number): number[] => new Array<number>(count).fill(0);
  const numbers = [tags.epoch, ...zeros(8), tags.number, ...zeros(8), tags.timeMs, ...zeros(8)];
  const version = behaviour === 0 ? [] : [tags.behaviour, ...varint(behaviour)];
  const chain = first ? [] : [tags.previousHash, hashBytes, ...zeros(hashBytes)];
  const end = seal ? [tags.seal, 1] : [];
  const body = [...prefix, ...numbers, ...version, ...chain, tags.checksum, ...zeros(4), ...end];
  const start = [tags.header, ...varint(body.length)];
  const bytes = Uint8Array.from([...start, ...body]);
  return {
    bytes,
    behaviour,
    headerBytes: bytes.length,
    epochAt: start.length + prefix.length + 1,
    checksumAt: bytes.length - end.length - 4,
  };
}

/** Returns the behaviour of a sound header. It follows the time, and is left out if it is 0. */
export function readBehaviour(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== tags.behaviour) return 0;
  return new FieldReader(bytes, at + 1, bytes.length).varint();
}

/** A decoded header. */
export interface Header extends HeaderFields {
  readonly service: string;
  readonly partition: number;
  readonly previousHash: Uint8Array;
  readonly checksum: number;
  /** Start of the records, from the start of the batch. */
  readonly headerBytes: number;
}

const decoder = new TextDecoder();

/** Reads a header. Undefined if the bytes are no header: the caller can report the place. */
export function readHeader(batch: Uint8Array): Header | undefined {
  const reader = new FieldReader(batch, 0, batch.length);
  if (reader.varint() !== tags.header) return;
  const bytes = reader.varint();
  const headerBytes = reader.at + bytes;
  if (reader.failed || headerBytes > batch.length) return;
  const fields = new FieldReader(batch, reader.at, headerBytes);
  const read = {
    service: "",
    partition: 0,
    epoch: 0,
    number: 0,
    timeMs: 0,
    behaviour: 0,
    seal: false,
    previousHash: batch.subarray(0, 0),
    checksum: 0,
    headerBytes,
  };
  while (fields.at < headerBytes) {
    const tag = fields.varint();
    if (tag === tags.service) read.service = decoder.decode(fields.bytes().slice());
    else if (tag === tags.partition) read.partition = fields.varint();
    else if (tag === tags.epoch) read.epoch = fields.double();
    else if (tag === tags.number) read.number = fields.double();
    else if (tag === tags.timeMs) read.timeMs = fields.double();
    else if (tag === tags.behaviour) read.behaviour = fields.varint();
    else if (tag === tags.previousHash) read.previousHash = fields.bytes();
    else if (tag === tags.checksum) read.checksum = fields.fixed32();
    else if (tag === tags.seal) read.seal = fields.varint() !== 0;
    else return;
    if (fields.failed) return;
  }
  return read;
}

/** Reads fields of a message. A length beyond the end makes it fail instead of throwing: damage is ordinary here. */
class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  at: number;
  failed = false;

  constructor(bytes: Uint8Array, from: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = end;
    this.at = from;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.at < this.#end ? (this.#bytes[this.at++] ?? 0x80) : 0x80;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    this.failed = true;
    return 0;
  }

  double(): number {
    const at = this.#advance(8);
    return at < 0 ? 0 : this.#view.getFloat64(at, true);
  }

  fixed32(): number {
    const at = this.#advance(4);
    return at < 0 ? 0 : this.#view.getUint32(at, true);
  }

  bytes(): Uint8Array {
    const length = this.varint();
    const at = this.#advance(length);
    return at < 0 ? this.#bytes.subarray(0, 0) : this.#bytes.subarray(at, at + length);
  }

  #advance(length: number): number {
    const at = this.at;
    if (at + length > this.#end) {
      this.failed = true;
      return -1;
    }
    this.at += length;
    return at;
  }
}

function varint(value: number): number[] {
  if (!(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff)) {
    throw new RangeError(`expected an integer from 0 to 2^32 - 1, got ${value}`);
  }
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}
