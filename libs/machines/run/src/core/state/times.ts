import { toTimestamp } from "@tutti/kernel";

/**
 * Times of nodes, counted from the acceptance of the run. The platform keeps small whole numbers in place. Any other
 * number, and the whole difference of two large ones is one at first, is an object of its own.
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
