import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { FlatWriter } from "../wire/flat-writer.ts";
import { cardinalities, type Field, type Fields, fieldsOf, kinds, type Row } from "./field.ts";
import { jsonOf, partOfJson } from "./json.ts";
import { Reader } from "./reader.ts";
import {
  readField,
  readFields,
  readSlices,
  type Values,
  writeField,
  writeFields,
  writeSlices,
} from "./wire.ts";

export { nothing } from "./wire.ts";

type Builtin = Uint8Array | string | number | boolean | undefined;

export type DeepPartial<T> = T extends Builtin
  ? T
  : T extends Array<infer U>
    ? Array<DeepPartial<U>>
    : T extends ReadonlyArray<infer U>
      ? ReadonlyArray<DeepPartial<U>>
      : T extends { $case: string; value: unknown }
        ? { $case: T["$case"]; value?: DeepPartial<T["value"]> }
        : T extends object
          ? { [K in keyof T]?: DeepPartial<T[K]> }
          : Partial<T>;

/** Decoding this many bytes takes about a millisecond in cold code. */
export const sliceBytesUsual = 16_384;

/**
 * Codec of a message, built from its generated table. Messages are plain objects with all properties, in the order of
 * the contract.
 *
 * 1. The bytes are those of proto3, fields in their order, absent ones and defaults left out.
 * 2. The table is built and compiled at the first use: an unused message costs nothing.
 */
export class MessageType<T extends object> {
  /** Returns a message with all defaults. */
  readonly #empty: () => T;
  readonly #rows: () => readonly Row[];
  #compiled: Fields | undefined;

  constructor(empty: () => T, rows: () => readonly Row[]) {
    this.#empty = empty;
    this.#rows = rows;
  }

  /** Encodes a message. Default for the writer: a new one. */
  encode(message: T, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    return this.write(message, writer);
  }

  decode(bytes: Uint8Array): T {
    const reader = new Reader(bytes);
    return this.read(reader, reader.len);
  }

  /** As `decode`, with a yield between two slices. */
  decodeInSlices(bytes: Uint8Array, sliceBytes = sliceBytesUsual): Generator<undefined, T> {
    const reader = new Reader(bytes);
    return this.readInSlices(reader, reader.len, sliceBytes);
  }

  /**
   * Returns a message with the given values, and defaults for the rest. Lists, maps and messages are copied, bytes
   * are not.
   */
  fromPartial(partial: DeepPartial<T>): T {
    const message = this.#empty();
    const { byProperty } = this.fields;
    // Reading absent fields costs most. Messages that are instances have getters for their fields.
    const isPlain = Object.getPrototypeOf(partial) === Object.prototype;
    for (const property of isPlain ? Object.keys(partial) : byProperty.keys()) {
      const value = (partial as Values)[property];
      if (value === undefined || value === null) continue;
      const field = byProperty.get(property);
      if (field !== undefined) copyField(field, value, message as Values);
    }
    return message;
  }

  create(partial?: DeepPartial<T>): T {
    return partial === undefined ? this.#empty() : this.fromPartial(partial);
  }

  /** Returns a message as proto3 JSON, without absent and default values. */
  toJSON(message: T): unknown {
    return jsonOf(this.fields, message as Values);
  }

  fromJSON(json: unknown): T {
    const message = this.#empty();
    for (const field of this.fields.all) partOfJson(field, json as Values, message as Values);
    return message;
  }

  /** Writes only the fields, without a length. */
  write(message: T, writer: BinaryWriter): BinaryWriter {
    return writeFields(this.fields, message as Values, writer);
  }

  /** As `write`, with a yield between two slices, so that a large message does not block others. */
  writeInSlices(message: T, writer: FlatWriter, sliceBytes: number): Generator<undefined, void> {
    return writeSlices(this.fields, message as Values, writer, sliceBytes);
  }

  /** Reads fields up to an end. */
  read(reader: Reader, end: number): T {
    const message = this.#empty();
    readFields(this.fields, message as Values, reader, end);
    return message;
  }

  /** As `read`, with a yield between two slices, so that a large message does not block others. */
  readInSlices(reader: Reader, end: number, sliceBytes: number): Generator<undefined, T> {
    return readSlices(this.fields, this.#empty(), reader, end, sliceBytes);
  }

  protected get fields(): Fields {
    this.#compiled ??= fieldsOf(this.#rows());
    return this.#compiled;
  }
}

/** A message with hand-written code for writing and reading. The table handles its rare fields. */
export class HotMessageType<T extends object> extends MessageType<T> {
  readonly #write: Write<T>;
  readonly #read: Read<T>;

  constructor(empty: () => T, rows: () => readonly Row[], write: Write<T>, read: Read<T>) {
    super(empty, rows);
    this.#write = write;
    this.#read = read;
  }

  override write(message: T, writer: BinaryWriter): BinaryWriter {
    return this.#write(message, writer);
  }

  override read(reader: Reader, end: number): T {
    return this.#read(reader, end);
  }

  /** Writes a field with the table. */
  writeOther(message: T, name: string, writer: BinaryWriter): void {
    for (const field of this.fields.members)
      if (field.name === name) writeField(field, message as Values, writer);
  }

  /**
   * Reads a field with the table, or skips an unknown one. Returns false for an invalid tag: the message ends there.
   */
  readOther(message: T, tag: number, reader: Reader): boolean {
    return readField(this.fields, message as Values, tag, reader);
  }
}
type Write<T> = (message: T, writer: BinaryWriter) => BinaryWriter;
type Read<T> = (reader: Reader, end: number) => T;

export function hotMessage<T extends object>(
  empty: () => T,
  rows: () => readonly Row[],
  write: Write<T>,
  read: Read<T>,
): HotMessageType<T> {
  return new HotMessageType(empty, rows, write, read);
}

export function message<T extends object>(empty: () => T, rows: () => readonly Row[]): MessageType<T> {
  return new MessageType(empty, rows);
}

function copyField(field: Field, value: unknown, message: Values): void {
  switch (field.cardinality) {
    case cardinalities.single:
      message[field.property] = copyOf(field, value);
      break;
    case cardinalities.list:
      message[field.property] = (value as unknown[]).map((entry) => copyOf(field, entry));
      break;
    case cardinalities.map:
      copyEntries(field, value as Values, message[field.property] as Values);
      break;
    default: {
      const { $case, value: chosen } = value as { readonly $case: string; readonly value?: unknown };
      const choice = field.choices?.get($case);
      if (choice === undefined || chosen === undefined || chosen === null) return;
      message[field.property] = { $case, value: copyOf(choice, chosen) };
    }
  }
}

function copyOf(field: Field, value: unknown): unknown {
  return field.of === undefined ? value : field.of.fromPartial(value as object);
}

function copyEntries(field: Field, from: Values, to: Values): void {
  for (const [key, value] of Object.entries(from)) {
    if (value === undefined) continue;
    to[key] =
      field.kind === kinds.string ? String(value) : field.kind === kinds.bytes ? value : Number(value);
  }
}
