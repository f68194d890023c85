import { Fault } from "../problem.ts";
import {
  emptyMap,
  fitsInt,
  type MapKey,
  MapValue,
  mapKeyOf,
  typeNameOf,
  type Value,
} from "../values/value.ts";

/** Values that an evaluation creates: ints from numbers of JSON, maps from entries. */

export function wholeNumber(value: number, at: number): bigint {
  const whole = Number.isInteger(value) ? BigInt(value) : undefined;
  if (whole === undefined || !fitsInt(whole))
    throw new Fault("out_of_range", at, `expected a whole number of 64 bits, got ${value}`);
  return whole;
}

/** Returns a map of these entries. A duplicate key is an error. */
export function mapOfEntries(entries: readonly (readonly [key: Value, value: Value])[], at: number): Value {
  if (entries.every(([key]) => typeof key === "string")) {
    const map = emptyMap();
    for (const [key, value] of entries) {
      const name = String(key);
      if (name in map) throw duplicateKey(name, at);
      map[name] = value;
    }
    return map;
  }
  const map = new Map<MapKey, readonly [Value, Value]>();
  for (const entry of entries) {
    const key = typeof entry[0] === "number" ? undefined : mapKeyOf(entry[0]);
    if (key === undefined)
      throw new Fault(
        "no_such_overload",
        at,
        `expected a string, int, uint or bool as key, got ${typeNameOf(entry[0])}`,
      );
    if (map.has(key)) throw duplicateKey(String(key), at);
    map.set(key, entry);
  }
  return new MapValue(map);
}

function duplicateKey(key: string, at: number): Fault {
  return new Fault("invalid_argument", at, `the key \`${key}\` is in the map twice`);
}
