/** When two values are the same, how much one weighs, and what is wrong with a name or a weight. */
import type { ReadOnly } from "@tutti/kernel";

/** Gives the bytes of a message. */
export interface Encoded<T> {
  encode(message: T): { finish(): Uint8Array };
}

/**
 * Returns whether two values are the same, to the byte. Maps are encoded in the order of insertion: they are
 * sorted before.
 */
export function isSame<T>(codec: Encoded<T>, one: ReadOnly<T> | T, other: T): boolean {
  // Only read.
  return Buffer.from(codec.encode(one as T).finish()).equals(codec.encode(other).finish());
}

export function weightOf<T>(codec: Encoded<T>, value: ReadOnly<T> | T): number {
  // Only read.
  return codec.encode(value as T).finish().length;
}

/** Returns a map of texts or numbers in the order of its keys, so that the same is the same to the byte. */
export function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What is wrong with the name of a thing, in words. Undefined when nothing is. */
export function idProblem(what: string, id: string, lengthMax: number): string | undefined {
  if (id.length >= 1 && id.length <= lengthMax) return;
  return `expected the name of a ${what}, of 1 to ${lengthMax} characters, found ${id.length}`;
}

export function weightProblem<T>(
  what: string,
  codec: Encoded<T>,
  value: T,
  bytesMax: number,
): string | undefined {
  const weight = weightOf(codec, value);
  return weight <= bytesMax ? undefined : `expected a ${what} of at most ${bytesMax} bytes, found ${weight}`;
}
