import { Cursor } from "@tutti/contracts/wire";
import type { InstanceKey } from "@tutti/kernel";
import { keyOfPrefix } from "./record-key.ts";

/**
 * Scans the records of a batch and finds the content and place of each without allocating an object, because a recovery
 * reads hundreds of thousands. Texts and views are created only on request.
 */
export class RecordScanner {
  #cursor = new Cursor(nothing);
  /** Index in the batch; -1 before the first. */
  index = -1;
  /** The encoded record lies from here to `end` in `bytes`. */
  start = 0;
  end = 0;
  /** Its namespace, kind and id lie from `start` to here if they come first, as encoders write them. */
  keyEnd = 0;
  /** The key without the id lies from `start` to here. */
  idStart = 0;
  event = 0;
  version = 0;
  previousBatch = 0;
  previousIndex = 0;
  /** Set in the first record of an instance, otherwise 0. */
  incarnation = 0;
  /** The field with the cause, including its tag. Empty (both 0) if the record before has the same cause. */
  causeStart = 0;
  causeEnd = 0;
  #causeBody = 0;
  #typeStart = 0;
  #typeEnd = 0;
  #payloadStart = 0;
  #payloadEnd = 0;

  /** All records of the batch. */
  get bytes(): Uint8Array {
    return this.#cursor.bytes;
  }

  open(records: Uint8Array): void {
    this.#cursor = new Cursor(records);
    this.index = -1;
  }

  /** Moves to the next record. Returns whether there was one. */
  next(): boolean {
    const cursor = this.#cursor;
    if (cursor.at >= cursor.end) return false;
    const tag = cursor.uint32();
    if (tag !== recordTag)
      throw new RangeError(`expected a record in the batch, got a field with tag ${tag}`);
    const end = cursor.endOfLength();
    this.index++;
    this.#fields(cursor, end);
    return true;
  }

  /** Scans one record outside a batch. */
  only(record: Uint8Array): void {
    this.#cursor = new Cursor(record);
    this.index = 0;
    this.#fields(this.#cursor, record.length);
  }

  #fields(cursor: Cursor, end: number): void {
    this.start = cursor.at;
    this.end = end;
    this.keyEnd = cursor.at;
    this.idStart = cursor.at;
    this.event = 0;
    this.version = 0;
    this.#typeStart = 0;
    this.#typeEnd = 0;
    this.#payloadStart = 0;
    this.#payloadEnd = 0;
    this.previousBatch = 0;
    this.previousIndex = 0;
    this.incarnation = 0;
    this.causeStart = 0;
    this.causeEnd = 0;
    this.#causeBody = 0;
    while (cursor.at < end) this.#field(cursor);
    if (cursor.at !== end) throw new RangeError("expected the record to end with its last field");
  }

  /** Its encoded namespace and kind as a text, for comparison. */
  get kindText(): string {
    return buffered(this.#cursor.bytes).toString("latin1", this.start, this.idStart);
  }

  /** The encoded key as a text, for comparison. */
  get keyText(): string {
    return buffered(this.#cursor.bytes).toString("latin1", this.start, this.keyEnd);
  }

  get key(): InstanceKey {
    return keyOfPrefix(this.bytes.subarray(this.start, this.keyEnd));
  }

  get type(): string {
    return buffered(this.#cursor.bytes).toString("latin1", this.#typeStart, this.#typeEnd);
  }

  /** View of the payload. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.#payloadStart, this.#payloadEnd);
  }

  /** View of the whole encoded record. */
  get record(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /** The encoded cause as a text, for comparison. */
  get causeText(): string {
    return buffered(this.#cursor.bytes).toString("latin1", this.#causeBody, this.causeEnd);
  }

  /** View of the encoded cause. Empty if the record before has the same cause. */
  get cause(): Uint8Array {
    return this.bytes.subarray(this.#causeBody, this.causeEnd);
  }

  #field(cursor: Cursor): void {
    const at = cursor.at;
    const tag = cursor.uint32();
    switch (tag) {
      case tags.namespace:
      case tags.kind:
        cursor.at = cursor.endOfLength();
        this.keyEnd = cursor.at;
        this.idStart = cursor.at;
        return;
      case tags.id:
        cursor.at = cursor.endOfLength();
        this.keyEnd = cursor.at;
        return;
      case tags.event:
        this.event = cursor.uint32();
        return;
      case tags.type:
        this.#typeEnd = cursor.endOfLength();
        this.#typeStart = cursor.at;
        cursor.at = this.#typeEnd;
        return;
      case tags.version:
        this.version = cursor.uint32();
        return;
      case tags.payload:
        this.#payloadEnd = cursor.endOfLength();
        this.#payloadStart = cursor.at;
        cursor.at = this.#payloadEnd;
        return;
      case tags.previousBatch:
        this.previousBatch = cursor.double();
        return;
      case tags.previousIndex:
        this.previousIndex = cursor.uint32();
        return;
      case tags.cause:
        this.causeEnd = cursor.endOfLength();
        this.causeStart = at;
        this.#causeBody = cursor.at;
        cursor.at = this.causeEnd;
        return;
      case tags.incarnation:
        this.incarnation = cursor.double();
        return;
      default:
        skip(cursor, tag);
    }
  }
}

const nothing = new Uint8Array(0);
/** Tag of a record in its batch. */
const recordTag = 18;
const tags = {
  namespace: 10,
  kind: 18,
  id: 26,
  event: 32,
  type: 42,
  version: 48,
  payload: 58,
  previousBatch: 65,
  previousIndex: 72,
  cause: 82,
  incarnation: 89,
} as const;

function skip(cursor: Cursor, tag: number): void {
  const type = tag & 7;
  if (type === 0) cursor.uint32();
  else if (type === 1) cursor.at += 8;
  else if (type === 2) cursor.at = cursor.endOfLength();
  else if (type === 5) cursor.at += 4;
  else throw new RangeError(`expected a field of a record, got tag ${tag}`);
}

/** Returns the same bytes as a Buffer, which decodes texts without a view for each. */
function buffered(bytes: Uint8Array): Buffer {
  if (lastBytes !== bytes) {
    lastBytes = bytes;
    lastBuffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return lastBuffer;
}
let lastBytes: Uint8Array = nothing;
let lastBuffer: Buffer = Buffer.alloc(0);
