/** The `google.protobuf.FileDescriptorProto` of a file that is described by a table, field numbers as in descriptor.proto. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { FieldTable, FileTable, MethodTable } from "./schema.ts";

const types = { string: 9, bytes: 12, int32: 5, enum: 14, message: 11 } as const;
const optional = 1;
const repeated = 3;

export function fileDescriptor(file: FileTable): Uint8Array {
  const writer = new BinaryWriter();
  text(writer, 1, file.name);
  text(writer, 2, file.package);
  for (const [name, fields] of Object.entries(file.messages)) part(writer, 4, message(file, name, fields));
  for (const [name, values] of Object.entries(file.enums)) {
    if (!name.includes(".")) part(writer, 5, enumeration(name, values));
  }
  for (const [name, methods] of Object.entries(file.services)) part(writer, 6, service(file, name, methods));
  text(writer, 12, "proto3");
  return writer.finish();
}

function message(file: FileTable, name: string, fields: readonly FieldTable[]): BinaryWriter {
  const writer = new BinaryWriter();
  const oneofs = [...new Set(fields.flatMap((field) => field.oneof ?? []))];
  text(writer, 1, name);
  for (const field of fields) part(writer, 2, fieldDescriptor(file, field, oneofs));
  for (const [nested, values] of Object.entries(file.enums)) {
    const [owner, own = ""] = nested.split(".");
    if (owner === name) part(writer, 4, enumeration(own, values));
  }
  for (const oneof of oneofs) part(writer, 8, text(new BinaryWriter(), 1, oneof));
  return writer;
}

function fieldDescriptor(file: FileTable, field: FieldTable, oneofs: readonly string[]): BinaryWriter {
  const writer = new BinaryWriter();
  const name = field.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  text(writer, 1, name);
  number(writer, 3, field.number);
  number(writer, 4, field.repeated ? repeated : optional);
  number(writer, 5, types[field.type]);
  if (field.of !== undefined) text(writer, 6, `.${file.package}.${field.of}`);
  if (field.oneof !== undefined) number(writer, 9, oneofs.indexOf(field.oneof));
  return text(writer, 10, field.name);
}

function enumeration(name: string, values: readonly string[]): BinaryWriter {
  const writer = text(new BinaryWriter(), 1, name);
  values.forEach((value, index) => {
    part(writer, 2, number(text(new BinaryWriter(), 1, value), 2, index));
  });
  return writer;
}

function service(
  file: FileTable,
  name: string,
  methods: Readonly<Record<string, MethodTable>>,
): BinaryWriter {
  const writer = text(new BinaryWriter(), 1, name);
  for (const [method, { request, reply, requestStream, replyStream }] of Object.entries(methods)) {
    const described = text(new BinaryWriter(), 1, method);
    text(described, 2, `.${file.package}.${request}`);
    text(described, 3, `.${file.package}.${reply}`);
    if (requestStream) number(described, 5, 1);
    if (replyStream) number(described, 6, 1);
    part(writer, 2, described);
  }
  return writer;
}

function text(writer: BinaryWriter, field: number, value: string): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).string(value);
}

function number(writer: BinaryWriter, field: number, value: number): BinaryWriter {
  return writer.tag(field, WireType.Varint).int32(value);
}

function part(writer: BinaryWriter, field: number, value: BinaryWriter): void {
  writer.tag(field, WireType.LengthDelimited).bytes(value.finish());
}
