/**
 * The fields of a line as plain, bounded data.
 *
 * 1. Never throws, for any value: cycles, getters that throw, values unknown to JSON.
 * 2. The output is bounded in depth, breadth, length and total size.
 * 3. A value under the key of a secret is redacted. Only numbers, booleans and empty values are printed. A reference to a
 *    secret is printed as a reference.
 */
import { isSecretKey, type LogFields, redacted, redactText, SecretReference } from "@tutti/kernel";
import { errorRecord } from "./error-record.ts";

const depthMax = 6;
const entriesMax = 100;
const textMax = 8192;
const valuesMax = 2000;

interface Walk {
  /** The objects on the path from the fields to here. An object that is already in the path is a cycle. */
  readonly path: object[];
  readonly hasStacks: boolean;
  values: number;
}

/** Returns the fields with every value printable. */
export function printableFields(fields: LogFields, hasStacks = true): Record<string, unknown> {
  const walk: Walk = { path: [fields], hasStacks, values: 0 };
  return membersOf(fields, walk);
}

function membersOf(source: object, walk: Walk): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const keys = Object.keys(source);
  for (const key of keys.slice(0, entriesMax)) {
    const value = printableUnder(key, read(source, key), walk);
    if (value !== undefined) define(result, key, value);
  }
  if (keys.length > entriesMax) result["…"] = `${keys.length - entriesMax} more`;
  return result;
}

/** Defines a property, because an assignment to `__proto__` would change the prototype. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true });
}

function printableUnder(key: string, value: unknown, walk: Walk): unknown {
  // A number under such a key is no secret, for example a count of tokens.
  const harmless =
    value === undefined || value === null || typeof value === "boolean" || typeof value === "number";
  if (!harmless && isSecretKey(key) && !(value instanceof SecretReference)) return redacted;
  return printable(value, walk);
}

function printable(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case "string":
      return redactText(value.length > textMax ? `${value.slice(0, textMax)}…` : value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return `function ${value.name}`;
    case "object":
      return value === null ? null : printableObject(value, walk);
  }
}

function printableObject(value: object, walk: Walk): unknown {
  walk.values += 1;
  if (walk.values > valuesMax || walk.path.length > depthMax) return "…";
  if (walk.path.includes(value)) return "[circular]";
  walk.path.push(value);
  try {
    return asData(value, walk);
  } catch {
    return "[unreadable]";
  } finally {
    walk.path.pop();
  }
}

function asData(value: object, walk: Walk): unknown {
  if (value instanceof Error) return errorRecord(value, walk.hasStacks);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return itemsOf(value, value.length, walk);
  if (value instanceof Set) return itemsOf(value, value.size, walk);
  if (value instanceof Map) {
    const entries = [...value].slice(0, entriesMax + 1).map(([key, each]) => [String(key), each] as const);
    return membersOf(Object.fromEntries(entries), walk);
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const plain: unknown = value.toJSON();
    // A toJSON that returns the object itself would recurse forever.
    return plain === value ? membersOf(value, walk) : printable(plain, walk);
  }
  return membersOf(value, walk);
}

function itemsOf(items: Iterable<unknown>, length: number, walk: Walk): unknown[] {
  const result: unknown[] = [];
  for (const item of items) {
    if (result.length >= entriesMax) break;
    result.push(printable(item, walk) ?? null);
  }
  if (length > entriesMax) result.push(`… ${length - entriesMax} more`);
  return result;
}

function read(source: object, key: string): unknown {
  try {
    return source[key as keyof typeof source];
  } catch {
    return "[unreadable]";
  }
}
