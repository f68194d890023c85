/** Classes of characters in patterns, as tests of one code point. */

export type CharacterTest = (code: number) => boolean;
export type Range = readonly [from: number, to: number];

const digits: Range = [48, 57];
const upper: Range = [65, 90];
const lower: Range = [97, 122];
const word: readonly Range[] = [digits, upper, lower, [95, 95]];

/** RE2's own classes are ASCII only. */
const named: Readonly<Record<string, readonly Range[]>> = {
  d: [digits],
  s: [
    [9, 10],
    [12, 13],
    [32, 32],
  ],
  w: word,
  alnum: [digits, upper, lower],
  alpha: [upper, lower],
  ascii: [[0, 127]],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit: [digits],
  graph: [[33, 126]],
  lower: [lower],
  print: [[32, 126]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  space: [
    [9, 13],
    [32, 32],
  ],
  upper: [upper],
  word,
  xdigit: [digits, [65, 70], [97, 102]],
};

/** Returns a named class: `d`, `D` and `alpha`, `^alpha`. Undefined for an unknown name. */
export function namedClass(name: string): CharacterTest | undefined {
  const negated = name.startsWith("^") || /^[DSW]$/.test(name);
  const key = name.startsWith("^") ? name.slice(1) : negated ? name.toLowerCase() : name;
  if (!Object.hasOwn(named, key)) return undefined;
  const test = rangesTest(named[key] ?? []);
  return negated ? (code) => !test(code) : test;
}

/** Returns a general category or a script of Unicode. Undefined for an unknown one. */
export function unicodeClass(name: string, negated: boolean): CharacterTest | undefined {
  if (name === "Any") return () => !negated;
  const source = /^[A-Z][a-z]?$/.test(name) ? `\\p{${name}}` : `\\p{Script=${name}}`;
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^${source}$`, "u");
  } catch {
    return undefined;
  }
  return (code) => pattern.test(String.fromCodePoint(code)) !== negated;
}

export function rangesTest(ranges: readonly Range[]): CharacterTest {
  const [only] = ranges;
  if (only !== undefined && ranges.length === 1) {
    const [from, to] = only;
    return (code) => code >= from && code <= to;
  }
  return (code) => {
    for (const [from, to] of ranges) if (code >= from && code <= to) return true;
    return false;
  };
}

/** Returns the test without regard to case. */
export function foldedTest(test: CharacterTest): CharacterTest {
  return (code) => {
    if (test(code)) return true;
    const character = String.fromCodePoint(code);
    return other(character.toLowerCase(), code, test) || other(character.toUpperCase(), code, test);
  };
}

function other(variant: string, code: number, test: CharacterTest): boolean {
  const folded = variant.codePointAt(0) ?? code;
  // Some letters become two when their case changes. They have no simple counterpart.
  return folded !== code && variant.length === (folded > 0xffff ? 2 : 1) && test(folded);
}

export function isWordCode(code: number | undefined): boolean {
  return code !== undefined && rangesTest(word)(code);
}
