import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { MessageCodec } from "@tutti/contracts/rpc";
import type { FieldTable, FileTable } from "./schema.ts";

type Values = Record<string, unknown>;

/**
 * Returns the codec of a message that is described by a table. Absent fields are undefined, including empty strings.
 */
export function describedCodec<T extends object>(file: FileTable, message: string): MessageCodec<T> {
  return {
    encode: (value) => write(file, message, value, new BinaryWriter()).finish(),
    // The table defines the type of the result.
    decode: (bytes) => read(file, message, new BinaryReader(bytes), bytes.length) as T,
  };
}

function fieldsOf(file: FileTable, message: string): readonly FieldTable[] {
  const fields = file.messages[message];
  if (fields === undefined) throw new Error(`expected a message of ${file.name}, got ${message}`);
  return fields;
}

function write(file: FileTable, message: string, value: object, writer: BinaryWriter): BinaryWriter {
  const values = new Map<string, unknown>(Object.entries(value));
  for (const field of fieldsOf(file, message)) {
    const own = values.get(field.name);
    const list: readonly unknown[] = field.repeated ? (Array.isArray(own) ? own : []) : [own];
    for (const value of list) if (value !== undefined) writeValue(file, field, value, writer);
  }
  return writer;
}

function writeValue(file: FileTable, field: FieldTable, value: unknown, writer: BinaryWriter): void {
  const varint = field.type === "int32" || field.type === "enum";
  writer.tag(field.number, varint ? WireType.Varint : WireType.LengthDelimited);
  if (varint) writer.int32(Number(value));
  else if (value instanceof Uint8Array) writer.bytes(value);
  else if (typeof value === "object") write(file, field.of ?? "", value ?? {}, writer.fork()).join();
  else writer.string(String(value));
}

function read(file: FileTable, message: string, reader: BinaryReader, length: number): Values {
  const fields = fieldsOf(file, message);
  const values: Values = {};
  for (const field of fields) if (field.repeated) values[field.name] = [];
  const end = reader.pos + length;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = fields.find((candidate) => candidate.number === number);
    if (field === undefined) {
      reader.skip(wireType);
      continue;
    }
    const value = readValue(file, field, reader);
    const list = values[field.name];
    if (Array.isArray(list)) list.push(value);
    else values[field.name] = value;
  }
  return values;
}

function readValue(file: FileTable, { type, of = "" }: FieldTable, reader: BinaryReader): unknown {
  switch (type) {
    case "string":
      return reader.string();
    case "bytes":
      return reader.bytes();
    case "int32":
    case "enum":
      return reader.int32();
    case "message":
      return read(file, of, reader, reader.uint32());
  }
}
