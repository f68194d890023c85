/**
 * Conditions of n8n's `if`, `filter` and `switch` as their current versions have them, and regular expressions of all
 * versions.
 *
 * The editor writes options next to each list of conditions. Those that change nothing are only read. Others are
 * translated, or the node is not.
 */
import { isThere, UnsupportedConstruct } from "../cel.ts";
import {
  entryOf,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "../foreign-document.ts";
import { patternOf } from "../javascript-pattern.ts";
import { lower } from "./methods.ts";
import { bind, fails, type Note, quoted, twoUnits } from "./value.ts";

export interface ConditionReader {
  readonly expression: (value: unknown, path: Path) => string;
  readonly note: Note;
  /** Lists a value that n8n ignores. */
  readonly ignored: (path: Path) => void;
}

interface Operands {
  readonly left: string;
  readonly right: string;
  readonly rightValue: unknown;
  readonly isCased: boolean;
  /** Applies the setting for upper and lower case to a text. */
  readonly cased: (text: string) => string;
}

type Operation = (operands: Operands) => string;

/** A missing text is empty in n8n. */
function ofText(name: string): Operation {
  return ({ left, right, cased }) => `${cased(orEmpty(left))}.${name}(${cased(orEmpty(right))})`;
}

function not(operation: Operation): Operation {
  return (operands) => `!(${operation(operands)})`;
}

const equalTexts: Operation = ({ left, right, rightValue, isCased, cased }) => {
  const isWord = typeof rightValue === "string" && rightValue !== "" && !rightValue.startsWith("=");
  // A missing text differs from a text with characters.
  if (isWord && isCased) return `${left} == ${right}`;
  return `${cased(orEmpty(left))} == ${cased(orEmpty(right))}`;
};

/** JavaScript compares lists and maps by identity. */
const isElement: Operation = ({ left, right, rightValue, isCased }) => {
  if (!isCased)
    throw new UnsupportedConstruct(
      "versions of n8n differ in how they compare elements without regard to case",
    );
  const isComputed = typeof rightValue === "string" && rightValue.startsWith("=");
  const test = isComputed
    ? `dyn(${left}).exists(e, type(e) != list && type(e) != map && e == dyn(${right}))`
    : `${right} in dyn(${left})`;
  return `${exists(left)} && ${test}`;
};

const size =
  (compare: string): Operation =>
  ({ left, right }) =>
    `size(${left}) ${compare} ${right}`;
const order =
  (compare: string): Operation =>
  ({ left, right }) =>
    `${left} ${compare} ${right}`;

/** Operations by the type of the operator. */
const operations: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  any: {
    exists: ({ left }) => exists(left),
    notExists: ({ left }) => `!(${exists(left)})`,
  },
  string: {
    equals: equalTexts,
    notEquals: not(equalTexts),
    contains: ofText("contains"),
    notContains: not(ofText("contains")),
    startsWith: ofText("startsWith"),
    notStartsWith: not(ofText("startsWith")),
    endsWith: ofText("endsWith"),
    notEndsWith: not(ofText("endsWith")),
    empty: ({ left }) => `${orEmpty(left)} == ""`,
    notEmpty: ({ left }) => `${orEmpty(left)} != ""`,
    regex: ({ left, rightValue, cased }) => matching(cased(orEmpty(left)), rightValue),
    notRegex: ({ left, rightValue, cased }) => `!${matching(cased(orEmpty(left)), rightValue)}`,
  },
  number: {
    equals: order("=="),
    notEquals: order("!="),
    gt: order(">"),
    gte: order(">="),
    lt: order("<"),
    lte: order("<="),
  },
  boolean: {
    true: ({ left }) => `${left} == true`,
    // A missing value counts as false.
    false: ({ left }) => `!(${exists(left)}) || ${left} == false`,
    equals: order("=="),
    notEquals: order("!="),
  },
  array: {
    contains: isElement,
    notContains: not(isElement),
    lengthEquals: size("=="),
    lengthNotEquals: size("!="),
    lengthGt: size(">"),
    lengthGte: size(">="),
    lengthLt: size("<"),
    lengthLte: size("<="),
    empty: ({ left }) => `!(${exists(left)}) || size(${left}) == 0`,
    notEmpty: ({ left }) => `${exists(left)} && size(${left}) != 0`,
  },
  object: {
    empty: ({ left }) => `!(${exists(left)}) || size(${left}) == 0`,
    notEmpty: ({ left }) => `${exists(left)} && size(${left}) != 0`,
  },
};

/** @param path of the member `conditions` of the node or rule */
export function conditionOf(settings: Members, path: Path, reader: ConditionReader): string {
  const { isCased } = optionsOf(membersIn(settings, "options"), [...path, "options"]);
  const conditions = listIn(settings, "conditions").map((each, index) =>
    oneCondition(each, [...path, "conditions", index], { ...reader, isCased }),
  );
  if (conditions.length === 0)
    throw new UnsupportedConstruct("it has no `conditions` with operators", path.slice(0, -1));
  const combinator = textIn(settings, "combinator");
  if (!["", "and", "or"].includes(combinator))
    throw new UnsupportedConstruct(`\`${combinator}\` has no counterpart`, [...path, "combinator"]);
  return conditions.join(combinator === "or" ? " || " : " && ");
}

/** Reads the options of conditions. An option that is not read here is listed. */
function optionsOf(options: Members, path: Path): { readonly isCased: boolean } {
  const validation = options["typeValidation"] ?? "strict";
  if (validation !== "strict")
    throw new UnsupportedConstruct("n8n converts values of other types before it compares them", [
      ...path,
      "typeValidation",
    ]);
  const { caseSensitive = true, version = 1 } = options;
  if (typeof caseSensitive !== "boolean")
    throw new UnsupportedConstruct("a computed option has no counterpart", [...path, "caseSensitive"]);
  // Versions differ in how they convert values.
  if (![1, 2, 3].includes(Number(version)))
    throw new UnsupportedConstruct(`version ${String(version)} of conditions has no counterpart`, [
      ...path,
      "version",
    ]);
  if (options["leftValue"] !== undefined && options["leftValue"] !== "")
    throw new UnsupportedConstruct("a common left value has no counterpart", [...path, "leftValue"]);
  return { isCased: caseSensitive };
}

function oneCondition(
  each: unknown,
  path: Path,
  { expression, note, ignored, isCased }: ConditionReader & { readonly isCased: boolean },
): string {
  if (!isMembers(each)) throw new UnsupportedConstruct("a condition is no mapping", path);
  textIn(each, "id");
  const operator = membersIn(each, "operator");
  const [type, name] = [textIn(operator, "type"), textIn(operator, "operation")];
  readLabels(operator, [...path, "operator"]);
  const operation = operationOf(type || typeof each["rightValue"], name);
  if (operation === undefined)
    throw new UnsupportedConstruct(
      `the operation \`${name}\`${type === "" ? "" : ` of ${type}`} has no counterpart`,
      [...path, "operator"],
    );
  const cased = (text: string) => {
    if (isCased) return text;
    const literal = text.startsWith('"') ? { literal: JSON.parse(text) as string } : {};
    return lower({ cel: text, kind: "any", ...literal }, note)?.cel ?? text;
  };
  const left = expression(each["leftValue"], [...path, "leftValue"]);
  const rightValue = each["rightValue"];
  const hasRight = rightValue !== undefined && !unary.has(name);
  if (!hasRight && (rightValue ?? "") !== "") ignored([...path, "rightValue"]);
  const right = hasRight ? expression(rightValue, [...path, "rightValue"]) : '""';
  try {
    return `(${operation({ left, right, rightValue, isCased, cased })})`;
  } catch (error) {
    if (error instanceof UnsupportedConstruct)
      throw new UnsupportedConstruct(error.message, [...path, "rightValue"]);
    throw error;
  }
}

/** Reads members of an operator that repeat its type and operation. */
function readLabels(operator: Members, path: Path): void {
  const [type, name] = [textIn(operator, "type"), textIn(operator, "operation")];
  const expected: Readonly<Record<string, unknown>> = {
    singleValue: unary.has(name),
    name: `filter.operator.${name}`,
    rightType: name.startsWith("length") ? "number" : type === "array" ? "any" : type,
  };
  for (const [key, value] of Object.entries(expected))
    if ((operator[key] ?? value) !== value)
      throw new UnsupportedConstruct(`it contradicts the operation \`${name}\``, [...path, key]);
}

const unary = new Set(["exists", "notExists", "empty", "notEmpty", "true", "false"]);

/** Returns the operation. Undefined if it has no counterpart. */
function operationOf(type: string, name: string): Operation | undefined {
  if (!Object.hasOwn(operations, type) && type !== "dateTime" && type !== "undefined") return undefined;
  return entryOf(operations["any"] ?? {}, name) ?? entryOf(entryOf(operations, type) ?? {}, name);
}

function exists(value: string): string {
  const there = isThere(value);
  return there === undefined ? `dyn(${value}) != null` : `${there} && dyn(${value}) != null`;
}

/** Returns a text, or an empty one if it is missing. */
export function orEmpty(value: string): string {
  return value.startsWith('"') ? value : `(${exists(value)} ? ${value} : "")`;
}

/** Returns whether a text matches a pattern of JavaScript. */
export function matching(text: string, pattern: unknown): string {
  if (typeof pattern !== "string" || pattern.startsWith("="))
    throw new UnsupportedConstruct("a computed pattern has no counterpart");
  const { text: translated, ignoresCase, isByUnit } = patternOf(pattern);
  // Only RE2 takes these two for `s` and `k`.
  const other = '"\\ue000"';
  const compared = ignoresCase ? `.replace("\\u017f", ${other}).replace("\\u212a", ${other})` : "";
  if (!isByUnit) return `${text}${compared}.matches(${quoted(translated)})`;
  const test = `v${compared}.matches(${quoted(translated)})`;
  const reason = "a pattern for a text with characters of two units";
  return bind("v", text, `v.matches(${twoUnits}) ? ${fails(reason)} : ${test}`);
}
