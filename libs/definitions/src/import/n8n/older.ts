/**
 * Older parameters of n8n's nodes: `if` and `filter` of version 1, `switch` of version 1, `set` before version 3.3. n8n
 * keeps the version of a node for good, so files have them for years.
 */
import { isThere, merged, record, UnsupportedConstruct } from "../cel.ts";
import { isMembers, listIn, type Members, membersIn, type Path, textIn } from "../foreign-document.ts";
import { matching, orEmpty } from "./conditions.ts";

/** A node, and how its translator reads a value. */
export interface OlderNode {
  readonly parameters: Members;
  readonly version: number;
  readonly at: (...keys: readonly (string | number)[]) => Path;
  readonly expression: (value: unknown, path: Path) => string;
}

const rulesMax = 100;

type Kind = "string" | "number" | "boolean";

const kinds: readonly Kind[] = ["string", "number", "boolean"];
const empty: Readonly<Record<Kind, unknown>> = { string: "", number: 0, boolean: false };

const operations: Readonly<Record<string, (left: string, right: string) => string>> = {
  equal: (left, right) => `${left} == ${right}`,
  notEqual: (left, right) => `${left} != ${right}`,
  larger: (left, right) => `${left} > ${right}`,
  largerEqual: (left, right) => `${left} >= ${right}`,
  smaller: (left, right) => `${left} < ${right}`,
  smallerEqual: (left, right) => `${left} <= ${right}`,
  contains: (left, right) => `${orEmpty(left)}.contains(${orEmpty(right)})`,
  notContains: (left, right) => `!${orEmpty(left)}.contains(${orEmpty(right)})`,
  startsWith: (left, right) => `${left}.startsWith(${right})`,
  notStartsWith: (left, right) => `!${left}.startsWith(${right})`,
  endsWith: (left, right) => `${left}.endsWith(${right})`,
  notEndsWith: (left, right) => `!${left}.endsWith(${right})`,
  isEmpty,
  isNotEmpty: (left) => `!(${isEmpty(left)})`,
};

function isEmpty(value: string): string {
  const there = isThere(value);
  return `${there === undefined ? "" : `!(${there}) || `}dyn(${value}) in dyn([null, "", [], {}])`;
}

/** Returns the condition of an `if` or a `filter`. Undefined if its parameters are not older ones. */
export function olderCondition(node: OlderNode): string | undefined {
  const { parameters, at } = node;
  const conditions = membersIn(parameters, "conditions");
  if (![...kinds, "dateTime"].some((kind) => Array.isArray(conditions[kind]))) return undefined;
  if (Array.isArray(conditions["dateTime"]))
    throw new UnsupportedConstruct(
      "a condition about a time has no counterpart",
      at("conditions", "dateTime"),
    );
  const found = kinds.flatMap((kind) =>
    listIn(conditions, kind).map((each, index) => {
      const path = at("conditions", kind, index);
      if (!isMembers(each)) throw new UnsupportedConstruct("a condition is no mapping", path);
      const left = operand(node, kind, each["value1"], [...path, "value1"]);
      return compared(node, kind, { left, rule: each, path });
    }),
  );
  if (found.length === 0) throw new UnsupportedConstruct("it has no conditions", at("conditions"));
  const combine = (
    textIn(parameters, "combineOperation") || textIn(parameters, "combineConditions")
  ).toLowerCase();
  if (!["", "all", "any", "and", "or"].includes(combine))
    throw new UnsupportedConstruct(`\`${combine}\` has no counterpart`, at());
  return found.join(combine === "any" || combine === "or" ? " || " : " && ");
}

/** Returns the conditions of the four outputs of a `switch`. Undefined if its parameters are not older ones. */
export function olderRoutes(node: OlderNode): readonly string[] | undefined {
  const { parameters, version, at } = node;
  const rules = listIn(membersIn(parameters, "rules"), "rules");
  if (rules.length === 0 || version >= 2) return undefined;
  requireFew(rules, at("rules", "rules"));
  const kind = (textIn(parameters, "dataType") || "number") as Kind;
  if (!kinds.includes(kind))
    throw new UnsupportedConstruct(`the type \`${kind}\` has no counterpart`, at("dataType"));
  const left = operand(node, kind, parameters["value1"], at("value1"));
  const routes: string[][] = [[], [], [], []];
  const before: string[] = [];
  const route = (output: unknown, condition: string, path: Path) => {
    const conditions = typeof output === "number" ? routes[output] : undefined;
    if (conditions === undefined)
      throw new UnsupportedConstruct(`the output \`${String(output)}\` has no counterpart`, path);
    conditions.push([...before, condition].filter((each) => each !== "").join(" && "));
  };
  for (const [index, rule] of rules.entries()) {
    const path = at("rules", "rules", index);
    if (!isMembers(rule)) throw new UnsupportedConstruct("a rule is no mapping", path);
    const condition = compared(node, kind, { left, rule, path });
    route(rule["output"] ?? 0, condition, [...path, "output"]);
    before.push(`!${condition}`);
  }
  const fallback = parameters["fallbackOutput"] ?? -1;
  if (fallback !== -1) route(fallback, "", at("fallbackOutput"));
  return routes.map((conditions) =>
    conditions.length === 0 ? "false" : conditions.map((each) => `(${each})`).join(" || "),
  );
}

/** The condition of an output contains those of the rules before it: the text grows with the square. */
export function requireFew(rules: readonly unknown[], path: Path): void {
  if (rules.length > rulesMax)
    throw new UnsupportedConstruct(`at most ${rulesMax} rules have a counterpart, got ${rules.length}`, path);
}

/** Returns the item that a `set` writes. Undefined if its parameters are not older ones. */
export function olderFields(node: OlderNode): string | undefined {
  const { parameters, version } = node;
  if (parameters["assignments"] !== undefined) return undefined;
  if (version < 3) {
    const fields = valuesByKind(node);
    const others = parameters["keepOnlySet"] === true ? undefined : "item";
    return written(fields, others);
  }
  if (version >= 3.3 || !["", "manual"].includes(textIn(parameters, "mode"))) return undefined;
  const include = textIn(parameters, "include");
  if (!["", "all", "none"].includes(include))
    throw new UnsupportedConstruct(`the fields \`${include}\` have no counterpart`, node.at("include"));
  const fields = listIn(membersIn(parameters, "fields"), "values").map((field, index): [string, string] => {
    const path = node.at("fields", "values", index);
    if (!isMembers(field)) throw new UnsupportedConstruct("a field is no mapping", path);
    const member = textIn(field, "type") || "stringValue";
    const value = typedValue(node, member.replace(/Value$/, ""), field[member], [...path, member]);
    return [nameOf(field, path), value];
  });
  return written(fields, include === "none" ? undefined : "item");
}

/** Fields of version 1 and 2. Version 1 keeps the type of a computed value. */
function valuesByKind(node: OlderNode): readonly [string, string][] {
  const values = membersIn(node.parameters, "values");
  return (["boolean", "number", "string"] as const).flatMap((kind) =>
    listIn(values, kind).map((field, index): [string, string] => {
      const path = node.at("values", kind, index);
      if (!isMembers(field)) throw new UnsupportedConstruct("a field is no mapping", path);
      const value = field["value"] ?? empty[kind];
      const at = [...path, "value"];
      if (node.version >= 2 && kind !== "boolean")
        return [nameOf(field, path), typedValue(node, kind, value, at)];
      const read = operand(node, kind, value, at);
      // A computed value that is no boolean fails the run: JavaScript would convert it.
      return [nameOf(field, path), kind === "boolean" && isComputed(value) ? `(${read} && true)` : read];
    }),
  );
}

function nameOf(field: Members, path: Path): string {
  const name = textIn(field, "name");
  if (name === "" || /[.[]/.test(name))
    throw new UnsupportedConstruct("a field inside another one has no counterpart", path);
  return name;
}

/** Returns the expression of a value that n8n converts to a type. */
export function typedValue(
  { expression }: Pick<OlderNode, "expression">,
  type: string,
  value: unknown,
  path: Path,
): string {
  if (!["string", "number", "boolean", "array", "object"].includes(type))
    throw new UnsupportedConstruct(`the type \`${type}\` has no counterpart`, path);
  const isText = typeof value === "string" && !isComputed(value);
  // n8n parses a literal of the other types.
  const literal = isText && type !== "string" ? parsed(value, type, path) : value;
  const read = expression(literal, path);
  if (type === "string") return read.startsWith('"') ? read : `string(${read})`;
  if (type === "number") return `double(${read})`;
  return type === "boolean" && isComputed(value) ? `bool(${read})` : read;
}

function parsed(text: string, type: string, path: Path): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text === "" && type === "number" ? "0" : text);
  } catch {
    value = undefined;
  }
  const found = Array.isArray(value) ? "array" : typeof value;
  if (value === null || found !== type)
    throw new UnsupportedConstruct(`${JSON.stringify(text.slice(0, 40))} is no ${type}`, path);
  return value;
}

function isComputed(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("=");
}

/** Later fields replace earlier ones of the same name. */
function written(fields: readonly [string, string][], others: string | undefined): string {
  const members = record([...new Map(fields)]);
  if (others === undefined) return members;
  return fields.length === 0 ? others : merged(others, members);
}

/** Returns a value that is compared as it is: version 1 converts nothing. */
function operand({ expression }: OlderNode, kind: Kind, value: unknown, path: Path): string {
  const known = value ?? empty[kind];
  if (!isComputed(known) && typeof known !== kind)
    throw new UnsupportedConstruct(`a value is no ${kind}`, path);
  return expression(known, path);
}

function compared(
  node: OlderNode,
  kind: Kind,
  { left, rule, path }: { readonly left: string; readonly rule: Members; readonly path: Path },
): string {
  const operation = textIn(rule, "operation") || (kind === "number" ? "smaller" : "equal");
  if (kind === "string" && (operation === "regex" || operation === "notRegex"))
    return matched(left, operation === "regex", rule["value2"] ?? "", [...path, "value2"]);
  const compare = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (compare === undefined)
    throw new UnsupportedConstruct(`the operation \`${operation}\` has no counterpart`, [
      ...path,
      "operation",
    ]);
  const isUnary = operation === "isEmpty" || operation === "isNotEmpty";
  const right = isUnary ? "" : operand(node, kind, rule["value2"], [...path, "value2"]);
  return `(${compare(left, right)})`;
}

/** Returns whether a text matches a pattern. A missing text is empty. */
function matched(left: string, isWanted: boolean, pattern: unknown, path: Path): string {
  try {
    const found = matching(orEmpty(left), pattern);
    return isWanted ? `(${found})` : `(!(${found}))`;
  } catch (error) {
    if (error instanceof UnsupportedConstruct) throw new UnsupportedConstruct(error.message, path);
    throw error;
  }
}
