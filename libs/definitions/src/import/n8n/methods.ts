/**
 * Methods of JavaScript in CEL. A method for which the results of some values differ fails for them: letters outside
 * ASCII, and characters of two units.
 */
import type { Zone } from "./time.ts";
import { type Argument, bind, fails, isScalar, type Note, quoted, twoUnits, type Value } from "./value.ts";

type Method = (of: Value, args: readonly Argument[], note: Note) => Value | undefined;

/** Letters that JavaScript changes, and `lowerAscii` and `upperAscii` leave. */
const upperLetters = String.raw`"[\\p{Lu}\\p{Lt}\\x{2160}-\\x{216f}\\x{24b6}-\\x{24cf}]"`;
const lowerLetters = String.raw`"[\\p{Ll}\\p{Lt}\\x{345}\\x{2170}-\\x{217f}\\x{24d0}-\\x{24e9}]"`;
/** Only JavaScript trims one of them, only CEL the other. */
const otherSpace = String.raw`"[\\x{85}\\x{feff}]"`;

const methods: Readonly<Record<string, Method>> = {
  toLowerCase: (of, args, note) => (args.length === 0 ? lower(of, note) : undefined),
  toUpperCase: (of, args, note) => {
    if (args.length > 0 || !mayBeText(of)) return undefined;
    if (typeof of.literal === "string") return literal(of.literal.toUpperCase());
    noteLetters("toUpperCase", note);
    return guarded(`${of.cel}.upperAscii()`, lowerLetters, "toUpperCase of a letter outside ASCII");
  },
  trim: (of, args, note) => {
    if (args.length > 0 || !mayBeText(of)) return undefined;
    if (typeof of.literal === "string") return literal(of.literal.trim());
    note("trim", "a text with U+0085 or U+FEFF fails the run: JavaScript and Tutti trim other ones of them");
    const test = `v.matches(${otherSpace}) ? ${fails("trim of U+0085 or U+FEFF")} : v.trim()`;
    return { cel: bind("v", of.cel, test), kind: "text" };
  },
  includes: (of, [part, more]) => (part === undefined || more !== undefined ? undefined : includes(of, part)),
  startsWith: (of, args) => ofText("startsWith", of, args),
  endsWith: (of, args) => ofText("endsWith", of, args),
  slice: (of, args, note) => slice(of, args, note),
  split: (of, [by, more], note) => {
    if (by === undefined || more !== undefined || !mayBeText(of) || !mayBeText(by)) return undefined;
    if (typeof by.literal === "string" && by.literal !== "")
      return { cel: `${of.cel}.split(${by.cel})`, kind: "texts" };
    noteUnits("split", note);
    const test = `s == "" && v.matches(${twoUnits}) ? ${fails("split of a character of two units")} : v.split(s)`;
    return { cel: bind("v", of.cel, bind("s", by.cel, test)), kind: "texts" };
  },
  join: (of, [by, more]) => {
    const between = by === undefined ? "," : by.literal;
    if (more !== undefined || typeof between !== "string" || !["texts", "list", "any"].includes(of.kind))
      return undefined;
    return { cel: `${of.cel}.join(${quoted(between)})`, kind: "text" };
  },
};

/** Returns the result of a method. Undefined if it has no counterpart. */
export function callMethod(
  of: Value,
  name: string,
  args: readonly Argument[],
  note: Note,
): Value | undefined {
  return Object.hasOwn(methods, name) ? methods[name]?.(of, args, note) : undefined;
}

function mayBeText({ kind }: Value): boolean {
  return kind === "text" || kind === "any";
}

function literal(text: string): Value {
  return { cel: quoted(text), kind: "text", literal: text };
}

/** Returns a text in lower case. Fails for letters outside ASCII that change. */
export function lower(of: Value, note: Note): Value | undefined {
  if (!mayBeText(of)) return undefined;
  if (typeof of.literal === "string") return literal(of.literal.toLowerCase());
  noteLetters("toLowerCase", note);
  return guarded(`${of.cel}.lowerAscii()`, upperLetters, "toLowerCase of a letter outside ASCII");
}

function guarded(value: string, others: string, reason: string): Value {
  return { cel: bind("v", value, `v.matches(${others}) ? ${fails(reason)} : v`), kind: "text" };
}

function noteLetters(name: string, note: Note): void {
  note(name, "a text with letters outside ASCII that it would change, for example `Ä` or `ä`, fails the run");
}

function noteUnits(name: string, note: Note): void {
  note(
    name,
    "a text with characters beyond U+FFFF, for example emoji, fails the run: JavaScript counts each as two",
  );
}

function ofText(name: string, of: Value, args: readonly Argument[]): Value | undefined {
  const [part] = args;
  if (part === undefined || args.length > 1 || !mayBeText(of) || !mayBeText(part)) return undefined;
  return { cel: `${of.cel}.${name}(${part.cel})`, kind: "bool" };
}

function includes(of: Value, part: Argument): Value | undefined {
  const isList = of.kind === "list" || of.kind === "texts";
  if ((!isList && !mayBeText(of)) || !(isScalar(part) || part.kind === "any")) return undefined;
  const text = mayBeText(part) ? part.cel : `dyn(${part.cel})`;
  if (of.kind === "text") return { cel: `${of.cel}.contains(${text})`, kind: "bool" };
  // JavaScript compares lists and maps by identity.
  const isIn = isScalar(part) ? `p in v` : "v.exists(e, type(e) != list && type(e) != map && e == p)";
  const test = isList ? isIn : `type(v) == list ? ${isIn} : v.contains(p)`;
  return { cel: bind("v", `dyn(${of.cel})`, bind("p", `dyn(${part.cel})`, test)), kind: "bool" };
}

/** Positions count from the end if they are negative, and stop at the ends. */
function slice(of: Value, args: readonly Argument[], note: Note): Value | undefined {
  const [from = 0, to, more] = args.map((each) => each.literal);
  if (more !== undefined || args.some((each) => !Number.isSafeInteger(each.literal))) return undefined;
  if (!["text", "any", "list", "texts"].includes(of.kind)) return undefined;
  const place = (position: number) =>
    position < 0 ? `math.greatest(n - ${-position}, 0)` : position === 0 ? "0" : `math.least(${position}, n)`;
  const start = place(Number(from));
  const end =
    to === undefined ? "n" : start === "0" ? place(Number(to)) : `math.greatest(f, ${place(Number(to))})`;
  const places = start === "0" ? `0, ${end}` : `f, ${end}`;
  const ofList = `v.slice(${places})`;
  const ofTexts = `v.matches(${twoUnits}) ? ${fails("slice of a character of two units")} : v.substring(${places})`;
  const isList = of.kind === "list" || of.kind === "texts";
  if (!isList) noteUnits("slice", note);
  const cut = isList ? ofList : of.kind === "text" ? ofTexts : `type(v) == list ? ${ofList} : ${ofTexts}`;
  const body = start === "0" ? cut : bind("f", start, cut);
  const value = of.kind === "any" ? `dyn(${of.cel})` : of.cel;
  return { cel: bind("v", value, bind("n", "size(v)", body)), kind: of.kind };
}

/** Returns `length`. JavaScript counts characters beyond U+FFFF as two. */
export function lengthOf(of: Value): Value {
  if (typeof of.literal === "string")
    return { cel: String(of.literal.length), kind: "number", literal: of.literal.length };
  if (of.kind === "list" || of.kind === "texts") return { cel: `size(${of.cel})`, kind: "number" };
  const ofText = `size(v) + size(v.split("").filter(c, c.matches(${twoUnits})))`;
  if (of.kind === "text") return { cel: bind("v", of.cel, ofText), kind: "number" };
  // A map has a member of this name, or none.
  const test = `type(v) == list ? dyn(size(v)) : type(v) == string ? dyn(${ofText}) : v.length`;
  return { cel: bind("v", `dyn(${of.cel})`, test), kind: "any" };
}

/** Returns the result of a method of a time. */
export function callTimeMethod(
  of: Value,
  name: string,
  args: readonly Argument[],
  zone: () => Zone,
): Value | undefined {
  const [first, second] = args;
  if (name === "plus" || name === "minus") {
    const sign = name === "plus" ? 1 : -1;
    const amounts =
      first?.amounts ??
      (typeof first?.literal === "number" && typeof second?.literal === "string"
        ? new Map([[second.literal, first.literal]])
        : undefined);
    if (amounts === undefined || args.length > (first?.amounts === undefined ? 2 : 1)) return undefined;
    const signed = new Map([...amounts].map(([unit, amount]) => [unit, sign * amount]));
    return { cel: zone().shifted(of.cel, signed), kind: "time" };
  }
  if ((name === "toFormat" || name === "format") && typeof first?.literal === "string" && args.length === 1)
    return { cel: zone().text(of.cel, first.literal), kind: "text" };
  if (args.length > 0) return undefined;
  switch (name) {
    case "toISO":
    case "toString":
      return { cel: zone().text(of.cel), kind: "text" };
    case "toISODate":
      return { cel: zone().text(of.cel, "yyyy-MM-dd"), kind: "text" };
    case "toMillis":
      return { cel: bind("t", of.cel, "int(t) * 1000 + t.getMilliseconds()"), kind: "number" };
    default:
      return undefined;
  }
}
