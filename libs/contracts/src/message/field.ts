import type { MessageType } from "./message.ts";

/**
 * One row of a generated table: the name of the field in TypeScript, its number, what it holds, and, if it is not a
 * single value, `list`, `packed` (a list of numbers that share a tag), `map` (from strings), `optional` or `oneof NAME`.
 */
export type Row = readonly [name: string, number: number, of: RowType, how?: string];
export type RowType = ScalarName | EnumWords | MessageType<object>;
export type EnumWords = Readonly<Record<string, number>>;
export type ScalarName = keyof typeof scalars;

/** What a value is. The numbers are what the loops that read and write switch on. */
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

/** How many values a field has, and where they are kept. */
export const ways = { single: 0, list: 1, map: 2, oneof: 3 } as const;

const varint = 0;
const bits64 = 1;
const delimited = 2;
const bits32 = 5;

/** How each scalar goes over the wire, and what a message has if none came. */
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
  /** Its name in the contracts, which JSON may use as well. */
  readonly protoName: string;
  readonly kind: number;
  readonly way: number;
  /** The property that holds it: its name, or that of its oneof. */
  readonly property: string;
  /** A value that is not written: the default, or undefined if absence is known. Empty bytes are not written either. */
  readonly absent: unknown;
  readonly isOptional: boolean;
  /** The tag before one value; for a map before one entry. */
  readonly tag: number;
  /** The tag before all numbers of a list, else -1: no tag is negative. */
  readonly packedTag: number;
  /** Whether such a list is written with that tag; read are both. */
  readonly isPacked: boolean;
  /** For an entry of a map, the tag before its value. */
  readonly valueTag: number;
  readonly of: MessageType<object> | undefined;
  readonly words: EnumWords | undefined;
}

/** A table in the forms that the loops need. */
export interface Fields {
  readonly all: readonly Field[];
  readonly byNumber: readonly (Field | undefined)[];
  /** What a message has properties for, in their order: fields, and oneofs with their fields by name. */
  readonly members: readonly Member[];
}

export type Member = { readonly field: Field; readonly choices: ReadonlyMap<string, Field> | undefined };

export function fieldsOf(rows: readonly Row[]): Fields {
  const all = rows.map(fieldOf);
  const byNumber: (Field | undefined)[] = [];
  for (const [index, [, number]] of rows.entries()) {
    while (byNumber.length < number) byNumber.push(undefined);
    byNumber[number] = all[index];
  }
  const oneofs = new Map<string, Map<string, Field>>();
  const members: Member[] = [];
  for (const field of all) {
    const choices = oneofs.get(field.property);
    if (choices !== undefined) {
      choices.set(field.name, field);
    } else if (field.way === ways.oneof) {
      const first = new Map([[field.name, field]]);
      oneofs.set(field.property, first);
      members.push({ field, choices: first });
    } else members.push({ field, choices: undefined });
  }
  return { all, byNumber, members };
}

function fieldOf([name, number, type, how = ""]: Row): Field {
  const { kind, wire, absent, of, words } = typeOf(type);
  const isPacked = how === "packed";
  const isList = how === "list" || isPacked;
  const isMap = how === "map";
  const isOneof = how.startsWith(oneofPrefix);
  return {
    name,
    protoName: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    kind,
    way: isList ? ways.list : isMap ? ways.map : isOneof ? ways.oneof : ways.single,
    property: isOneof ? how.slice(oneofPrefix.length) : name,
    absent: how === "optional" ? undefined : absent,
    isOptional: how === "optional",
    tag: (number << 3) | (isMap ? delimited : wire),
    packedTag: isList && wire !== delimited ? (number << 3) | delimited : -1,
    isPacked,
    valueTag: (valueNumber << 3) | wire,
    of,
    words,
  };
}

function typeOf(type: RowType) {
  if (typeof type === "string")
    return { kind: kinds[type], ...scalars[type], of: undefined, words: undefined };
  if (isMessageType(type)) {
    return { kind: kinds.message, wire: delimited, absent: undefined, of: type, words: undefined };
  }
  return { kind: kinds.enum, wire: varint, absent: 0, of: undefined, words: type };
}

function isMessageType(type: MessageType<object> | EnumWords): type is MessageType<object> {
  return "fromPartial" in type;
}

const oneofPrefix = "oneof ";
const valueNumber = 2;
