import { Fault } from "../problem.ts";

/**
 * Splits a text into tokens, one at a time: `kind`, `start` and `end` describe the current one. The text of a token
 * is copied only on demand.
 */

export type TokenKind =
  | "end"
  | "name"
  | "quoted"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "symbol"
  | "foreign";

const symbols = ["&&", "||", "==", "!=", "<=", ">="];
const singles = new Set("()[]{}.,:?!+-*/%<>");

export class Lexer {
  readonly text: string;
  kind: TokenKind = "end";
  start = 0;
  end = 0;

  constructor(text: string, from = 0) {
    this.text = text;
    this.end = from;
  }

  lexeme(): string {
    return this.text.slice(this.start, this.end);
  }

  next(): void {
    const { text } = this;
    const at = skipSpace(text, this.end);
    this.start = at;
    if (at >= text.length) {
      this.end = at;
      this.kind = "end";
      return;
    }
    const code = text.charCodeAt(at);
    if (isNameStart(code)) this.#name(at);
    else if (isDigit(code) || (code === dot && isDigit(text.charCodeAt(at + 1)))) this.#number(at);
    else if (code === doubleQuote || code === singleQuote) this.#string(at, at, "string");
    else if (code === backquote) this.#quoted(at);
    else this.#symbol(at);
  }

  #name(at: number): void {
    const { text } = this;
    let end = at + 1;
    while (isNamePart(text.charCodeAt(end))) end += 1;
    const quote = text.charCodeAt(end);
    if ((quote === doubleQuote || quote === singleQuote) && end - at <= 2) {
      const prefix = text.slice(at, end).toLowerCase();
      if (prefix === "r" || prefix === "b" || prefix === "br" || prefix === "rb") {
        this.#string(at, end, prefix === "r" ? "string" : "bytes");
        return;
      }
    }
    this.kind = "name";
    this.end = end;
  }

  #number(at: number): void {
    const { text } = this;
    let end = at;
    if (text.charCodeAt(at) === zero && (text.charCodeAt(at + 1) | 0x20) === letterX) {
      end = at + 2;
      while (isHexDigit(text.charCodeAt(end))) end += 1;
      if (end === at + 2) throw new Fault("syntax", at, "expected hexadecimal digits after 0x, got none");
      this.#whole(end);
      return;
    }
    while (isDigit(text.charCodeAt(end))) end += 1;
    let fraction = false;
    if (text.charCodeAt(end) === dot && isDigit(text.charCodeAt(end + 1))) {
      fraction = true;
      end += 1;
      while (isDigit(text.charCodeAt(end))) end += 1;
    }
    if ((text.charCodeAt(end) | 0x20) === letterE) {
      const sign = text.charCodeAt(end + 1) === plus || text.charCodeAt(end + 1) === minus ? 1 : 0;
      if (isDigit(text.charCodeAt(end + 1 + sign))) {
        fraction = true;
        end += 1 + sign;
        while (isDigit(text.charCodeAt(end))) end += 1;
      }
    }
    if (!fraction) {
      this.#whole(end);
      return;
    }
    this.kind = "double";
    this.end = end;
    this.#refuseMessages();
  }

  #whole(end: number): void {
    const unsigned = (this.text.charCodeAt(end) | 0x20) === letterU;
    this.kind = unsigned ? "uint" : "int";
    this.end = unsigned ? end + 1 : end;
    this.#refuseMessages();
  }

  #refuseMessages(): void {
    if (isNamePart(this.text.charCodeAt(this.end)))
      throw new Fault(
        "syntax",
        this.start,
        `expected a number, got \`${this.text.slice(this.start, this.end + 1)}\``,
      );
  }

  #string(at: number, quoteAt: number, kind: "string" | "bytes"): void {
    const { text } = this;
    const raw = text.slice(at, quoteAt).toLowerCase().includes("r");
    const quote = text.charAt(quoteAt);
    const triple = text.startsWith(quote.repeat(3), quoteAt);
    const closing = triple ? quote.repeat(3) : quote;
    let end = quoteAt + closing.length;
    for (;;) {
      if (end >= text.length) throw new Fault("syntax", at, "a text is not closed", `${closing} at its end`);
      const code = text.charCodeAt(end);
      if (code === backslash && !raw) end += 2;
      else if (text.startsWith(closing, end)) break;
      else if ((code === newline || code === carriageReturn) && !triple)
        throw new Fault(
          "syntax",
          at,
          "a text is not closed in its line",
          `${closing} at its end, or three quotes`,
        );
      else end += 1;
    }
    this.kind = kind;
    this.end = end + closing.length;
  }

  #quoted(at: number): void {
    const end = this.text.indexOf("`", at + 1);
    const name = end === -1 ? "" : this.text.slice(at + 1, end);
    if (!/^[A-Za-z0-9_./ -]+$/.test(name))
      throw new Fault(
        "syntax",
        at,
        "expected a name between backquotes, of letters, digits and _ . - / or blanks",
      );
    this.kind = "quoted";
    this.end = end + 1;
  }

  #symbol(at: number): void {
    const { text } = this;
    const pair = text.slice(at, at + 2);
    this.kind = "symbol";
    if (symbols.includes(pair)) this.end = at + 2;
    else if (singles.has(text.charAt(at))) this.end = at + 1;
    else {
      this.kind = "foreign";
      this.end = at + (String.fromCodePoint(text.codePointAt(at) ?? 0).length || 1);
    }
  }
}

const dot = 46;
const zero = 48;
const plus = 43;
const minus = 45;
const letterE = 101;
const letterU = 117;
const letterX = 120;
const doubleQuote = 34;
const singleQuote = 39;
const backquote = 96;
const backslash = 92;
const newline = 10;
const carriageReturn = 13;

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 32 || (code >= 9 && code <= 13)) at += 1;
    else if (code === 47 && text.charCodeAt(at + 1) === 47) {
      const end = text.indexOf("\n", at);
      at = end === -1 ? text.length : end;
    } else return at;
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || ((code | 0x20) >= 97 && (code | 0x20) <= 102);
}

function isNameStart(code: number): boolean {
  return ((code | 0x20) >= 97 && (code | 0x20) <= 122) || code === 95;
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || isDigit(code);
}
