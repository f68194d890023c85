import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { FlatWriter } from "../wire/flat-writer.ts";
import type { Reader } from "./reader.ts";

/**
 * One row of a generated table: the name of the field in TypeScript, its number and its type. If it is not a single
 * value, also `list`, `packed` (a list of numbers that share a tag), `map` (from strings), `optional` or `oneof NAME`.
 */
export type Row = readonly [name: string, number: number, of: RowType, how?: string];
type RowType = ScalarName | EnumValues | FieldMessage;

/** The methods of a nested message that a field needs. */
interface FieldMessage {
  read(reader: Reader, end: number): object;
  readInSlices(reader: Reader, end: number, sliceBytes: number): Generator<undefined, object>;
  writeInSlices(message: object, writer: FlatWriter, sliceBytes: number): Generator<undefined, void>;
  write(message: object, writer: BinaryWriter): BinaryWriter;
  fromPartial(partial: object): object;
  toJSON(message: object): unknown;
  fromJSON(json: unknown): object;
}

export type EnumValues = Readonly<Record<string, number>>;
type ScalarName = keyof typeof scalars;

/** Kinds of values. The loops that read and write switch on the numbers. */
export const kinds = {
  string: 0,
  uint32: 1,
  double: 2,
  message: 3,
  bool: 4,
  bytes: 5,
  enum: 6,
  sint32: 7,
  int32: 8,
  int64: 9,
  uint64: 10,
  fixed32: 11,
  /** A google.protobuf.FieldMask: a list of paths, or undefined. */
  mask: 12,
} as const;

/** Number of values of a field, and where they are stored. */
export const cardinalities = { single: 0, list: 1, map: 2, oneof: 3 } as const;

const varint = 0;
const bits64 = 1;
const delimited = 2;
const bits32 = 5;

/** Wire type of each scalar, and the value of an absent field. */
const scalars = {
  string: { wire: delimited, absent: "" },
  bytes: { wire: delimited, absent: undefined },
  mask: { wire: delimited, absent: undefined },
  uint32: { wire: varint, absent: 0 },
  int32: { wire: varint, absent: 0 },
  sint32: { wire: varint, absent: 0 },
  int64: { wire: varint, absent: 0 },
  uint64: { wire: varint, absent: 0 },
  bool: { wire: varint, absent: false },
  double: { wire: bits64, absent: 0 },
  fixed32: { wire: bits32, absent: 0 },
} as const;

export interface Field {
  readonly name: string;
  /** Name in the contracts, which JSON may use as well. */
  readonly protoName: string;
  readonly kind: number;
  readonly cardinality: number;
  /** Property that holds it: its name, or that of its oneof. */
  readonly property: string;
  /** A value that is not written: the default, or undefined if presence is tracked. */
  readonly absent: unknown;
  /** Whether presence is tracked. */
  readonly isOptional: boolean;
  /** Tag before one value, or before one entry of a map. */
  readonly tag: number;
  /** Tag of a packed list, otherwise -1: no tag is negative. */
  readonly packedTag: number;
  /** Whether such a list is written packed. Both forms are read. */
  readonly isPacked: boolean;
  /** Tag of the value in an entry of a map. */
  readonly valueTag: number;
  readonly of: FieldMessage | undefined;
  readonly enumValues: EnumValues | undefined;
  /** All fields of the oneof by name, for a field of a oneof. */
  readonly choices: Map<string, Field> | undefined;
}

/**
 * Returns whether a value is empty bytes that need not be written: they cannot be distinguished from absent
 * ones.
 */
export function isEmpty({ kind, isOptional }: Field, value: unknown): boolean {
  return kind === kinds.bytes && !isOptional && (value as Uint8Array).length === 0;
}

/** A table in the forms that the loops use. */
export interface Fields {
  readonly all: readonly Field[];
  readonly byNumber: readonly (Field | undefined)[];
  /** Fields by the property of a message. For a oneof, the first field. */
  readonly byProperty: ReadonlyMap<string, Field>;
  /** One field per property, in their order. For a oneof, the first field. */
  readonly members: readonly Field[];
}

export function fieldsOf(rows: readonly Row[]): Fields {
  const oneofs = new Map<string, Map<string, Field>>();
  const all = rows.map((row) => fieldOf(row, oneofs));
  const byNumber: (Field | undefined)[] = [];
  for (const [index, [, number]] of rows.entries()) {
    while (byNumber.length < number) byNumber.push(undefined);
    byNumber[number] = all[index];
  }
  const members = all.filter(({ choices, name }) => choices === undefined || firstKey(choices) === name);
  const byProperty = new Map(members.map((field) => [field.property, field]));
  return { all, byNumber, byProperty, members };
}

function fieldOf([name, number, type, modifier = ""]: Row, oneofs: Map<string, Map<string, Field>>): Field {
  const { kind, wire, absent, of, words } = typeOf(type);
  const isPacked = modifier === "packed";
  const isList = modifier === "list" || isPacked;
  const isMap = modifier === "map";
  const oneof = modifier.startsWith(oneofPrefix) ? modifier.slice(oneofPrefix.length) : undefined;
  const field: Field = {
    name,
    protoName: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    kind,
    cardinality: isList
      ? cardinalities.list
      : isMap
        ? cardinalities.map
        : oneof === undefined
          ? cardinalities.single
          : cardinalities.oneof,
    property: oneof ?? name,
    absent: modifier === "optional" ? undefined : absent,
    isOptional: modifier === "optional",
    tag: (number << 3) | (isMap ? delimited : wire),
    packedTag: isList && wire !== delimited ? (number << 3) | delimited : -1,
    isPacked,
    valueTag: (valueNumber << 3) | wire,
    of,
    enumValues: words,
    choices: oneof === undefined ? undefined : choicesOf(oneof, oneofs),
  };
  field.choices?.set(name, field);
  return field;
}

function choicesOf(oneof: string, oneofs: Map<string, Map<string, Field>>): Map<string, Field> {
  const choices = oneofs.get(oneof) ?? new Map<string, Field>();
  oneofs.set(oneof, choices);
  return choices;
}

function firstKey(choices: ReadonlyMap<string, Field>): string | undefined {
  for (const key of choices.keys()) return key;
  return undefined;
}

function typeOf(type: RowType) {
  if (typeof type === "string")
    return { kind: kinds[type], ...scalars[type], of: undefined, words: undefined };
  if (isMessageType(type)) {
    return { kind: kinds.message, wire: delimited, absent: undefined, of: type, words: undefined };
  }
  return { kind: kinds.enum, wire: varint, absent: 0, of: undefined, words: type };
}

function isMessageType(type: FieldMessage | EnumValues): type is FieldMessage {
  return "fromPartial" in type;
}

const oneofPrefix = "oneof ";
const valueNumber = 2;
