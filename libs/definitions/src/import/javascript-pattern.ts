/**
 * Translates regular expressions of JavaScript to those of Tutti (RE2).
 *
 * 1. The translated pattern finds a match in the same texts. Where it fell is not kept.
 * 2. JavaScript counts UTF-16 units, RE2 counts characters. `isByUnit` tells if that could change the result for a
 *    text with characters of two units.
 */
import { matchesPattern } from "@tutti/expressions";
import { UnsupportedConstruct } from "./cel.ts";

export interface Pattern {
  readonly text: string;
  readonly ignoresCase: boolean;
  readonly isByUnit: boolean;
}

/** White space of JavaScript, as members of a class. */
const space = String.raw`\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const anyButLines = String.raw`[^\n\r\x{2028}\x{2029}]`;
const controls = "tnrfv";

/** @param source a pattern, or `/pattern/flags` */
export function patternOf(source: string): Pattern {
  const [, slashed, found = ""] = /^\/(.*?)\/([gimusy]*)$/.exec(source) ?? [];
  if (/[muy]/.test(found)) throw unsupported(source, `the flags \`${found}\``);
  // Letters outside ASCII have other counterparts in JavaScript.
  if (found.includes("i") && /[^\0-\x7f]|\\(?:u|x[89a-f])/i.test(source))
    throw unsupported(source, "letters outside ASCII with the flag `i`");
  const translated = new PatternReader(source, slashed ?? source, found.includes("s")).read();
  const text = found.includes("i") ? `(?i)${translated.text}` : translated.text;
  const { problem } = matchesPattern("", text, 1_000_000);
  if (problem !== "") throw unsupported(source, problem);
  return { ...translated, text, ignoresCase: found.includes("i") };
}

function unsupported(source: string, what: string): UnsupportedConstruct {
  return new UnsupportedConstruct(`the pattern \`${source.slice(0, 60)}\` has no counterpart: ${what}`);
}

class PatternReader {
  readonly #source: string;
  readonly #text: string;
  readonly #dotIsAll: boolean;
  #at = 0;
  #isByUnit = false;

  constructor(source: string, text: string, dotIsAll: boolean) {
    this.#source = source;
    this.#text = text;
    this.#dotIsAll = dotIsAll;
    if (/[^\0-\uffff]|[\ud800-\udfff]/.test(text)) throw this.#unsupported("characters of two units");
  }

  read(): { readonly text: string; readonly isByUnit: boolean } {
    let text = "";
    while (this.#at < this.#text.length) text += this.#part();
    return { text, isByUnit: this.#isByUnit };
  }

  #part(): string {
    const next = this.#take();
    switch (next) {
      case ".":
        return this.#wide(this.#dotIsAll ? "(?s:.)" : anyButLines);
      case "[":
        return this.#class();
      case "\\":
        return this.#escape();
      case "(":
        if (!this.#rest().startsWith("?")) return next;
        if (/^\?(?::|<[A-Za-z_]\w*>)/.test(this.#rest())) return next;
        throw this.#unsupported("a group that looks around");
      case "{":
        return /^\d+(?:,\d*)?\}/.test(this.#rest()) ? this.#repetition() : "\\{";
      case "]":
      case "}":
        return `\\${next}`;
      default:
        return next;
    }
  }

  #repetition(): string {
    const [found = ""] = /^[^}]*\}/.exec(this.#rest()) ?? [];
    this.#at += found.length;
    return `{${found}`;
  }

  #escape(): string {
    const letter = this.#take();
    if (letter === "s") return `[${space}]`;
    if (letter === "S") return this.#wide(`[^${space}]`);
    if (letter === "D" || letter === "W") return this.#wide(`\\${letter}`);
    return "dwbB".includes(letter) ? `\\${letter}` : this.#character(letter);
  }

  #class(): string {
    const isNegated = this.#rest().startsWith("^");
    if (isNegated) this.#at++;
    let members = "";
    for (let next = this.#take(); next !== "]"; next = this.#take()) {
      if (next === "") throw this.#unsupported("a class without an end");
      if (next !== "\\") {
        members += next === "[" || next === "^" || next === "&" ? `\\${next}` : next;
        continue;
      }
      const letter = this.#take();
      if (letter === "b" || letter === "B" || letter === "S" || letter === "D" || letter === "W")
        throw this.#unsupported(`\`\\${letter}\` in a class`);
      // RE2 has no range that starts or ends with a class.
      if ("swd".includes(letter) && (this.#rest().startsWith("-") || members.endsWith("-")))
        throw this.#unsupported("a range of classes");
      members += letter === "s" ? space : "wd".includes(letter) ? `\\${letter}` : this.#character(letter);
    }
    if (members === "") throw this.#unsupported("an empty class");
    return isNegated ? this.#wide(`[^${members}]`) : `[${members}]`;
  }

  #character(letter: string): string {
    if (letter !== "" && controls.includes(letter)) return `\\${letter}`;
    const [found, code = ""] = /^([0-9a-fA-F]{4})/.exec(letter === "u" ? this.#rest() : "") ?? [];
    const [short, byte = ""] = /^([0-9a-fA-F]{2})/.exec(letter === "x" ? this.#rest() : "") ?? [];
    this.#at += (found ?? short ?? "").length;
    const hex = code || byte;
    if (/^d[89a-f]/i.test(code)) throw this.#unsupported("half a character");
    if (hex !== "") return `\\x{${hex.toLowerCase()}}`;
    if (letter === "" || /[\w\s]/.test(letter) || letter > "\x7f") throw this.#unsupported(`\`\\${letter}\``);
    return `\\${letter}`;
  }

  /** A part that matches half of a character of two units in JavaScript. Repeated without a limit, it makes no difference. */
  #wide(part: string): string {
    if (!/^[*+]/.test(this.#rest())) this.#isByUnit = true;
    return part;
  }

  #take(): string {
    return this.#text.charAt(this.#at++);
  }

  #rest(): string {
    return this.#text.slice(this.#at);
  }

  #unsupported(what: string): UnsupportedConstruct {
    return unsupported(this.#source, what);
  }
}
