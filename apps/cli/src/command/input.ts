/** Inputs as people write them on a command line: JSON, `@file`, `-`, and `key=value` for its parts. */
import { parseExactly } from "@tutti/rest/json/exact";
import type { Shell } from "../effects/shell.ts";
import { unreadable } from "../server/address.ts";
import { usageFailure } from "./failure.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Returns the parts merged. Undefined without parts. */
export async function readInput(
  parts: readonly string[],
  shell: Pick<Shell, "readText">,
  subject = "the input",
): Promise<Json | undefined> {
  let result: Json | undefined;
  const setFields = new Set<string>();
  for (const part of parts) {
    const [pair, name = "", text = ""] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(part) ?? [];
    if (pair !== undefined && setFields.has(name))
      throw usageFailure(`\`${name}\` is set twice. Pass each field of ${subject} once.`);
    if (pair !== undefined) setFields.add(name);
    const value = pair === undefined ? await document(part, shell, subject) : nested(name, readValue(text));
    if (result === undefined) result = value;
    else if (isMembers(result) && isMembers(value)) result = mergedMembers(result, value);
    else throw usageFailure(`Pass ${subject} once, or as several objects. Got values that cannot be merged.`);
  }
  return result;
}

async function document(part: string, shell: Pick<Shell, "readText">, subject: string): Promise<Json> {
  const file = part === "-" ? "-" : part.startsWith("@") ? part.slice(1) : undefined;
  const text = file === undefined ? part : await readFile(file, shell);
  try {
    return parseExactly(text) as Json;
  } catch (error) {
    const source = file === undefined ? subject : file === "-" ? "standard input" : file;
    // A plain word is likely a value without the name of its field, or a text without quotes.
    if (file === undefined && /^[\p{L}_]/u.test(text))
      throw usageFailure(`Invalid JSON in ${subject}: \`${text}\` is a word.`, [
        [`NAME=${text}`, "passes it as the field NAME"],
        [`'"${text}"'`, "passes it as a text"],
      ]);
    const reason = error instanceof Error ? error.message : String(error);
    throw usageFailure(`Invalid JSON in ${source}: ${reason}`, [
      "Quote text: '\"like this\"'. Pass fields of an object as KEY=VALUE and a file as @FILE.",
    ]);
  }
}

async function readFile(file: string, shell: Pick<Shell, "readText">): Promise<string> {
  try {
    return await shell.readText(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Reads a value as JSON if it looks like JSON, otherwise as text. */
function readValue(text: string): Json {
  if (!/^(-?\d|true$|false$|null$|["[{])/.test(text)) return text;
  try {
    return parseExactly(text) as Json;
  } catch {
    return text;
  }
}

/** Nests a value by its path: `customer.name` sets `name` in `customer`. */
function nested(path: string, value: Json): Json {
  return path.split(".").reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
}

type Members = { readonly [key: string]: Json };

/** Merges two inputs. The later input replaces the earlier one, field by field. */
export function merged(one: Json, other: Json): Json {
  return isMembers(one) && isMembers(other) ? mergedMembers(one, other) : other;
}

function mergedMembers(one: Members, other: Members): Members {
  // Entries become own properties, also if every object inherits a property of that name.
  const result = new Map(Object.entries(one));
  for (const [key, value] of Object.entries(other)) {
    const before = result.get(key);
    result.set(key, before === undefined ? value : merged(before, value));
  }
  return Object.fromEntries(result);
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
