/** Values as they are written and read. */
import type { Json } from "@tutti/expressions";

export function text(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

/** Returns a value after it was written and read. */
export function plainJson(value: Json): unknown {
  return JSON.parse(JSON.stringify(value));
}
