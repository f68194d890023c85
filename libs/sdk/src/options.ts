/**
 * Options that a caller wrote. Without types, a misspelled name or a wrong value would be ignored in silence. Or it would
 * fail later, with an error that does not name the option.
 *
 * An object of options has one table: its names, and the checks of their values. A new option has its only place there.
 * Correct options cost no texts: a path is built when a name or a value is wrong.
 */
import { didYouMean, isDuration } from "@tutti/kernel";
import { sdkErrors } from "./errors.ts";

type NameIn<Options> = Options extends unknown ? keyof Options : never;
type MemberOf<Options, Name> = Options extends unknown
  ? Name extends keyof Options
    ? Options[Name]
    : never
  : never;

type ElementIn<Value> = Value extends readonly (infer Each)[] ? Each : never;
type ObjectIn<Value> = Exclude<Extract<Value, object>, readonly unknown[]>;

/** Returns the expected value if the value is wrong. */
export type OptionCheck = (value: unknown) => string | undefined;

/** In the table of an object: the check of a value that is written instead of the object. */
export const plain: unique symbol = Symbol("the check of a value that is no object");

type TableIn<Value> = [Value] extends [never]
  ? never
  : OptionNames<Value> & { readonly [plain]?: OptionCheck };
type ListIn<Each> = [Each] extends [never] ? never : readonly [OptionRule<Each>];

/**
 * The rule of an option: `true` for any value, a check, the table of an object, or in brackets the rule of the elements
 * of a list.
 */
type OptionRule<Value> = true | OptionCheck | TableIn<ObjectIn<Value>> | ListIn<ElementIn<Value>>;

/**
 * All options of an interface: the compiler finds a missing one, and one too many. Those of a union are the names of all
 * its variants.
 */
export type OptionNames<Options> = {
  readonly [Name in NameIn<Options>]: OptionRule<MemberOf<Options, Name>>;
};

/** A wrong option. Its path starts with `.` or `[`, and grows from the inside to the outside. */
interface Wrong {
  path: string;
  /** Expected value. Undefined for an unknown option. */
  readonly expected?: string;
  readonly found?: unknown;
  /** Options that the object has, if one is unknown. */
  readonly known?: object;
  readonly option?: string;
}

/**
 * Requires known options with correct values.
 *
 * @param of type of the options, such as `Worker`. A function returns the path of one of many objects, such as `tasks.a`,
 * which messages about its values contain too.
 */
export function requireKnown<Options extends object>(
  of: string | (() => string),
  options: Options,
  names: OptionNames<Options>,
): void {
  const wrong = wrongIn(options, names);
  if (wrong === undefined) return;
  const owner = typeof of === "string" ? of : of();
  const { path, expected, found, known = {}, option = "" } = wrong;
  if (expected === undefined) {
    const all = Object.keys(known);
    const near = didYouMean(option, all) || `. Its options: ${all.toSorted().join(", ")}`;
    throw sdkErrors.optionUnknown({ of: `${owner}${path}`, option, near });
  }
  const within = typeof of === "string" ? "" : owner;
  throw wrongOption(`${within}${path}`.replace(/^\./, "") || `the options of ${owner}`, expected, found);
}

/**
 * Requires exactly one of the options, with a correct value. Undefined counts as a value only for an option that takes
 * any value.
 */
export function requireOne<Options extends object>(
  of: string,
  options: Options,
  names: OptionNames<Options>,
): void {
  requireKnown(of, options, names);
  const set = Object.keys(options).filter(
    (name) => Reflect.get(options, name) !== undefined || Reflect.get(names, name) === true,
  );
  if (set.length === 1) return;
  const expected = `exactly one of ${Object.keys(names).join(", ")}`;
  const found = set.join(" and ") || "none";
  throw sdkErrors.optionInvalid({ option: `the options of ${of}`, expected, found });
}

/** Requires known options of each entry, such as each operation of an adapter. */
export function requireKnownEach<Options extends object>(
  of: string,
  entries: Readonly<Record<string, Options>> | undefined,
  names: OptionNames<Options>,
): void {
  for (const [name, options] of Object.entries(entries ?? {}))
    requireKnown(() => `${of}.${name}`, options, names);
}

/** An error that names an option with a wrong value. */
export function wrongOption(option: string, expected: string, found: unknown) {
  return sdkErrors.optionInvalid({ option, expected, found: printed(found) });
}

function wrongIn(options: unknown, names: object): Wrong | undefined {
  if (!isObject(options)) return { path: "", expected: "an object", found: options };
  for (const option of Object.keys(options)) {
    if (!Object.hasOwn(names, option)) return { path: "", known: names, option };
    const rule: unknown = Reflect.get(names, option);
    if (rule === true) continue;
    const value: unknown = Reflect.get(options, option);
    if (value === undefined) continue;
    const wrong = wrongValue(value, rule);
    if (wrong !== undefined) {
      wrong.path = `.${option}${wrong.path}`;
      return wrong;
    }
  }
  return undefined;
}

function wrongValue(value: unknown, rule: unknown): Wrong | undefined {
  if (typeof rule === "function") {
    const expected: string | undefined = rule(value);
    return expected === undefined ? undefined : { path: "", expected, found: value };
  }
  if (Array.isArray(rule)) return wrongElement(value, rule[0]);
  if (!isObject(rule)) return undefined;
  if (!isObject(value) && plain in rule) return wrongValue(value, rule[plain]);
  return wrongIn(value, rule);
}

function wrongElement(list: unknown, rule: unknown): Wrong | undefined {
  if (!Array.isArray(list)) return { path: "", expected: "a list", found: list };
  for (let index = 0; index < list.length; index++) {
    const wrong = wrongValue(list[index], rule);
    if (wrong !== undefined) {
      wrong.path = `[${index}]${wrong.path}`;
      return wrong;
    }
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const printedLengthMax = 100;

/** Prints a value for a message. Objects may be large, or contain secrets. */
function printed(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? JSON.stringify(value.slice(0, printedLengthMax)) : String(value);
}

/** @param words names of an object, or a list */
export function oneOf(words: object | readonly string[]): OptionCheck {
  const known: ReadonlySet<unknown> = new Set(Array.isArray(words) ? words : Object.keys(words));
  return (value) => (known.has(value) ? undefined : `one of ${[...known].join(", ")}`);
}

/** The value passes one of two checks. */
export function either(first: OptionCheck, second: OptionCheck): OptionCheck {
  return (value) => {
    const [one, other] = [first(value), second(value)];
    return one !== undefined && other !== undefined ? `${one} or ${other}` : undefined;
  };
}

/** A list of texts. An option that takes one text or several is checked by `either(text, texts)`. */
export const texts: OptionCheck = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === "string") ? undefined : "a list of texts";

function ofType(type: string, expected: string): OptionCheck {
  return (value) => (typeof value === type ? undefined : expected);
}

export const text = ofType("string", "a text");
export const flag = ofType("boolean", "true or false");
export const callback = ofType("function", "a function");

export const date: OptionCheck = (value) =>
  value instanceof Date && !Number.isNaN(value.getTime()) ? undefined : "a valid Date";

export const abortSignal: OptionCheck = (value) =>
  isObject(value) && "aborted" in value ? undefined : "an AbortSignal";

export const durationExpected = "a duration such as 30s or 1h30m, or milliseconds";

/** `30s`, `1h30m`, or milliseconds. */
export const duration: OptionCheck = (value) => {
  const isRight =
    typeof value === "string" ? isDuration(value) : Number.isFinite(value) && Number(value) >= 0;
  return isRight ? undefined : durationExpected;
};

/** A duration as definitions have it: `30s`, or an expression. */
export const durationText: OptionCheck = (value) =>
  typeof value === "string" && (isDuration(value) || value.includes("${{"))
    ? undefined
    : "a duration such as 30s or 1h30m";

function rangeOf(kind: string, from: number, to: number): string {
  if (to < Number.POSITIVE_INFINITY) return `${kind} from ${from} to ${to}`;
  return from > Number.NEGATIVE_INFINITY ? `${kind} from ${from}` : kind;
}

export function number(from: number, to = Number.POSITIVE_INFINITY): OptionCheck {
  return (value) =>
    typeof value === "number" && value >= from && value <= to ? undefined : rangeOf("a number", from, to);
}

export function wholeNumber(from: number, to = Number.POSITIVE_INFINITY): OptionCheck {
  return (value) =>
    Number.isInteger(value) && Number(value) >= from && Number(value) <= to
      ? undefined
      : rangeOf("a whole number", from, to);
}

/** Added to the priority of tasks. */
export const priority = wholeNumber(-100, 100);

function entriesOf(check: OptionCheck, expected: string): OptionCheck {
  return (value) => {
    if (!isObject(value)) return expected;
    for (const each of Object.values(value))
      if (each !== undefined && check(each) !== undefined) return expected;
    return undefined;
  };
}

/** PEM files: the certificate authority of a server, the client's own certificate, and its key. */
export const tlsNames = { ca: text, cert: text, key: text } as const;

export const labels = entriesOf(text, "an object with texts");
export const amounts = entriesOf(number(0), "an object with numbers from 0");
