import { type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/** Random values of every message of the contracts, derived from the descriptors, in the form of the contracts. */

type Values = Record<string, unknown>;

const deepest = 3;

/** Returns numbers from 0 to 1 that follow from a seed. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function valuesOf(message: DescMessage, random: () => number, depth = 0): Values {
  const values: Values = {};
  for (const field of message.fields) {
    const name = nameOf(field.name);
    const isOmitted =
      random() < (depth < deepest ? 0.5 : 0.9) || (depth > deepest && field.message !== undefined);
    if (field.oneof !== undefined) {
      const property = nameOf(field.oneof.name);
      values[property] ??= isOmitted ? undefined : { $case: name, value: randomValue(field, random, depth) };
    } else if (field.fieldKind === "list") {
      const length = isOmitted ? 0 : 1 + Math.floor(random() * 3);
      values[name] = Array.from({ length }, () => randomValue(field, random, depth));
    } else if (field.fieldKind === "map") {
      const keys = isOmitted ? [] : ["", "a", "käse"].filter(() => random() < 0.7);
      values[name] = Object.fromEntries(keys.map((key) => [key, randomValue(field, random, depth)]));
    } else values[name] = isOmitted ? absentOf(field) : randomValue(field, random, depth);
  }
  return values;
}

function absentOf(field: DescField): unknown {
  if (field.message !== undefined || field.proto.proto3Optional) return undefined;
  if (field.enum !== undefined) return 0;
  if (field.scalar === ScalarType.STRING) return "";
  if (field.scalar === ScalarType.BYTES) return new Uint8Array(0);
  return field.scalar === ScalarType.BOOL ? false : 0;
}

function randomValue(field: DescField, random: () => number, depth: number): unknown {
  const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)] as T;
  if (field.message !== undefined) {
    if (field.message.typeName === mask) return pick([], ["a"], ["a", "b.c"]);
    // Times have milliseconds in JSON.
    if (field.message.typeName === timestamp) return { seconds: pick(0, 1_800_000_000), nanos: pick(0, 5e8) };
    return valuesOf(field.message, random, depth + 1);
  }
  if (field.enum !== undefined) return pick(...field.enum.values.map(({ number }) => number));
  switch (field.scalar) {
    case ScalarType.STRING:
      return pick("", "run_1", "日本 \u{1f600}", "\ufeffbom", "x".repeat(200));
    case ScalarType.BYTES:
      return pick(new Uint8Array(0), Uint8Array.of(0, 255, 7), new Uint8Array(200).fill(9));
    case ScalarType.BOOL:
      return random() < 0.5;
    case ScalarType.DOUBLE:
      return pick(0, -1.5, 1e300, Number.NaN, Number.NEGATIVE_INFINITY, 17);
    case ScalarType.UINT64:
      return pick(0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER);
    case ScalarType.INT32:
    case ScalarType.SINT32:
      return pick(0, -1, 300, 2 ** 31 - 1, -(2 ** 31));
    default:
      return pick(0, 1, 127, 128, 2 ** 32 - 1);
  }
}

/** Converts a message of the library to the form of the contracts. */
export function plainOf(desc: DescMessage, message: Message): Values {
  return plain(reflect(desc, message));
}

function plain(message: ReflectMessage): Values {
  const values: Values = {};
  for (const field of message.fields) {
    if (field.oneof !== undefined) {
      const property = nameOf(field.oneof.name);
      values[property] ??= message.isSet(field)
        ? { $case: nameOf(field.name), value: plainValue(field, message.get(field)) }
        : undefined;
      continue;
    }
    const name = nameOf(field.name);
    if (field.fieldKind === "list")
      values[name] = [...message.get(field)].map((item) => plainValue(field, item));
    else if (field.fieldKind === "map") {
      const entries = [...message.get(field)].map(([key, item]) => [key, plainValue(field, item)]);
      values[name] = Object.fromEntries(entries);
    } else values[name] = message.isSet(field) ? plainValue(field, message.get(field)) : absentOf(field);
  }
  return values;
}

function plainValue(field: DescField, value: unknown): unknown {
  if (field.message === undefined) return typeof value === "bigint" ? Number(value) : value;
  const inner = plain(value as ReflectMessage);
  return field.message.typeName === mask ? inner["paths"] : inner;
}

function nameOf(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

const mask = "google.protobuf.FieldMask";
const timestamp = "google.protobuf.Timestamp";
