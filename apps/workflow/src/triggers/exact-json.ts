/**
 * JSON of events with exact whole numbers. Those beyond the precision of a double are bigints, which expressions know:
 * two events whose ids differ in the last digit have different keys, and runs get every digit.
 */

/** Shorter numbers are exact. */
const long = /\d{16}/;

type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context?: { readonly source?: string },
) => unknown;

export function parseExactly(text: string): unknown {
  if (!long.test(text)) return JSON.parse(text);
  // TypeScript does not know the third argument of a reviver yet.
  return JSON.parse(text, exact as (this: unknown, key: string, value: unknown) => unknown);
}

/** No double has more digits. */
const digitsMax = 310;

const exact: Reviver = (_key, value, { source = "" } = {}) => {
  if (typeof value !== "number" || Number.isSafeInteger(value) || source.length > digitsMax) return value;
  if (!/^-?\d+$/.test(source)) return value;
  const whole = BigInt(source);
  // Expressions calculate with 64 bits. Beyond them, a number that a program wrote as a double stays one.
  return BigInt.asIntN(64, whole) !== whole && String(value) === source ? value : whole;
};

/** Writes parsed JSON with the digits that it was read with. */
export function writeExactly(value: unknown): string {
  try {
    // Without a replacer, which takes several times as long.
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(value, (_key, each) => (typeof each === "bigint" ? JSON.rawJSON(`${each}`) : each));
  }
}
