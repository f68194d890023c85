import { crc32 } from "../../batch/crc32.ts";

const numbers = new Float64Array(16);
const bytesOfNumbers = new Uint8Array(numbers.buffer);

/**
 * Returns the checksum of a row: over its numbers, with its id first so that rows cannot be confused, and its bytes.
 */
export function rowSum(values: readonly number[], ...parts: readonly Uint8Array[]): number {
  for (let index = 0; index < values.length; index++) numbers[index] = values[index] as number;
  let sum = crc32(bytesOfNumbers, 0, values.length * 8);
  for (const part of parts) sum = crc32(part, 0, part.length, sum);
  return sum;
}
