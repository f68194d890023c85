import type { Frame } from "../evaluate/frame.ts";
import { Fault } from "../problem.ts";
import { listOf, types } from "../types/type.ts";
import { chargeForEntries, sizeOfMap } from "../values/equality.ts";
import { isBytes, isList, isPlainMap, MapValue, type Value } from "../values/value.ts";
import { type Apply, type FunctionDeclaration, overload } from "./declaration.ts";
import { matches } from "./pattern.ts";
import { lastPlace, searchSteps, splitAt, TextSearch } from "./search.ts";

const { bool, bytes, dyn, int, string } = types;
const surrogate = /[\ud800-\udfff]/;

/**
 * Splits a text into code points, which positions count. Most texts have none with two units, and need no
 * split.
 */
function points(text: string, frame: Frame, at: number): string | readonly string[] {
  frame.charge(text.length >>> 6, at);
  if (!surrogate.test(text)) return text;
  frame.charge(text.length >>> 2, at);
  return [...text];
}

function joined(part: string | readonly string[]): string {
  return typeof part === "string" ? part : part.join("");
}

/** Returns a whole number as a count. Numbers of JSON are doubles, and are allowed too. */
function count(value: Value | undefined): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

function method(
  name: string,
  overloads: FunctionDeclaration["overloads"],
  apply: Apply,
): FunctionDeclaration {
  return { name, style: "method", overloads, apply };
}

function ofTwoTexts(name: string, decide: (text: string, other: string) => boolean): FunctionDeclaration {
  return method(name, [overload([string, string], bool)], ([text, other], frame, at) => {
    if (typeof text !== "string" || typeof other !== "string") return undefined;
    frame.charge(searchSteps(text, other), at);
    return decide(text, other);
  });
}

function changed(name: string, change: (text: string) => string): FunctionDeclaration {
  return method(name, [overload([string], string)], ([text], frame, at) => {
    if (typeof text !== "string") return undefined;
    frame.charge(text.length >>> 3, at);
    return change(text);
  });
}

const size: FunctionDeclaration = {
  name: "size",
  style: "both",
  overloads: [string, bytes, listOf(dyn), { kind: "map", key: dyn, value: dyn } as const].map((parameter) =>
    overload([parameter], int),
  ),
  apply: ([value = null], frame, at) => {
    if (typeof value === "string") {
      return BigInt(points(value, frame, at).length);
    }
    if (isBytes(value) || isList(value)) return BigInt(value.length);
    if (!(value instanceof MapValue) && !isPlainMap(value)) return undefined;
    const entries = sizeOfMap(value);
    chargeForEntries(entries, frame, at);
    return BigInt(entries);
  },
};

const escapes: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

function searching(
  name: "indexOf" | "lastIndexOf",
  search: (text: string, pattern: string, from: number) => number,
): FunctionDeclaration {
  const overloads = [overload([string, string], int), overload([string, string, int], int)];
  return method(name, overloads, (args, frame, at) => {
    const [text, pattern, place] = args;
    if (typeof text !== "string" || typeof pattern !== "string") return undefined;
    frame.charge(searchSteps(text, pattern), at);
    const characters = points(text, frame, at);
    const from = args.length === 2 ? (name === "indexOf" ? 0 : characters.length) : count(place);
    if (from === undefined) return undefined;
    if (from < 0 || (args.length === 3 && from > characters.length))
      throw outside(from, characters.length, at);
    if (typeof characters === "string") return BigInt(search(text, pattern, from));
    const found = search(text, pattern, joined(characters.slice(0, from)).length);
    return BigInt(found < 0 ? found : [...text.slice(0, found)].length);
  });
}

const replace: Apply = (args, frame, at) => {
  const [text, old, fresh, limit] = args;
  if (typeof text !== "string" || typeof old !== "string" || typeof fresh !== "string") return undefined;
  const most = args.length === 3 ? -1 : count(limit);
  if (most === undefined) return undefined;
  const places = old === "" ? text.length + 1 : Math.floor(text.length / old.length) + 1;
  frame.charge(searchSteps(text, old) + ((text.length + places * fresh.length) >>> 3), at);
  const pieces = old === "" ? ["", ...text, ""] : splitAt(text, old);
  const replacements = most < 0 ? pieces.length - 1 : Math.min(most, pieces.length - 1);
  return (
    pieces.slice(0, replacements + 1).join(fresh) +
    pieces
      .slice(replacements + 1)
      .map((piece) => old + piece)
      .join("")
  );
};

const split: Apply = (args, frame, at) => {
  const [text, separator, limit] = args;
  if (typeof text !== "string" || typeof separator !== "string") return undefined;
  const most = args.length === 2 ? -1 : count(limit);
  if (most === undefined) return undefined;
  frame.charge(searchSteps(text, separator) + (text.length >>> 1), at);
  if (most === 0) return [];
  const pieces = separator === "" ? [...text] : splitAt(text, separator);
  if (most < 0 || pieces.length <= most) return pieces;
  return [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(separator)];
};

const join: Apply = ([list, separator = ""], frame, at) => {
  if (list === undefined || !isList(list) || typeof separator !== "string") return undefined;
  let length = 0;
  for (const item of list) {
    if (typeof item !== "string") return undefined;
    length += item.length + separator.length;
  }
  frame.charge(list.length + (length >>> 4), at);
  return list.join(separator);
};

const space = /\p{White_Space}/u;

/** Trims the white space of Unicode, which differs from that of JavaScript's `trim`. From both ends, in one pass. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && space.test(text.charAt(from))) from += 1;
  while (to > from && space.test(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function outside(found: number, length: number, at: number): Fault {
  return new Fault("out_of_range", at, `expected a position from 0 to ${length}, got ${found}`);
}

export const texts: readonly FunctionDeclaration[] = [
  size,
  ofTwoTexts("contains", (text, other) => new TextSearch(other).first(text, 0) !== -1),
  ofTwoTexts("startsWith", (text, other) => text.startsWith(other)),
  ofTwoTexts("endsWith", (text, other) => text.endsWith(other)),
  {
    name: "matches",
    style: "both",
    overloads: [overload([string, string], bool)],
    apply: ([text, pattern], frame, at) =>
      typeof text === "string" && typeof pattern === "string" ? matches(text, pattern, frame, at) : undefined,
  },
  changed("lowerAscii", (text) => text.replace(/[A-Z]+/g, (found) => found.toLowerCase())),
  changed("upperAscii", (text) => text.replace(/[a-z]+/g, (found) => found.toUpperCase())),
  changed("trim", trimmed),
  method("charAt", [overload([string, int], string)], ([text, index], frame, at) => {
    const place = count(index);
    if (typeof text !== "string" || place === undefined) return undefined;
    const characters = points(text, frame, at);
    if (place < 0 || place > characters.length) throw outside(place, characters.length, at);
    return characters[place] ?? "";
  }),
  method(
    "substring",
    [overload([string, int], string), overload([string, int, int], string)],
    (args, frame, at) => {
      const [text, from, to] = args;
      if (typeof text !== "string") return undefined;
      const characters = points(text, frame, at);
      const start = count(from);
      const end = args.length === 2 ? characters.length : count(to);
      if (start === undefined || end === undefined) return undefined;
      if (start < 0 || start > characters.length) throw outside(start, characters.length, at);
      if (end < start || end > characters.length) throw outside(end, characters.length, at);
      return joined(characters.slice(start, end));
    },
  ),
  searching("indexOf", (text, pattern, from) => new TextSearch(pattern).first(text, from)),
  searching("lastIndexOf", lastPlace),
  method(
    "replace",
    [overload([string, string, string], string), overload([string, string, string, int], string)],
    replace,
  ),
  method(
    "split",
    [overload([string, string], listOf(string)), overload([string, string, int], listOf(string))],
    split,
  ),
  method("join", [overload([listOf(string)], string), overload([listOf(string), string], string)], join),
  method("reverse", [overload([string], string)], ([text], frame, at) => {
    if (typeof text !== "string") return undefined;
    frame.charge(text.length, at);
    return [...text].reverse().join("");
  }),
  {
    name: "strings.quote",
    style: "global",
    overloads: [overload([string], string)],
    apply: ([text], frame, at) => {
      if (typeof text !== "string") return undefined;
      frame.charge(text.length, at);
      return `"${text.toWellFormed().replace(/./gsu, (found) => escapes[found] ?? found)}"`;
    },
  },
];
