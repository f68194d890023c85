import type { Frame } from "../evaluate/frame.ts";
import { Fault } from "../problem.ts";
import { entriesOf } from "./equality.ts";
import { Duration, Timestamp } from "./time.ts";
import { isBytes, isList, isPlainMap, type Json, MapValue, TypeValue, Uint, type Value } from "./value.ts";

/**
 * Returns a value as JSON, according to the specification of the language: bytes in base64, times and durations as
 * texts, and whole numbers that a double cannot represent exactly as texts. A value that is JSON already is not
 * copied.
 */
export function toJson(value: Value, frame: Frame, at: number): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return finite(value, at);
    case "bigint":
      return wholeNumber(value);
    default:
      return value === null ? null : objectToJson(value, frame, at);
  }
}

function objectToJson(value: Exclude<Value, null>, frame: Frame, at: number): Json {
  if (isList(value)) return listToJson(value, frame, at);
  if (value instanceof Uint) return wholeNumber(value.value);
  if (value instanceof Timestamp || value instanceof Duration) return value.toString();
  if (value instanceof TypeValue) return value.name;
  if (isBytes(value)) return Buffer.from(value).toString("base64");
  if (value instanceof MapValue) return mapToJson(value, frame, at);
  return isPlainMap(value) ? plainToJson(value, frame, at) : null;
}

function listToJson(list: readonly Value[], frame: Frame, at: number): Json {
  frame.charge(list.length, at);
  let changed: Json[] | undefined;
  for (const [index, item] of list.entries()) {
    const json = toJson(item, frame, at);
    if (changed === undefined && json !== item) changed = list.slice(0, index) as Json[];
    changed?.push(json);
  }
  return changed ?? (list as readonly Json[]);
}

function plainToJson(map: { readonly [key: string]: Value }, frame: Frame, at: number): Json {
  const keys = Object.keys(map);
  frame.charge(keys.length, at);
  let changed: Record<string, Json> | undefined;
  for (const [index, key] of keys.entries()) {
    const item = map[key] ?? null;
    const json = toJson(item, frame, at);
    if (changed === undefined && json !== item) {
      changed = Object.create(null) as Record<string, Json>;
      for (const earlier of keys.slice(0, index)) changed[earlier] = map[earlier] as Json;
    }
    if (changed !== undefined) changed[key] = json;
  }
  return changed ?? (map as { readonly [key: string]: Json });
}

function mapToJson(map: MapValue, frame: Frame, at: number): Json {
  frame.charge(map.entries.size, at);
  const json = Object.create(null) as Record<string, Json>;
  for (const [key, item] of entriesOf(map)) {
    const name = key instanceof Uint ? String(key.value) : String(key);
    json[name] = toJson(item, frame, at);
  }
  return json;
}

function wholeNumber(value: bigint): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function finite(value: number, at: number): number {
  if (!Number.isFinite(value))
    throw new Fault("out_of_range", at, `expected a number that JSON can hold, got ${value}`);
  return value;
}
