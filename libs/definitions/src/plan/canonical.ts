import { createHash } from "node:crypto";
import type { Json } from "@tutti/expressions";

/** Returns the value with sorted keys, so that equal content has equal text. */
export function canonical(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(canonical);
  const members = Object.create(null) as Record<string, Json>;
  for (const key of Object.keys(value).sort()) members[key] = canonical(value[key] ?? null);
  return members;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Returns the SHA-256 of a text in 64 hexadecimal digits. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
