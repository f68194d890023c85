import { Cursor } from "@tutti/contracts/wire";

/**
 * Reads the records of a batch one after the other without making an object for each: recovery reads hundreds of
 * thousands. Texts are made only where they are asked for.
 */
export class RecordReader {
  #cursor = new Cursor(new Uint8Array(0));
  /** Index of the record in its batch; -1 before the first. */
  index = -1;
  #start = 0;
  #keyStart = 0;
  #keyEnd = 0;
  #typeStart = 0;
  #typeEnd = 0;
  event = 0;
  version = 0;
  payload: Uint8Array = nothing;
  previousBatch = 0;
  previousIndex = 0;
  /** The encoded cause; empty when it is that of the record before. */
  cause: Uint8Array = nothing;
  incarnation = 0;
  /** The whole encoded record. */
  bytes: Uint8Array = nothing;

  begin(records: Uint8Array): void {
    this.#cursor = new Cursor(records);
    this.index = -1;
  }

  /** Whether there was another record; it can be looked at then. */
  next(): boolean {
    const cursor = this.#cursor;
    if (cursor.at >= cursor.end) return false;
    const tag = cursor.uint32();
    if (tag !== 18) throw new RangeError(`expected a record in the batch, found a field with tag ${tag}`);
    const end = cursor.endOfLength();
    this.index++;
    this.#read(cursor, end);
    this.bytes = cursor.bytes.subarray(this.#start, end);
    return true;
  }

  /** Namespace, kind and id in their encoded form, as a text that is the same for the same key. */
  get keyText(): string {
    return latin(this.#cursor.bytes, this.#keyStart, this.#keyEnd);
  }

  /** Their encoded form itself. */
  get keyBytes(): Uint8Array {
    return this.#cursor.bytes.subarray(this.#keyStart, this.#keyEnd);
  }

  get namespace(): string {
    return this.#keyField(1);
  }
  get kind(): string {
    return this.#keyField(2);
  }
  get id(): string {
    return this.#keyField(3);
  }

  get type(): string {
    return latin(this.#cursor.bytes, this.#typeStart, this.#typeEnd);
  }

  #keyField(wanted: number): string {
    const cursor = new Cursor(this.#cursor.bytes);
    cursor.at = this.#keyStart;
    while (cursor.at < this.#keyEnd) {
      const field = cursor.uint32() >>> 3;
      const value = cursor.view();
      if (field === wanted) return decoder.decode(value);
    }
    return "";
  }

  #read(cursor: Cursor, end: number): void {
    this.#start = cursor.at;
    this.#keyStart = cursor.at;
    this.#keyEnd = cursor.at;
    this.#typeStart = 0;
    this.#typeEnd = 0;
    this.event = 0;
    this.version = 0;
    this.payload = nothing;
    this.previousBatch = 0;
    this.previousIndex = 0;
    this.cause = nothing;
    this.incarnation = 0;
    while (cursor.at < end) this.#field(cursor, cursor.uint32());
    if (cursor.at !== end) throw new RangeError("expected the record to end with its last field");
  }

  #field(cursor: Cursor, tag: number): void {
    switch (tag) {
      case 10:
      case 18:
      case 26:
        cursor.at = cursor.endOfLength();
        this.#keyEnd = cursor.at;
        return;
      case 32:
        this.event = cursor.uint32();
        return;
      case 42: {
        const end = cursor.endOfLength();
        this.#typeStart = cursor.at;
        this.#typeEnd = end;
        cursor.at = end;
        return;
      }
      case 48:
        this.version = cursor.uint32();
        return;
      case 58:
        this.payload = cursor.view();
        return;
      case 65:
        this.previousBatch = cursor.double();
        return;
      case 72:
        this.previousIndex = cursor.uint32();
        return;
      case 82:
        this.cause = cursor.view();
        return;
      case 89:
        this.incarnation = cursor.double();
        return;
      default:
        skip(cursor, tag);
    }
  }
}

const nothing = new Uint8Array(0);
const decoder = new TextDecoder();

/** A field of a newer release. */
function skip(cursor: Cursor, tag: number): void {
  const type = tag & 7;
  if (type === 0) cursor.uint32();
  else if (type === 1) cursor.at += 8;
  else if (type === 2) cursor.at = cursor.endOfLength();
  else if (type === 5) cursor.at += 4;
  else throw new RangeError(`expected a field of a record, found tag ${tag}`);
}

function latin(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** What the records of an instance begin with. */
export function prefixBytes(
  writer: { uint32(value: number): unknown; string(value: string): unknown; finish(): Uint8Array },
  namespace: string,
  kind: string,
  id: string,
): Uint8Array {
  if (namespace !== "") {
    writer.uint32(10);
    writer.string(namespace);
  }
  writer.uint32(18);
  writer.string(kind);
  writer.uint32(26);
  writer.string(id);
  return writer.finish();
}

/** A prefix as a text: what `RecordReader.keyText` gives for its records. */
export function prefixText(prefix: Uint8Array): string {
  return latin(prefix, 0, prefix.length);
}
