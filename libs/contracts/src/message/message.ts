import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { type Field, type Fields, fieldsOf, kinds, type Row, ways } from "./field.ts";
import { jsonOf, partOfJson } from "./json.ts";
import { Reader, readFields, type Values, writeFields } from "./wire.ts";

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

/**
 * What the contracts know of a message, made from the table that is generated of it. Messages are plain objects with all
 * properties, in the order of the contract.
 *
 * 1. The bytes are those of proto3, fields in their order, absent ones and defaults left out.
 * 2. The table is made and compiled at the first use: a message that a process does not use costs it nothing.
 */
export class MessageType<T extends object> {
  /** A message with all defaults. */
  readonly #empty: () => T;
  readonly #rows: () => readonly Row[];
  #compiled: Fields | undefined;

  constructor(empty: () => T, rows: () => readonly Row[]) {
    this.#empty = empty;
    this.#rows = rows;
  }

  /** Without a writer it makes one of its own. */
  encode(message: T, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    this.write(message, writer);
    return writer;
  }

  decode(bytes: Uint8Array): T {
    const reader = new Reader(bytes);
    return this.read(reader, reader.len);
  }

  /** A message with what is given, and defaults for the rest. Lists, maps and messages are copied, bytes are not. */
  fromPartial(given: DeepPartial<T>): T {
    const message = this.#empty();
    for (const field of this.fields.all) takePart(field, given as Values, message as Values);
    return message;
  }

  create(given?: DeepPartial<T>): T {
    return given === undefined ? this.#empty() : this.fromPartial(given);
  }

  /** As proto3 JSON, with what is absent or default left out. */
  toJSON(message: T): unknown {
    return jsonOf(this.fields, message as Values);
  }

  fromJSON(json: unknown): T {
    const message = this.#empty();
    for (const field of this.fields.all) partOfJson(field, json as Values, message as Values);
    return message;
  }

  /** Writes the fields alone, without a length before them. */
  write(message: T, writer: BinaryWriter): void {
    writeFields(this.fields, message as Values, writer);
  }

  /** Reads fields up to an end. */
  read(reader: Reader, end: number): T {
    const message = this.#empty();
    readFields(this.fields, message as Values, reader, end);
    return message;
  }

  protected get fields(): Fields {
    this.#compiled ??= fieldsOf(this.#rows());
    return this.#compiled;
  }
}

export function message<T extends object>(empty: () => T, rows: () => readonly Row[]): MessageType<T> {
  return new MessageType(empty, rows);
}

function takePart(field: Field, given: Values, message: Values): void {
  const value = given[field.property];
  if (value === undefined || value === null) return;
  switch (field.way) {
    case ways.single:
      message[field.property] = copyOf(field, value);
      break;
    case ways.list:
      message[field.property] = (value as unknown[]).map((entry) => copyOf(field, entry));
      break;
    case ways.map:
      copyEntries(field, value as Values, message[field.property] as Values);
      break;
    default: {
      const chosen = value as { readonly $case: string; readonly value?: unknown };
      if (chosen.$case !== field.name || chosen.value === undefined || chosen.value === null) return;
      message[field.property] = { $case: field.name, value: copyOf(field, chosen.value) };
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
