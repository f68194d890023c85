import { Fault } from "../problem.ts";
import { fitsInt, fitsUint, Uint, type Value } from "../values/value.ts";

/** Values of literals. */

export function readInt(word: string, at: number, negative = false): bigint {
  const value = negative ? -BigInt(word) : BigInt(word);
  if (!fitsInt(value))
    throw new Fault("out_of_range", at, `${negative ? "-" : ""}${word} does not fit 64 bits`);
  return value;
}

export function readUint(word: string, at: number): Value {
  const value = BigInt(word.slice(0, -1));
  if (!fitsUint(value)) throw new Fault("out_of_range", at, `${word} does not fit 64 bits`);
  return new Uint(value);
}

/** Returns the text of a literal. `word` includes quotes and prefix. */
export function readString(word: string, at: number): string {
  const { body, raw, bodyAt } = inside(word, at);
  if (raw || !body.includes("\\")) return body;
  let text = "";
  for (const piece of pieces(body, bodyAt)) {
    if (piece.kind === "plain") text += piece.text;
    else if (piece.value > 0x10ffff || (piece.value >= 0xd800 && piece.value <= 0xdfff))
      throw new Fault("syntax", piece.at, "expected the number of a Unicode character that exists");
    else text += String.fromCodePoint(piece.value);
  }
  return text;
}

/** Returns the bytes of a literal: numeric escapes are bytes, the rest is UTF-8. */
export function readBytes(word: string, at: number): Uint8Array {
  const { body, raw, bodyAt } = inside(word, at);
  const encoder = new TextEncoder();
  if (raw || !body.includes("\\")) return encoder.encode(body);
  const parts: number[] = [];
  for (const piece of pieces(body, bodyAt)) {
    if (piece.kind === "plain") parts.push(...encoder.encode(piece.text));
    else if (piece.kind === "unicode")
      throw new Fault("syntax", piece.at, "expected \\x or octal in bytes, got \\u");
    else parts.push(piece.value & 0xff);
  }
  return Uint8Array.from(parts);
}

function inside(word: string, at: number): { body: string; raw: boolean; bodyAt: number } {
  const quoteAt = word.search(/["']/);
  const quote = word.charAt(quoteAt);
  const width = word.startsWith(quote.repeat(3), quoteAt) && word.length - quoteAt >= 6 ? 3 : 1;
  return {
    body: word.slice(quoteAt + width, -width),
    raw: word.slice(0, quoteAt).toLowerCase().includes("r"),
    bodyAt: at + quoteAt + width,
  };
}

type Piece =
  | { readonly kind: "plain"; readonly text: string }
  | { readonly kind: "number" | "unicode"; readonly value: number; readonly at: number };

const single: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
  "`": "`",
  "?": "?",
};
const widths: Readonly<Record<string, number>> = { x: 2, X: 2, u: 4, U: 8 };

function* pieces(body: string, bodyAt: number): Generator<Piece> {
  let at = 0;
  while (at < body.length) {
    const slash = body.indexOf("\\", at);
    if (slash === -1) {
      yield { kind: "plain", text: body.slice(at) };
      return;
    }
    if (slash > at) yield { kind: "plain", text: body.slice(at, slash) };
    const letter = body.charAt(slash + 1);
    const plain = single[letter];
    const width = widths[letter];
    if (plain !== undefined) {
      yield { kind: "plain", text: plain };
      at = slash + 2;
    } else {
      const octal = width === undefined;
      const digits = octal ? body.slice(slash + 1, slash + 4) : body.slice(slash + 2, slash + 2 + width);
      const value = numberOf(digits, octal, octal ? 3 : width);
      if (value === undefined)
        throw new Fault(
          "syntax",
          bodyAt + slash,
          `unknown escape \`\\${letter}\``,
          "\\n, \\t, \\\\, \\u00e9, or a raw text r'…'",
        );
      yield { kind: letter === "u" || letter === "U" ? "unicode" : "number", value, at: bodyAt + slash };
      at = slash + (octal ? 1 : 2) + digits.length;
    }
  }
}

function numberOf(digits: string, octal: boolean, width: number): number | undefined {
  if (digits.length !== width) return undefined;
  if (octal) return /^[0-3][0-7]{2}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
  return /^[0-9a-fA-F]+$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}
