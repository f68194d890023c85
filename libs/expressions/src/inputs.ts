import { isSecretKey, redacted, redactText } from "@tutti/kernel";
import { entriesOf } from "./values/equality.ts";
import { isBytes, isList, isPlainMap, MapValue, Special, Uint, type Value } from "./values/value.ts";

/** Values in messages: shortened, and without probable secrets. */

const textMax = 80;
const itemsMax = 8;
const depthMax = 4;

function formatValue(value: Value | undefined, depth = 0): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return quoted(value);
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Uint) return `${value.value}u`;
  if (isBytes(value)) return `${value.length} bytes`;
  if (depth >= depthMax) return "…";
  if (isList(value))
    return `[${some(
      value.slice(0, itemsMax).map((item) => formatValue(item, depth + 1)),
      value.length,
    )}]`;
  if (value instanceof MapValue || isPlainMap(value)) {
    const entries = entriesOf(value);
    const first = entries.slice(0, itemsMax).map(([key, item]) => formatEntry(String(key), item, depth));
    return `{${some(first, entries.length)}}`;
  }
  return value instanceof Special ? String(value) : "…";
}

function formatEntry(key: string, item: Value, depth: number): string {
  return `${quoted(key)}: ${isSecretKey(key) ? redacted : formatValue(item, depth + 1)}`;
}

function some(first: readonly string[], total: number): string {
  return total > first.length ? `${first.join(", ")}, … ${total} in all` : first.join(", ");
}

function quoted(text: string): string {
  // Truncated first: searching a megabyte for secrets would cost more than the evaluation.
  const truncated = text.length > textMax ? text.slice(0, textMax) : text;
  return JSON.stringify(redactText(truncated).toWellFormed()) + (text.length > textMax ? "…" : "");
}

/** Returns the inputs of an expression, by the names of its variables. */
export function formatInputs(
  names: readonly string[],
  valueAt: (place: number) => Value | undefined,
): Readonly<Record<string, string>> {
  const inputs: Record<string, string> = {};
  for (const [place, name] of names.slice(0, 16).entries()) {
    const last = name.slice(name.lastIndexOf(".") + 1);
    inputs[name] = isSecretKey(last) ? redacted : formatValue(valueAt(place));
  }
  return inputs;
}
