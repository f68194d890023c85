import { Fault } from "../problem.ts";
import {
  type CharacterTest,
  foldedTest,
  namedClass,
  type Range,
  rangesTest,
  unicodeClass,
} from "./pattern-classes.ts";

/**
 * Parses patterns of RE2's syntax, which excludes features that need backtracking: back references, look-around.
 */

export type Assertion = "lineStart" | "lineEnd" | "textStart" | "textEnd" | "wordBoundary" | "noWordBoundary";

export type PatternNode =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly of: PatternNode; readonly min: number; readonly max: number };

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

/** Limits of RE2. */
const repetitionsMax = 1000;
const nestingMax = 200;
const lengthMax = 4096;

export class PatternParser {
  readonly #text: string;
  readonly #place: number;
  #at = 0;
  #nesting = 0;
  #flags: Flags = { ignoreCase: false, multiLine: false, dotAll: false };

  /** @param place place in the expression to report for an invalid pattern */
  constructor(text: string, place: number) {
    this.#text = text;
    this.#place = place;
    if (text.length > lengthMax) throw this.#fault(`has more than ${lengthMax} characters`);
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw this.#fault("closes a group that is not open");
    return node;
  }

  #choice(): PatternNode {
    this.#nesting += 1;
    if (this.#nesting > nestingMax) throw this.#fault("is nested too deeply");
    const parts = [this.#sequence()];
    while (this.#accept("|")) parts.push(this.#sequence());
    this.#nesting -= 1;
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "choice", parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#text.length && !this.#next("|") && !this.#next(")")) {
      const atom = this.#atom();
      if (atom !== undefined) parts.push(this.#repeated(atom));
    }
    return { kind: "sequence", parts };
  }

  #repeated(atom: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (bounds === undefined) return atom;
    this.#accept("?");
    if (this.#bounds() !== undefined) throw this.#fault("repeats a repetition: put it into a group");
    const [min, max] = bounds;
    return { kind: "repeat", of: atom, min, max };
  }

  #bounds(): readonly [min: number, max: number] | undefined {
    if (this.#accept("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#accept("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#accept("?")) return [0, 1];
    const counted = /^\{(\d{1,5})(,(\d{1,5})?)?\}/.exec(this.#text.slice(this.#at, this.#at + 14));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    const max =
      counted[2] === undefined
        ? min
        : counted[3] === undefined
          ? Number.POSITIVE_INFINITY
          : Number(counted[3]);
    if (min > repetitionsMax || (max !== Number.POSITIVE_INFINITY && (max > repetitionsMax || max < min)))
      throw this.#fault(`repeats ${counted[0]}; at most ${repetitionsMax} times`);
    return [min, max];
  }

  #atom(): PatternNode | undefined {
    const character = this.#character();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return this.#tested(this.#set());
      case ".":
        return this.#tested(this.#flags.dotAll ? () => true : (code) => code !== 10);
      case "^":
        return { kind: "assertion", assertion: this.#flags.multiLine ? "lineStart" : "textStart" };
      case "$":
        return { kind: "assertion", assertion: this.#flags.multiLine ? "lineEnd" : "textEnd" };
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        throw this.#fault(`repeats nothing with \`${character}\``);
      default:
        return this.#literal(character.codePointAt(0) ?? 0);
    }
  }

  #group(): PatternNode | undefined {
    const outer = this.#flags;
    if (this.#accept("?")) {
      const named = /^P?<\w+>/.exec(this.#text.slice(this.#at, this.#at + 100));
      if (named !== null) this.#at += named[0].length;
      else if (this.#readFlags()) return undefined;
    }
    const node = this.#choice();
    if (!this.#accept(")")) throw this.#fault("does not close a group");
    this.#flags = outer;
    return node;
  }

  /**
   * Reads flags. `(?i)` changes the rest of its group, and returns true. `(?i:…)` changes its own content.
   */
  #readFlags(): boolean {
    const found = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#text.slice(this.#at, this.#at + 20));
    if (found === null) throw this.#fault("has a group of an unknown kind");
    this.#at += found[0].length;
    const [, on = "", off = "", end] = found;
    const decided = (letter: string, now: boolean): boolean =>
      !off.includes(letter) && (on.includes(letter) || now);
    this.#flags = {
      ignoreCase: decided("i", this.#flags.ignoreCase),
      multiLine: decided("m", this.#flags.multiLine),
      dotAll: decided("s", this.#flags.dotAll),
    };
    return end === ")";
  }

  #escape(): PatternNode {
    const letter = this.#character();
    const assertion = assertions[letter];
    if (assertion !== undefined) return { kind: "assertion", assertion };
    if (letter === "Q") return this.#quoted();
    return this.#tested(this.#classOrCode(letter));
  }

  #quoted(): PatternNode {
    const end = this.#text.indexOf("\\E", this.#at);
    const text = this.#text.slice(this.#at, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#text.length : end + 2;
    return {
      kind: "sequence",
      parts: [...text].map((character) => this.#literal(character.codePointAt(0) ?? 0)),
    };
  }

  #classOrCode(letter: string): CharacterTest {
    const named = namedClass(letter);
    if (named !== undefined) return named;
    if (letter === "p" || letter === "P") return this.#property(letter === "P");
    const code = this.#code(letter);
    return rangesTest([[code, code]]);
  }

  #property(negated: boolean): CharacterTest {
    const rest = this.#text.slice(this.#at, this.#at + 60);
    const found = /^(?:\{(\^?)(\w+)\}|([A-Z]))/.exec(rest);
    const test =
      found === null ? undefined : unicodeClass(found[2] ?? found[3] ?? "", negated !== (found[1] === "^"));
    if (found === null || test === undefined)
      throw this.#fault(`names an unknown class of characters \`\\p${rest.slice(0, 20)}\``);
    this.#at += found[0].length;
    return test;
  }

  /** Returns the code point of an escape for one character. */
  #code(letter: string): number {
    if (letter === "x") {
      const hex = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(
        this.#text.slice(this.#at, this.#at + 8),
      );
      if (hex === null) throw this.#fault("has `\\x` without its digits");
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2] ?? "0", 16);
    }
    const octal = /^[0-7]{1,3}/.exec(this.#text.slice(this.#at - 1, this.#at + 2));
    if (letter === "0" || (octal !== null && octal[0].length > 1)) {
      const digits = octal?.[0] ?? "0";
      this.#at += digits.length - 1;
      return Number.parseInt(digits, 8);
    }
    const control = controls[letter];
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(letter)) throw this.#fault(`has an unknown escape \`\\${letter}\``);
    return letter.codePointAt(0) ?? 0;
  }

  #set(): CharacterTest {
    const negated = this.#accept("^");
    const ranges: Range[] = [];
    const tests: CharacterTest[] = [];
    for (let first = true; first || !this.#next("]"); first = false) {
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 16));
      if (posix !== null) {
        const named = namedClass(`${posix[1]}${posix[2]}`);
        if (named === undefined) throw this.#fault(`names an unknown class ${posix[0]}`);
        this.#at += posix[0].length;
        tests.push(named);
      } else this.#setMember(ranges, tests);
    }
    this.#at += 1;
    const test = rangesTest(ranges);
    const any = this.#cased((code) => test(code) || tests.some((other) => other(code)));
    return negated ? (code) => !any(code) : any;
  }

  #setMember(ranges: Range[], tests: CharacterTest[]): void {
    const from = this.#setCharacter();
    if (typeof from !== "number") {
      tests.push(from);
      return;
    }
    if (!this.#next("-") || this.#text.charAt(this.#at + 1) === "]") {
      ranges.push([from, from]);
      return;
    }
    this.#at += 1;
    const to = this.#setCharacter();
    if (typeof to !== "number" || to < from)
      throw this.#fault("has a range of characters that ends before its start");
    ranges.push([from, to]);
  }

  #setCharacter(): number | CharacterTest {
    const character = this.#character();
    if (character !== "\\") return character.codePointAt(0) ?? 0;
    const letter = this.#character();
    const named = namedClass(letter);
    if (named !== undefined) return named;
    return letter === "p" || letter === "P" ? this.#property(letter === "P") : this.#code(letter);
  }

  #literal(code: number): PatternNode {
    return this.#tested(rangesTest([[code, code]]));
  }

  #tested(test: CharacterTest): PatternNode {
    return { kind: "character", test: this.#cased(test) };
  }

  #cased(test: CharacterTest): CharacterTest {
    return this.#flags.ignoreCase ? foldedTest(test) : test;
  }

  #character(): string {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw this.#fault("ends in the middle");
    const character = String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  #next(character: string): boolean {
    return this.#text.charAt(this.#at) === character;
  }

  #accept(character: string): boolean {
    const is = this.#next(character);
    if (is) this.#at += 1;
    return is;
  }

  #fault(problem: string): Fault {
    const shortened = this.#text.length > 60 ? `${this.#text.slice(0, 60)}…` : this.#text;
    return new Fault(
      "invalid_argument",
      this.#place,
      `the pattern ${JSON.stringify(shortened)} ${problem}`,
      "RE2's syntax",
    );
  }
}

const assertions: Readonly<Record<string, Assertion | undefined>> = {
  A: "textStart",
  z: "textEnd",
  b: "wordBoundary",
  B: "noWordBoundary",
};

const controls: Readonly<Record<string, number | undefined>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
