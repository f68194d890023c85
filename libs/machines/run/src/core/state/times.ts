import { toTimestamp } from "@tutti/kernel";

/**
 * Returns a time of a node, relative to the creation of the run. V8 stores small integers in place. Any other
 * number, and at first the difference of two large ones, is an object of its own.
 */
export function since({ createMs }: { readonly createMs: number }, ms: number): number {
  const passedMs = ms - createMs;
  const small = passedMs | 0;
  return small === passedMs ? small : passedMs;
}

/** Returns a time as messages have it. Undefined for 0. */
export function momentOf(ms: number) {
  return ms > 0 ? toTimestamp(ms) : undefined;
}
