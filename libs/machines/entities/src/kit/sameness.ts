/** Comparison and size of values, and problems of names and sizes. */
import type { ReadOnly } from "@tutti/kernel";

/** Encodes a message. */
export interface Encoded<T> {
  encode(message: T): { finish(): Uint8Array };
}

/**
 * Returns whether two values are equal, to the byte. Maps are encoded in the order of insertion, so they are
 * sorted before.
 */
export function isSame<T>(codec: Encoded<T>, one: ReadOnly<T> | T, other: T): boolean {
  // The cast is safe: the value is only read.
  return Buffer.from(codec.encode(one as T).finish()).equals(codec.encode(other).finish());
}

export function weightOf<T>(codec: Encoded<T>, value: ReadOnly<T> | T): number {
  // The cast is safe: the value is only read.
  return codec.encode(value as T).finish().length;
}

/** Returns a map of texts or numbers in the order of its keys, so that equal maps have equal bytes. */
export function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Returns the problem of a name, in words. Undefined if there is none. */
export function idProblem(name: string, id: string, lengthMax: number): string | undefined {
  if (id.length >= 1 && id.length <= lengthMax) return;
  return `expected the name of a ${name}, of 1 to ${lengthMax} characters, got ${id.length}`;
}

export function weightProblem<T>(
  name: string,
  codec: Encoded<T>,
  value: T,
  bytesMax: number,
): string | undefined {
  const weight = weightOf(codec, value);
  return weight <= bytesMax ? undefined : `expected a ${name} of at most ${bytesMax} bytes, got ${weight}`;
}
