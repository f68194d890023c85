import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { FlatWriter } from "../wire/flat-writer.ts";
import { cardinalities, type Field, type Fields, isEmpty, kinds } from "./field.ts";
import type { Reader } from "./reader.ts";

/** A message in the loops: properties by their names. */
export type Values = Record<string, unknown>;

/** Value of absent bytes: shared, because it has no content that could change. */
export const nothing: Uint8Array = new Uint8Array(0);

/** Reads fields into a message with defaults, up to an end. */
export function readFields(fields: Fields, message: Values, reader: Reader, end: number): void {
  while (reader.pos < end) {
    // The caller sees that the reader stopped before the end.
    if (!readField(fields, message, reader.uint32(), reader)) break;
  }
}

/** As `readFields`, with a yield between two slices of a large message. Returns the message. */
export function* readSlices<T extends object>(
  fields: Fields,
  message: T,
  reader: Reader,
  end: number,
  sliceBytes: number,
): Generator<undefined, T> {
  const values = message as Values;
  let sliceEnd = reader.pos + sliceBytes;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = fields.byNumber[tag >>> 3];
    if (field?.of !== undefined && tag === field.tag && lengthAhead(reader) > sliceBytes) {
      const inner = reader.enter();
      const value = reader.leave(yield* field.of.readInSlices(reader, inner, sliceBytes));
      if (field.cardinality === cardinalities.list) (values[field.property] as unknown[]).push(value);
      else
        values[field.property] =
          field.cardinality === cardinalities.oneof ? { $case: field.name, value } : value;
    } else if (!readField(fields, values, tag, reader)) break;
    if (reader.pos < sliceEnd) continue;
    yield;
    sliceEnd = reader.pos + sliceBytes;
  }
  return message;
}

function lengthAhead(reader: Reader): number {
  const start = reader.pos;
  const length = reader.uint32();
  reader.pos = start;
  return length;
}

/**
 * Reads the field after a tag, or skips an unknown one. Returns false if there is no tag: the message ends there.
 */
export function readField({ byNumber }: Fields, message: Values, tag: number, reader: Reader): boolean {
  const field = byNumber[tag >>> 3];
  if (field !== undefined) {
    if (tag === field.tag) {
      switch (field.cardinality) {
        case cardinalities.single:
          message[field.property] = readValue(field, reader);
          break;
        case cardinalities.list:
          (message[field.property] as unknown[]).push(readValue(field, reader));
          break;
        case cardinalities.oneof:
          message[field.property] = { $case: field.name, value: readValue(field, reader) };
          break;
        default:
          readEntry(field, message[field.property] as Values, reader);
      }
      return true;
    }
    if (tag === field.packedTag) {
      const list = message[field.property] as unknown[];
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) list.push(readValue(field, reader));
      return true;
    }
  }
  if ((tag & 7) === endGroup || tag === 0) return false;
  reader.skip(tag & 7);
  return true;
}

function readValue(field: Field, reader: Reader): unknown {
  switch (field.kind) {
    case kinds.string:
      return reader.string();
    case kinds.uint32:
      return reader.uint32();
    case kinds.double:
      return reader.double();
    case kinds.message: {
      const end = reader.enter();
      return reader.leave(field.of?.read(reader, end));
    }
    case kinds.bool:
      return reader.bool();
    case kinds.bytes:
      return reader.bytes();
    case kinds.sint32:
      return reader.sint32();
    case kinds.int64:
      return reader.safeInt64();
    case kinds.uint64:
      return reader.safeUint64();
    case kinds.fixed32:
      return reader.fixed32();
    case kinds.mask:
      return readMask(reader);
    default:
      return reader.int32();
  }
}

function readEntry(field: Field, map: Values, reader: Reader): void {
  const end = reader.enter();
  let key = "";
  let value = field.kind === kinds.bytes ? nothing : field.absent;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === keyTag) key = reader.string();
    else if (tag === field.valueTag) value = readValue(field, reader);
    else if ((tag & 7) === endGroup || tag === 0) break;
    else reader.skip(tag & 7);
  }
  reader.depth--;
  map[key] = value;
}

function readMask(reader: Reader): string[] {
  const end = reader.enter();
  const paths: string[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === keyTag) paths.push(reader.string());
    else if ((tag & 7) === endGroup || tag === 0) break;
    else reader.skip(tag & 7);
  }
  reader.depth--;
  return paths;
}

export function writeFields({ members }: Fields, message: Values, writer: BinaryWriter): BinaryWriter {
  for (let index = 0; index < members.length; index++) writeField(members[index] as Field, message, writer);
  return writer;
}

/** As `writeFields`, with a yield between two slices of long lists, in the message or in a nested one. */
export function* writeSlices(
  { members }: Fields,
  message: Values,
  writer: FlatWriter,
  sliceBytes: number,
): Generator<undefined, void> {
  let sliceEnd = writer.position + sliceBytes;
  for (const field of members) {
    const value = message[field.property];
    if (field.cardinality === cardinalities.list && !field.isPacked) {
      for (const entry of value as readonly unknown[]) {
        writeValue(field, entry, writer.uint32(field.tag));
        if (writer.position < sliceEnd) continue;
        yield;
        sliceEnd = writer.position + sliceBytes;
      }
    } else if (
      field.cardinality === cardinalities.single &&
      field.of !== undefined &&
      value !== field.absent
    ) {
      writer.uint32(field.tag).fork();
      yield* field.of.writeInSlices(value as object, writer, sliceBytes);
      writer.join();
    } else writeField(field, message, writer);
  }
}

export function writeField(field: Field, message: Values, writer: BinaryWriter): void {
  const value = message[field.property];
  switch (field.cardinality) {
    case cardinalities.single:
      if (value !== field.absent && !isEmpty(field, value)) {
        writeValue(field, value, writer.uint32(field.tag));
      }
      break;
    case cardinalities.list:
      writeList(field, value as readonly unknown[], writer);
      break;
    case cardinalities.map:
      for (const [key, entry] of Object.entries(value as Values)) writeEntry(field, key, entry, writer);
      break;
    default:
      writeChoice(field, value as Choice, writer);
  }
}

type Choice = { readonly $case: string; readonly value: unknown } | undefined;

function writeChoice({ choices }: Field, chosen: Choice, writer: BinaryWriter): void {
  if (chosen === undefined || chosen === null) return;
  const field = choices?.get(chosen.$case);
  if (field !== undefined) writeValue(field, chosen.value, writer.uint32(field.tag));
}

function writeList(field: Field, list: readonly unknown[], writer: BinaryWriter): void {
  if (!field.isPacked) {
    for (const value of list) writeValue(field, value, writer.uint32(field.tag));
  } else if (list.length !== 0) {
    writer.uint32(field.packedTag).fork();
    for (const value of list) writeValue(field, value, writer);
    writer.join();
  }
}

function writeEntry(field: Field, key: string, value: unknown, writer: BinaryWriter): void {
  writer.uint32(field.tag).fork();
  if (key !== "") writer.uint32(keyTag).string(key);
  if (value !== field.absent && !isEmpty(field, value)) {
    writeValue(field, value, writer.uint32(field.valueTag));
  }
  writer.join();
}

/** Writes the value after the tag. */
function writeValue(field: Field, value: unknown, writer: BinaryWriter): void {
  switch (field.kind) {
    case kinds.string:
      writer.string(value as string);
      break;
    case kinds.uint32:
      writer.uint32(value as number);
      break;
    case kinds.double:
      writer.double(value as number);
      break;
    case kinds.message:
      field.of?.write(value as object, writer.fork());
      writer.join();
      break;
    case kinds.bool:
      writer.bool(value as boolean);
      break;
    case kinds.bytes:
      writer.bytes(value as Uint8Array);
      break;
    case kinds.sint32:
      writer.sint32(value as number);
      break;
    case kinds.int64:
      writer.int64(value as number);
      break;
    case kinds.uint64:
      writer.uint64(value as number);
      break;
    case kinds.fixed32:
      writer.fixed32(value as number);
      break;
    case kinds.mask:
      writer.fork();
      for (const path of value as readonly string[]) writer.uint32(keyTag).string(path);
      writer.join();
      break;
    default:
      writer.int32(value as number);
  }
}

const endGroup = 4;
/** Tag of field 1, length-delimited: the key of an entry of a map, a path of a mask. */
const keyTag = 10;
