import { nearest } from "@tutti/kernel";
import type { FunctionDeclaration } from "../functions/declaration.ts";
import { globals, methods, typeNames } from "../functions/functions.ts";
import { checkPattern } from "../functions/pattern.ts";
import { Fault, type Problem } from "../problem.ts";
import { macroNames } from "../syntax/macros.ts";
import {
  type Bind,
  type Call,
  type Index,
  type Loop,
  type MapLiteral,
  type Name,
  type Node,
  type Select,
  startOf,
} from "../syntax/tree.ts";
import { isBytes, Special, TypeValue, Uint } from "../values/value.ts";
import {
  dottedName,
  nearestName,
  prefixes,
  qualifiedName,
  someOf,
  spelledName,
  subtractedName,
} from "./dotted-names.ts";
import { conversionHint, typeOfBinary } from "./operators.ts";
import type { References } from "./references.ts";
import type { Scope } from "./scope.ts";
import { fits, isDyn, join, listOf, mapOf, printType, type Type, types } from "./type.ts";

/**
 * Determines the type of every part of a tree, the variables that it reads, and all errors.
 *
 * Invariants:
 *
 * 1. Every problem is found in one pass: a part with a problem counts as `dyn`, so that it causes no second one.
 * 2. An accepted expression fails at evaluation only because of values, or of parts that are `dyn`.
 * 3. A dotted name refers to the longest variable that it starts with, except if its first word is a loop
 *    variable.
 */
export class Checker {
  readonly problems: Problem[] = [];
  readonly #scope: Scope;
  readonly #references: References;
  readonly #locals: { readonly name: string; readonly type: Type; readonly place: number }[] = [];
  #localPlaces = 0;

  constructor(scope: Scope, references: References) {
    this.#scope = scope;
    this.#references = references;
  }

  check(node: Node): Type {
    const type = this.#typeOf(node);
    node.type = type;
    return type;
  }

  #typeOf(node: Node): Type {
    switch (node.kind) {
      case "literal":
        return typeOfLiteral(node.value);
      case "name":
        return this.#name(node);
      case "select":
        return this.#select(node);
      case "index":
        return this.#index(node);
      case "unary":
        return this.#unary(node.operator, this.check(node.of), node.of.at);
      case "binary":
        return this.#binary(node);
      case "logic":
        for (const part of node.parts) this.#mustBeBool(part, `of \`${node.operator}\``);
        return types.bool;
      case "condition":
        this.#mustBeBool(node.test, "before `?`");
        return join(this.check(node.then), this.check(node.otherwise));
      case "call":
        return this.#call(node);
      case "list":
        return listOf(node.items.map((item) => this.check(item)).reduce(join, types.never));
      case "map":
        return this.#map(node);
      case "loop":
        return this.#loop(node);
      case "bind":
        return this.#bind(node);
    }
  }

  #name(node: Name): Type {
    const local = node.absolute ? undefined : this.#local(node.name);
    if (local !== undefined) {
      node.local = local.place;
      return local.type;
    }
    const type = this.#scope.typeOf(node.name);
    if (type !== undefined) {
      node.variable = this.#references.placeOf(node.name);
      return type;
    }
    if (typeNames.has(node.name)) return types.type;
    return this.#unknownName(node.name, node.at);
  }

  #select(node: Select): Type {
    const variable = this.#variable(node);
    if (variable !== undefined) return node.probe ? types.bool : variable;
    const name = dottedName(node);
    if (name !== undefined && typeNames.has(name)) return types.type;
    const unknown = name === undefined ? undefined : this.#unknownPart(name, node);
    if (unknown !== undefined) return unknown;
    const type = this.#field(this.check(node.of), node.field, node.at, node.probe);
    return node.probe ? types.bool : type;
  }

  /** Returns the variable that the whole dotted name refers to. */
  #variable(node: Select | Index): Type | undefined {
    const name = dottedName(node);
    if (name === undefined || this.#isLocal(node)) return undefined;
    const type = this.#scope.typeOf(name);
    if (type !== undefined) node.variable = this.#references.placeOf(name);
    return type;
  }

  #isLocal(node: Node): boolean {
    let root = node;
    while (root.kind === "select" || root.kind === "index") root = root.of;
    return root.kind === "name" && !root.absolute && this.#local(root.name) !== undefined;
  }

  /** Reports a dotted name as a whole if neither it nor any prefix of it is a variable. */
  #unknownPart(name: string, node: Select): Type | undefined {
    if (this.#isLocal(node)) return undefined;
    const known = (part: string) => this.#scope.typeOf(part) !== undefined || typeNames.has(part);
    if (prefixes(name).some(known)) return undefined;
    let root: Node = node;
    while (root.kind === "select" || root.kind === "index") root = root.of;
    return this.#unknownName(name, root.at);
  }

  #unknownName(name: string, at: number): Type {
    const suggestion = nearestName(name, this.#scope);
    const known = suggestion === undefined ? someOf(this.#scope) : `\`${suggestion}\``;
    this.#refuse(
      "unknown_name",
      at,
      `unknown name \`${name}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
      known,
    );
    return types.dyn;
  }

  #field(of: Type, field: string, at: number, probe: boolean): Type {
    switch (of.kind) {
      case "dyn":
      case "never":
        return types.dyn;
      case "map":
        if (!fits(types.string, of.key)) break;
        return of.value;
      case "object": {
        const type = of.fields.get(field) ?? of.others;
        if (type !== undefined) return type;
        const suggestion = nearest(field, of.fields.keys());
        const fields = [...of.fields.keys()].slice(0, 10).join(", ");
        const hint = suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`;
        this.#refuse(
          "unknown_field",
          at,
          `unknown field \`${field}\`${hint}`,
          suggestion === undefined ? `one of ${fields}` : `\`${suggestion}\``,
        );
        return types.dyn;
      }
      default:
    }
    this.#refuse(
      "type_mismatch",
      at,
      `expected a map before \`.${field}\`${probe ? " in has" : ""}, got ${printType(of)}`,
    );
    return types.dyn;
  }

  #index(node: Index): Type {
    const variable = this.#variable(node);
    if (variable !== undefined) return variable;
    const of = this.check(node.of);
    const by = this.check(node.by);
    if (isDyn(of)) return types.dyn;
    if (of.kind === "list") {
      if (!isDyn(by) && by.kind !== "int" && by.kind !== "uint" && by.kind !== "double")
        this.#refuse("type_mismatch", node.by.at, `expected an int as index, got ${printType(by)}`);
      return of.of;
    }
    if (of.kind === "map") {
      if (!fits(by, of.key) && !(numeric.has(by.kind) && numeric.has(of.key.kind)))
        this.#refuse(
          "type_mismatch",
          node.by.at,
          `expected a ${printType(of.key)} as key, got ${printType(by)}`,
        );
      return of.value;
    }
    if (of.kind === "object") {
      const constant =
        node.by.kind === "literal" && typeof node.by.value === "string" ? node.by.value : undefined;
      if (constant !== undefined) return this.#field(of, constant, node.by.at, false);
      if (!fits(by, types.string))
        this.#refuse("type_mismatch", node.by.at, `expected a string as key, got ${printType(by)}`);
      return types.dyn;
    }
    this.#refuse("type_mismatch", node.at, `expected a list or a map before \`[\`, got ${printType(of)}`);
    return types.dyn;
  }

  #unary(operator: "!" | "-", of: Type, at: number): Type {
    const kinds = operator === "!" ? ["bool"] : ["int", "double", "duration"];
    if (isDyn(of)) return operator === "!" ? types.bool : types.dyn;
    if (kinds.includes(of.kind)) return of;
    this.#refuse(
      "type_mismatch",
      at,
      `expected ${kinds.join(" or ")} after \`${operator}\`, got ${printType(of)}`,
    );
    return operator === "!" ? types.bool : types.dyn;
  }

  #binary(node: Extract<Node, { kind: "binary" }>): Type {
    const { operator } = node;
    const meant = operator === "-" ? this.#dashedName(node) : undefined;
    if (meant !== undefined) return meant;
    const left = this.check(node.left);
    const right = this.check(node.right);
    const type = typeOfBinary(operator, left, right);
    if (type !== undefined) return type;
    const hint = operator === "%" ? "int(…) of both sides" : conversionHint(left, right);
    this.#refuse(
      "type_mismatch",
      node.at,
      `\`${operator}\` does not take ${printType(left)} and ${printType(right)}`,
      hint,
    );
    return operator === "in" || operator.length === 2 || operator === "<" || operator === ">"
      ? types.bool
      : types.dyn;
  }

  /**
   * Handles `tasks.b-c.output`, which subtracts `c.output`. If `b-c` is a task and `b` is not, the name was
   * meant.
   */
  #dashedName(node: Node): Type | undefined {
    const name = subtractedName(node);
    const first = name?.split("-", 1)[0] ?? "";
    let leftmost = node;
    while (leftmost.kind === "binary") leftmost = leftmost.operator === "-" ? leftmost.left : leftmost.right;
    if (name === undefined || this.#isLocal(leftmost) || this.#scope.typeOf(first) !== undefined)
      return undefined;
    const meant = prefixes(name).find((part) => part.includes("-") && this.#scope.typeOf(part) !== undefined);
    if (meant === undefined) return undefined;
    const spelled = spelledName(meant);
    this.#refuse(
      "unknown_name",
      startOf(leftmost),
      `\`${meant}\` is a subtraction; write \`${spelled}\``,
      spelled,
    );
    return types.dyn;
  }

  #mustBeBool(node: Node, context: string): void {
    const type = this.check(node);
    if (isDyn(type) || type.kind === "bool") return;
    this.#refuse("type_mismatch", startOf(node), `expected a bool ${context}, got ${printType(type)}`);
  }

  #map(node: MapLiteral): Type {
    let key: Type = types.never;
    let value: Type = types.never;
    for (const [keyNode, valueNode] of node.entries) {
      const found = this.check(keyNode);
      const isKey = isDyn(found) || keyKinds.has(found.kind);
      if (!isKey)
        this.#refuse(
          "type_mismatch",
          keyNode.at,
          `expected a string, int, uint or bool as key, got ${printType(found)}`,
        );
      key = join(key, isKey ? found : types.dyn);
      value = join(value, this.check(valueNode));
    }
    return mapOf(key, value);
  }

  #call(node: Call): Type {
    const { name, target, args } = node;
    const qualified = target === undefined ? name : qualifiedName(target, name);
    const isFunction =
      qualified !== undefined && globals.has(qualified) && (target === undefined || !this.#isLocal(target));
    if (isFunction) {
      node.qualified = qualified;
      return this.#apply(globals.get(qualified), args, node);
    }
    if (target === undefined) return this.#unknownFunction(name, args, node);
    const method = methods.get(name);
    if (method !== undefined) return this.#apply(method, [target, ...args], node);
    return this.#unknownFunction(
      qualified !== undefined && this.#isUnknown(target) ? qualified : name,
      [target, ...args],
      node,
    );
  }

  /**
   * Returns whether no prefix of a dotted name is known: `math.maxx(…)` is about a function, `input.maxx()` is not.
   */
  #isUnknown(target: Node): boolean {
    const name = dottedName(target);
    return (
      name !== undefined && !this.#isLocal(target) && !prefixes(name).some((part) => this.#scope.typeOf(part))
    );
  }

  #apply(declared: FunctionDeclaration | undefined, args: readonly Node[], node: Call): Type {
    const found = args.map((arg) => this.check(arg));
    if (declared === undefined) return types.dyn;
    const type = declared.typeOf === undefined ? typeOfOverloads(declared, found) : declared.typeOf(found);
    if (type === undefined) {
      const expected = declared.overloads
        .map(({ parameters }) => `(${parameters.map(printType).join(", ")})`)
        .join(" or ");
      const signature = `(${found.map(printType).join(", ")})`;
      this.#refuse("type_mismatch", node.at, `\`${declared.name}\` does not take ${signature}`, expected);
      return declared.overloads[0]?.result ?? types.dyn;
    }
    if (declared.name === "matches") this.#checkPattern(args[1]);
    return type;
  }

  #checkPattern(node: Node | undefined): void {
    if (node?.kind !== "literal" || typeof node.value !== "string") return;
    try {
      checkPattern(node.value, node.at);
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.problems.push(fault);
    }
  }

  #unknownFunction(name: string, args: readonly Node[], node: Call): Type {
    // The arguments of a macro name variables without a declaration.
    const checked = macroNames.has(name) ? args.slice(0, node.target === undefined ? 0 : 1) : args;
    for (const arg of checked) this.check(arg);
    const known = [...globals.keys(), ...methods.keys(), ...macroNames];
    const suggestion = nearest(name, known);
    const message = macroNames.has(name)
      ? `\`${name}\` takes other arguments: ${node.args.length} were given`
      : methods.has(name)
        ? `\`${name}\` is called on a value`
        : `unknown function \`${name}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`;
    const expected = macroNames.has(name)
      ? macroHint(name)
      : methods.has(name)
        ? `value.${name}(…)`
        : suggestion === undefined
          ? ""
          : `\`${suggestion}\``;
    this.#refuse("unknown_function", node.at, message, expected);
    return types.dyn;
  }

  #loop(node: Loop): Type {
    const over = this.check(node.over);
    const [key, value] = this.#elements(over, node);
    const first = node.second === undefined && over.kind === "list" ? value : key;
    node.elements = [first, value];
    const places: [number, number] = [this.#declare(node.first, first), -1];
    if (node.second !== undefined) places[1] = this.#declare(node.second, value);
    node.locals = places;
    if (node.condition !== undefined) this.#mustBeBool(node.condition, "as condition");
    const result = node.result === undefined ? types.bool : this.check(node.result);
    this.#locals.length -= node.second === undefined ? 1 : 2;
    return this.#typeOfLoop(node, { over, key, value, result });
  }

  #elements(over: Type, node: Loop): readonly [key: Type, value: Type] {
    switch (over.kind) {
      case "list":
        return [types.int, over.of];
      case "map":
        return [over.key, over.value];
      case "object":
        return [types.string, over.others ?? types.dyn];
      case "dyn":
      case "never":
        return [types.dyn, types.dyn];
      default:
        this.#refuse(
          "type_mismatch",
          node.over.at,
          `expected a list or a map to go over, got ${printType(over)}`,
        );
        return [types.dyn, types.dyn];
    }
  }

  #typeOfLoop(
    node: Loop,
    {
      over,
      key,
      value,
      result,
    }: { readonly over: Type; readonly key: Type; readonly value: Type; readonly result: Type },
  ): Type {
    switch (node.form) {
      case "all":
      case "exists":
      case "existsOne":
        return types.bool;
      case "filter":
        return listOf(over.kind === "list" ? value : key);
      case "map":
      case "transformList":
        return listOf(result);
      case "transformMap":
        return mapOf(key, result);
      case "transformMapEntry":
        if (!isDyn(result) && result.kind !== "map")
          this.#refuse(
            "type_mismatch",
            node.result?.at ?? node.at,
            `expected a map with one entry, got ${printType(result)}`,
          );
        return result.kind === "map" ? result : mapOf(types.dyn, types.dyn);
    }
  }

  #bind(node: Bind): Type {
    const value = this.check(node.value);
    node.local = this.#declare(node.variable, value);
    const type = this.check(node.body);
    this.#locals.length -= 1;
    return type;
  }

  #declare(name: string, type: Type): number {
    const place = this.#localPlaces++;
    this.#locals.push({ name, type, place });
    return place;
  }

  #local(name: string) {
    return this.#locals.findLast((local) => local.name === name);
  }

  #refuse(code: Problem["code"], at: number, message: string, expected = ""): void {
    this.problems.push({ code, at, message, expected });
  }
}

const numeric: ReadonlySet<string> = new Set(["int", "uint", "double"]);
const keyKinds: ReadonlySet<string> = new Set(["string", "int", "uint", "bool"]);

function typeOfLiteral(value: Extract<Node, { kind: "literal" }>["value"]): Type {
  switch (typeof value) {
    case "string":
      return types.string;
    case "boolean":
      return types.bool;
    case "bigint":
      return types.int;
    case "number":
      return types.double;
    default:
      if (value === null) return types.null;
      if (value instanceof Uint) return types.uint;
      if (value instanceof TypeValue || value instanceof Special) return types.type;
      return isBytes(value) ? types.bytes : types.dyn;
  }
}

function macroHint(name: string): string {
  return name === "has" ? "has(input.total)" : `list.${name}(item, …)`;
}

/**
 * Returns the result type of a function for arguments of these types. Undefined if it does not accept them.
 */
function typeOfOverloads(declared: FunctionDeclaration, found: readonly Type[]): Type | undefined {
  const matching = declared.overloads.filter(
    ({ parameters }) =>
      parameters.length === found.length &&
      parameters.every((parameter, index) => {
        const type = found[index] ?? types.dyn;
        // Numbers of JSON are doubles, and are allowed as counts.
        return fits(type, parameter);
      }),
  );
  const [only] = matching;
  if (only === undefined) return undefined;
  return matching.every(({ result }) => result.kind === only.result.kind) ? only.result : types.dyn;
}
