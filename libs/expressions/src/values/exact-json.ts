/**
 * JSON with exact whole numbers. Those with more digits than a double are bigints, which expressions know: ids that
 * differ only in the last digit stay different.
 */
declare global {
  interface JSON {
    /** Returns a number with the digits of the text, which `JSON.stringify` writes unchanged. */
    rawJSON(text: string): object;
  }
}

/** Shorter numbers are exact. */
const long = /\d{16}/;

type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context?: { readonly source?: string },
) => unknown;

/** Parses JSON. Whole numbers that a double would round are bigints. */
export function parseExactly(text: string): unknown {
  if (!long.test(text)) return JSON.parse(text);
  // TypeScript does not know the third argument of a reviver yet.
  return JSON.parse(text, exact as (this: unknown, key: string, value: unknown) => unknown);
}

/** No double has more digits. */
const digitsMax = 310;

const exact: Reviver = (_key, value, { source = "" } = {}) => {
  return typeof value === "number" && losesDigits(value, source) ? BigInt(source) : value;
};

/** Returns whether a double rounds a whole number. */
export function losesDigits(value: number, source: string): boolean {
  if (Number.isSafeInteger(value) || source.length > digitsMax) return false;
  return String(value) !== source && /^-?\d+$/.test(source);
}

/** Writes parsed JSON with the digits that it was read with. */
export function writeExactly(value: unknown): string {
  try {
    // Without a replacer, which takes several times as long.
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(value, (_key, each) => (typeof each === "bigint" ? JSON.rawJSON(`${each}`) : each));
  }
}

/** Returns a text unchanged, and other values as JSON. */
export function textOfJson(value: unknown): string {
  return typeof value === "string" ? value : writeExactly(value);
}
