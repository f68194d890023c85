/**
 * JSON with exact numbers: an order number of twenty digits is written as it was read, although no number of
 * JavaScript can represent it.
 */
declare global {
  interface JSON {
    /** Returns a number with the digits of the text, which `JSON.stringify` writes unchanged. */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** Node before 21 passes no context: there, numbers have the precision of a double. */
type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context?: { readonly source?: string },
) => unknown;

/** Only numbers this long, or with an exponent, may exceed the precision of a double. */
const long = /\d{16}|\d\.\d{15}|\d[eE]/;

export function parseExactly(text: string): unknown {
  if (!long.test(text)) return JSON.parse(text);
  const keepDigits: Reviver = (_key, value, { source } = {}) =>
    typeof value === "number" && source !== undefined && losesDigits(value, source)
      ? JSON.rawJSON(source)
      : value;
  // TypeScript does not know the third argument of a reviver yet.
  return JSON.parse(text, keepDigits as (this: unknown, key: string, value: unknown) => unknown);
}

/** Returns the number of a parsed value, also of one with exact digits. */
export function numberIn(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return JSON.isRawJSON(value) ? Number(JSON.stringify(value)) : undefined;
}

function losesDigits(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return true;
  const written = String(value);
  return written !== source && digitsOf(written) !== digitsOf(source);
}

/** Returns the significant digits: without sign, point, exponent, and zeros at either end. */
function digitsOf(text: string): string {
  const [digits = ""] = text.replace(/[-.]/g, "").split(/[eE]/);
  return digits.replace(/^0+|0+$/g, "");
}

/** Maximum nesting. Deeper documents are not written by people, and could not be written again. */
export const depthMax = 500;

/** Returns whether a document is nested too deeply. */
export function isTooDeep(text: string): boolean {
  if (text.length < depthMax) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === backslash) at++;
      else if (code === quote) inText = false;
    } else if (code === quote) inText = true;
    else if (code === bracket || code === brace) {
      depth++;
      if (depth > depthMax) return true;
    } else if (code === bracketEnd || code === braceEnd) depth--;
  }
  return false;
}

const quote = 0x22;
const backslash = 0x5c;
const bracket = 0x5b;
const bracketEnd = 0x5d;
const brace = 0x7b;
const braceEnd = 0x7d;
