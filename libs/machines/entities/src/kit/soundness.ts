import { type Encoded, weightOf } from "./sameness.ts";

/** What is wrong with the name of a thing, in words; undefined when nothing is. */
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
