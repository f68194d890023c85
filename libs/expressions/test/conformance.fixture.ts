import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";
import { compile } from "../src/evaluate/compile.ts";
import { Frame } from "../src/evaluate/frame.ts";
import { limits } from "../src/limits.ts";
import { Fault } from "../src/problem.ts";
import { Parser } from "../src/syntax/parser.ts";
import { Checker } from "../src/types/checker.ts";
import { References } from "../src/types/references.ts";
import { scopeOf } from "../src/types/scope.ts";
import { listOf, mapOf, printType, type Type, types } from "../src/types/type.ts";
import { entriesOf } from "../src/values/equality.ts";
import { Duration, Timestamp } from "../src/values/time.ts";
import {
  isBytes,
  isList,
  type MapKey,
  MapValue,
  mapKeyOf,
  TypeValue,
  Uint,
  type Value,
} from "../src/values/value.ts";

/** The official test cases of the language, from `@bufbuild/cel-spec`, run against the parts of this library. */

// biome-ignore lint/suspicious/noExplicitAny: protobuf JSON of the test data, whose shape the cases themselves say
type Wire = { readonly [key: string]: any };

export interface ConformanceCase {
  readonly suite: string;
  readonly name: string;
  readonly expression: string;
  readonly original: Wire;
}

/** Returns the cases of a suite without protobuf messages, which the values of a workflow never are. */
export function casesOf(suite: string): readonly ConformanceCase[] {
  const found: ConformanceCase[] = [];
  const walk = (node: Wire, path: string): void => {
    for (const { original } of node["tests"] ?? []) {
      const { container: _container, ...rest } = original;
      if (
        /TestAllTypes|google\.protobuf|proto2|proto3|typeUrl|objectValue|enumValue/.test(JSON.stringify(rest))
      )
        continue;
      found.push({ suite: path, name: original.name, expression: original.expr, original });
    }
    for (const inner of node["suites"] ?? []) walk(inner, `${path}/${inner.name}`);
  };
  for (const inner of (tests as Wire)["suites"]) if (inner.name === suite) walk(inner, suite);
  return found;
}

export interface TypedCase {
  readonly expression: string;
  /** Type according to the official checker. */
  readonly expected: string;
  /** Type according to this checker. Undefined if it refuses the expression. */
  readonly found: string | undefined;
}

/** Returns the types of all cases without variables and without features that this library leaves out. */
export function typedCases(): readonly TypedCase[] {
  const found: TypedCase[] = [];
  const walk = (node: Wire): void => {
    for (const { original, type } of node["tests"] ?? []) {
      if (type === undefined || original.typeEnv !== undefined || original.disableCheck === true) continue;
      if (/TestAll|google|proto|optional|cel\.block|[A-Z]\w+\{|Enum/.test(`${original.expr} ${type}`))
        continue;
      found.push({ expression: original.expr, expected: type, found: typeFound(original.expr) });
    }
    for (const inner of node["suites"] ?? []) walk(inner);
  };
  walk(tests as Wire);
  return found;
}

function typeFound(expression: string): string | undefined {
  const checker = new Checker(scopeOf({}), new References());
  try {
    const type = checker.check(new Parser(expression).expression());
    return checker.problems.length > 0 ? undefined : printType(type);
  } catch (fault) {
    if (fault instanceof Fault) return undefined;
    throw fault;
  }
}

/** Returns the problem of the outcome of a case. Undefined if it is correct. */
export function verdictOn({ expression, original }: ConformanceCase): string | undefined {
  const expected = original["evalError"] === undefined ? expectedText(original) : "an error";
  const found = outcomeOf(expression, original);
  return found === expected ? undefined : `${expression} gave ${found}, expected ${expected}`;
}

function expectedText(original: Wire): string {
  const value = original["typedResult"]?.result ?? original["value"];
  return value === undefined ? "true" : print(read(value));
}

function outcomeOf(expression: string, original: Wire): string {
  try {
    const node = new Parser(expression).expression();
    const variables: Record<string, Type> = {};
    const values = new Map<string, Value>();
    for (const { name, ident } of original["typeEnv"] ?? [])
      if (ident !== undefined) variables[name] = typeOf(ident.type);
    for (const [name, { value }] of Object.entries<Wire>(original["bindings"] ?? {})) {
      values.set(name, read(value));
      variables[name] ??= types.dyn;
    }
    const references = new References();
    const checker = new Checker(scopeOf(variables), references);
    checker.check(node);
    if (
      original["disableCheck"] !== true &&
      checker.problems.length > 0 &&
      original["evalError"] === undefined
    )
      return `the problem: ${checker.problems[0]?.message}`;
    const frame = new Frame((place) => values.get(references.names[place] ?? ""), limits.stepsMax);
    return print(compile(node)(frame));
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return original["evalError"] === undefined ? `the error: ${fault.message}` : "an error";
  }
}

function typeOf(type: Wire): Type {
  if (type["listType"] !== undefined) return listOf(typeOf(type["listType"].elemType));
  if (type["mapType"] !== undefined)
    return mapOf(typeOf(type["mapType"].keyType), typeOf(type["mapType"].valueType));
  if ("null" in type) return types.null;
  const scalars: Readonly<Record<string, Type>> = {
    INT64: types.int,
    UINT64: types.uint,
    DOUBLE: types.double,
    STRING: types.string,
    BOOL: types.bool,
    BYTES: types.bytes,
  };
  return scalars[type["primitive"]] ?? types.dyn;
}

function read(value: Wire): Value {
  const [kind = ""] = Object.keys(value);
  const content = value[kind];
  switch (kind) {
    case "int64Value":
      return BigInt(content);
    case "uint64Value":
      return new Uint(BigInt(content));
    case "doubleValue":
      return Number(content);
    case "bytesValue":
      return new Uint8Array(Buffer.from(content, "base64"));
    case "listValue":
      return (content.values ?? []).map(read);
    case "mapValue":
      return readMap(content.entries ?? []);
    case "typeValue":
      return new TypeValue(content);
    default:
      return content;
  }
}

function readMap(entries: readonly Wire[]): Value {
  const map = new Map<MapKey, readonly [Value, Value]>();
  for (const entry of entries) {
    const key = read(entry["key"]);
    map.set(mapKeyOf(key) ?? "", [key, read(entry["value"])]);
  }
  return new MapValue(map);
}

/** Formats a value with its type. */
function print(value: Value): string {
  if (typeof value === "bigint") return `int ${value}`;
  if (typeof value === "number") return `double ${value === 0 ? 0 : value}`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (value instanceof Uint) return `uint ${value.value}`;
  if (value instanceof TypeValue) return `type ${value.name}`;
  if (value instanceof Timestamp || value instanceof Duration) return String(value);
  if (isBytes(value)) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (isList(value)) return `[${value.map(print).join(", ")}]`;
  const entries = entriesOf(value).map(([key, item]) => `${print(key)}: ${print(item)}`);
  return `{${entries.sort().join(", ")}}`;
}
