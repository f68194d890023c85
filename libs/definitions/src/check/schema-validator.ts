import { type Json, matchesPattern } from "@tutti/expressions";
import { nearest } from "@tutti/kernel";
import type { Path } from "../problem.ts";
import { describeValue, isList, isMembers } from "./shape-checker.ts";
import type { Steps } from "./steps.ts";

/** A part of a value that its schema does not allow. */
export interface SchemaViolation {
  readonly path: Path;
  readonly message: string;
}

/**
 * Validates a value against a JSON Schema, in counted steps. Schema and value both come from the author of a
 * definition. References that double at every level, or a pattern that backtracks, would never end in an
 * ordinary validator. Formats are annotations, and so are unknown keywords.
 */
export class SchemaValidator {
  readonly violations: SchemaViolation[] = [];
  readonly #root: Json;
  readonly #steps: Steps;
  #depth = 0;
  /** Above 0 inside `$ref`, `allOf` and its siblings: there a value is compared only, and no default is filled in. */
  #compared = 0;

  constructor(root: Json, steps: Steps) {
    this.#root = root;
    this.#steps = steps;
  }

  /** Returns the value with the defaults of its schema filled in. */
  validate(value: Json): Json {
    return this.#value(value, this.#root, []);
  }

  #value(value: Json, schema: Json, path: Path): Json {
    this.#steps.charge(1 + (typeof value === "string" ? value.length >>> 4 : 0));
    if (schema === false) this.#refuse(path, "is not allowed here");
    if (!isMembers(schema)) return value;
    if (path.length > depthMax) {
      this.#refuse(path, "is nested too deeply");
      return value;
    }
    this.#references(value, schema, path);
    if (!this.#hasType(value, schema, path)) return value;
    this.#constants(value, schema, path);
    this.#combined(value, schema, path);
    if (typeof value === "string") this.#text(value, schema, path);
    if (isNumber(value)) this.#number(value, schema, path);
    if (isList(value)) return this.#list(value, schema, path);
    return isMembers(value) ? this.#members(value, schema, path) : value;
  }

  #references(value: Json, schema: Members, path: Path): void {
    const { $ref: reference } = schema;
    if (typeof reference !== "string") return;
    const found = partAt(this.#root, reference);
    if (found === undefined)
      this.#refuse(
        path,
        `cannot be checked: its schema refers to ${describeValue(reference)}, which is not there`,
      );
    else if (++this.#depth > depthMax)
      this.#refuse(path, "cannot be checked: its schema refers to itself without end");
    else this.#compare(value, found, path);
    this.#depth -= 1;
  }

  #hasType(value: Json, { type }: Members, path: Path): boolean {
    if (type === undefined) return true;
    const names = isList(type) ? type : [type];
    if (names.some((name) => typeof name === "string" && isOfType(value, name))) return true;
    this.#refuse(path, `must be ${names.join(" or ")}, got ${describeValue(value)}`);
    return false;
  }

  #constants(value: Json, schema: Members, path: Path): void {
    const among = schema["enum"];
    if (isList(among) && !among.some((allowed) => this.#same(allowed, value)))
      this.#refuse(
        path,
        `must be one of ${among
          .slice(0, 10)
          .map((allowed) => JSON.stringify(allowed))
          .join(", ")}, got ${describeValue(value)}`,
      );
    if ("const" in schema && !this.#same(schema["const"] ?? null, value))
      this.#refuse(path, `must be ${JSON.stringify(schema["const"])}, got ${describeValue(value)}`);
  }

  #same(a: Json, b: Json): boolean {
    this.#steps.charge(1);
    if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return a === b;
    if (isList(a) !== isList(b)) return false;
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    const [left, right] = [a as Members, b as Members];
    return keys.every(
      (key) => Object.hasOwn(right, key) && this.#same(left[key] ?? null, right[key] ?? null),
    );
  }

  #combined(value: Json, schema: Members, path: Path): void {
    for (const part of partsOf(schema["allOf"])) this.#compare(value, part, path);
    const any = partsOf(schema["anyOf"]);
    if (any.length > 0 && !any.some((part) => this.#satisfies(value, part)))
      this.#refuse(path, "must satisfy one of the schemas of `anyOf`");
    const exactlyOne = partsOf(schema["oneOf"]);
    if (exactlyOne.length > 0 && exactlyOne.filter((part) => this.#satisfies(value, part)).length !== 1)
      this.#refuse(path, "must satisfy exactly one of the schemas of `oneOf`");
    const { not } = schema;
    if (not !== undefined && this.#satisfies(value, not))
      this.#refuse(path, "must not satisfy the schema of `not`");
  }

  #compare(value: Json, schema: Json, path: Path): void {
    this.#compared += 1;
    this.#value(value, schema, path);
    this.#compared -= 1;
  }

  #satisfies(value: Json, schema: Json): boolean {
    const before = this.violations.length;
    this.#compare(value, schema, []);
    const satisfied = this.violations.length === before;
    this.violations.length = before;
    return satisfied;
  }

  #text(value: string, schema: Members, path: Path): void {
    const { minLength, maxLength, pattern } = schema;
    const length = [...value].length;
    if (typeof minLength === "number" && length < minLength)
      this.#refuse(path, `must have at least ${minLength} characters, got ${length}`);
    if (typeof maxLength === "number" && length > maxLength)
      this.#refuse(path, `must have at most ${maxLength} characters, got ${length}`);
    if (typeof pattern !== "string") return;
    const found = matchesPattern(value, pattern, 100_000);
    this.#steps.charge(found.stepsUsed);
    if (found.matches === undefined) this.#refuse(path, `cannot be checked: ${found.problem}`);
    else if (!found.matches) this.#refuse(path, `must match the pattern ${describeValue(pattern)}`);
  }

  #number(value: number | bigint, schema: Members, path: Path): void {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    if (typeof minimum === "number" && value < minimum)
      this.#refuse(path, `must be ${minimum} or more, got ${value}`);
    if (typeof maximum === "number" && value > maximum)
      this.#refuse(path, `must be ${maximum} or less, got ${value}`);
    if (typeof exclusiveMinimum === "number" && value <= exclusiveMinimum)
      this.#refuse(path, `must be more than ${exclusiveMinimum}, got ${value}`);
    if (typeof exclusiveMaximum === "number" && value >= exclusiveMaximum)
      this.#refuse(path, `must be less than ${exclusiveMaximum}, got ${value}`);
    if (typeof multipleOf === "number" && !isMultiple(value, multipleOf))
      this.#refuse(path, `must be a multiple of ${multipleOf}, got ${value}`);
  }

  #list(list: readonly Json[], schema: Members, path: Path): Json {
    const { minItems, maxItems, items, prefixItems, uniqueItems } = schema;
    if (typeof minItems === "number" && list.length < minItems)
      this.#refuse(path, `must have at least ${minItems} entries, got ${list.length}`);
    if (typeof maxItems === "number" && list.length > maxItems)
      this.#refuse(path, `must have at most ${maxItems} entries, got ${list.length}`);
    if (uniqueItems === true && new Set(list.map((item) => this.#textOf(item))).size < list.length)
      this.#refuse(path, "must not have an entry twice");
    const first = partsOf(prefixItems);
    return list.map((item, index) => this.#value(item, first[index] ?? items ?? true, [...path, index]));
  }

  /** Returns the same text for equal values, with keys in any order. */
  #textOf(value: Json): string {
    this.#steps.chargeFor(value);
    return JSON.stringify(value, (_, part: Json | bigint) => {
      if (typeof part === "bigint") return JSON.rawJSON(`${part}`);
      return isMembers(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part;
    });
  }

  #members(members: Members, schema: Members, path: Path): Json {
    const properties = isMembers(schema["properties"]) ? schema["properties"] : {};
    const { additionalProperties = true, required, minProperties, maxProperties } = schema;
    const keys = Object.keys(members);
    for (const name of isList(required) ? required : [])
      if (typeof name === "string" && !Object.hasOwn(members, name) && !this.#fills(properties, name)) {
        const others = keys.filter((key) => !Object.hasOwn(properties, key));
        const mistyped = this.#nearest(name, others);
        const found = mistyped === undefined ? "" : `, got '${mistyped}'`;
        this.#refuse(path, `must have required property '${name}'${found}`);
      }
    if (typeof minProperties === "number" && keys.length < minProperties)
      this.#refuse(path, `must have at least ${minProperties} entries`);
    if (typeof maxProperties === "number" && keys.length > maxProperties)
      this.#refuse(path, `must have at most ${maxProperties} entries`);
    const filled: Record<string, Json> = {};
    for (const [name, member] of Object.entries(members)) {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const known = property ?? additionalProperties;
      if (known === false) {
        const meant = this.#nearest(name, Object.keys(properties));
        this.#refuse(
          [...path, name],
          `is not known${meant === undefined ? "" : `, did you mean '${meant}'?`}`,
        );
      } else filled[name] = this.#value(member, known, [...path, name]);
    }
    for (const name of Object.keys(properties)) {
      this.#steps.charge(1);
      const value = Object.hasOwn(filled, name) ? undefined : defaultIn(properties, name);
      if (value !== undefined) filled[name] = value;
    }
    return filled;
  }

  /** Whether a member that is missing gets its default. */
  #fills(properties: Members, name: string): boolean {
    return this.#compared === 0 && defaultIn(properties, name) !== undefined;
  }

  /** Returns the most similar name. Comparing costs steps too. */
  #nearest(name: string, known: readonly string[]): string | undefined {
    for (const candidate of known) this.#steps.charge(1 + ((name.length * candidate.length) >>> 4));
    return nearest(name, known);
  }

  #refuse(path: Path, message: string): void {
    if (this.violations.length < 100) this.violations.push({ path, message });
  }
}

/** The default of a property of a schema. A property that has one may be missing, also if it is required. */
export function defaultIn(properties: Members, name: string): Json | undefined {
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isMembers(property) ? property["default"] : undefined;
}

/** Returns the part of a schema that a reference inside it leads to. */
export function partAt(root: Json, reference: string): Json | undefined {
  let found: Json | undefined = reference.startsWith("#") ? root : undefined;
  for (const part of reference.slice(1).split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    found =
      isMembers(found) && Object.hasOwn(found, key)
        ? found[key]
        : isList(found)
          ? found[Number(key)]
          : undefined;
  }
  return found;
}

type Members = { readonly [key: string]: Json };

const depthMax = 100;

function partsOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

/** Long whole numbers of values that `parseExactly` has read are bigints. */
function isBigint(value: unknown): value is bigint {
  return typeof value === "bigint";
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || isBigint(value);
}

function isMultiple(value: number | bigint, of: number): boolean {
  if (isBigint(value) && Number.isSafeInteger(of) && of !== 0) return value % BigInt(of) === 0n;
  return Number.isInteger(Number(value) / of);
}

function isOfType(value: Json, name: string): boolean {
  switch (name) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value) || isBigint(value);
    case "number":
      return isNumber(value);
    case "array":
      return isList(value);
    case "object":
      return isMembers(value);
    default:
      return typeof value === name;
  }
}
