import { nearest } from "@tutti/kernel";
import type { Node } from "../syntax/tree.ts";
import type { Scope } from "./scope.ts";

/** Returns the dotted name of a node: `a.b["c"]` is `a.b.c`. */
export function dottedName(node: Node): string | undefined {
  switch (node.kind) {
    case "name":
      return node.name;
    case "select": {
      const of = dottedName(node.of);
      return of === undefined ? undefined : `${of}.${node.field}`;
    }
    case "index": {
      if (node.by.kind !== "literal" || typeof node.by.value !== "string") return undefined;
      const of = dottedName(node.of);
      return of === undefined ? undefined : `${of}.${node.by.value}`;
    }
    default:
      return undefined;
  }
}

/** Returns the name that a subtraction looks like: `a.b-c.d`, also in `1 + a.b-c.d`. */
export function subtractedName(node: Node): string | undefined {
  if (node.kind !== "binary") return dottedName(node);
  if (node.operator !== "-") return dottedName(node.right);
  const [left, right] = [subtractedName(node.left), dottedName(node.right)];
  return left === undefined || right === undefined ? undefined : `${left}-${right}`;
}

/** Returns the valid form of `a.b-c.d`: `a['b-c'].d`. */
export function spelledName(name: string): string {
  const [root = "", ...fields] = name.split(".");
  return root + fields.map((field) => (/^\w+$/.test(field) ? `.${field}` : `['${field}']`)).join("");
}

/** Returns the full name of a call on a dotted name: `math.max(…)`. */
export function qualifiedName(target: Node, name: string): string | undefined {
  const of = dottedName(target);
  return of === undefined ? undefined : `${of}.${name}`;
}

/** Returns all prefixes: `a.b.c`, `a.b`, `a`. */
export function prefixes(name: string): readonly string[] {
  const parts = name.split(".");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
}

/** Returns the most similar name, by the whole name or else by a prefix: `inptu.total` resembles `input`. */
export function nearestName(name: string, scope: Scope): string | undefined {
  const names = [...take(scope.names(), 2_000)];
  for (const part of prefixes(name)) {
    const suggestion = nearest(part, names);
    if (suggestion !== undefined) return suggestion;
  }
  return undefined;
}

/** Returns a few known names as a suggestion. */
export function someOf(scope: Scope): string {
  const names = [...take(scope.names(), 8)];
  return names.length === 0 ? "" : `one of ${names.join(", ")}`;
}

function* take<T>(values: Iterable<T>, most: number): Generator<T> {
  let count = 0;
  for (const value of values) {
    if (count >= most) return;
    count += 1;
    yield value;
  }
}
