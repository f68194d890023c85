import { nearest } from "@tutti/kernel";
import type { Node } from "../syntax/tree.ts";
import type { Scope } from "./scope.ts";

/** `a.b["c"]` is the dotted name `a.b.c`. */
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

/** `a.b-c.d`, which is a subtraction, as the name that it looks like. In `1 + a.b-c.d` too. */
export function subtractedName(node: Node): string | undefined {
  if (node.kind !== "binary") return dottedName(node);
  if (node.operator !== "-") return dottedName(node.right);
  const [left, right] = [subtractedName(node.left), dottedName(node.right)];
  return left === undefined || right === undefined ? undefined : `${left}-${right}`;
}

/** `a.b-c.d` as an expression names it: `a['b-c'].d`. */
export function spelledName(name: string): string {
  const [root = "", ...fields] = name.split(".");
  return root + fields.map((field) => (/^\w+$/.test(field) ? `.${field}` : `['${field}']`)).join("");
}

/** What a call on a dotted name may be the whole name of: `math.max(…)`. */
export function qualifiedName(target: Node, name: string): string | undefined {
  const of = dottedName(target);
  return of === undefined ? undefined : `${of}.${name}`;
}

/** `a.b.c`, `a.b`, `a`. */
export function beginnings(name: string): readonly string[] {
  const words = name.split(".");
  return words.map((_, index) => words.slice(0, words.length - index).join("."));
}

/** By the whole name, else by its beginning: `inptu.total` is about `input`. */
export function nearestName(name: string, scope: Scope): string | undefined {
  const names = [...take(scope.names(), 2_000)];
  for (const part of beginnings(name)) {
    const near = nearest(part, names);
    if (near !== undefined) return near;
  }
  return undefined;
}

/** A few of the names that there are, for who meant one of them. */
export function someOf(scope: Scope): string {
  const names = [...take(scope.names(), 8)];
  return names.length === 0 ? "" : `one of ${names.join(", ")}`;
}

function* take<T>(values: Iterable<T>, most: number): Generator<T> {
  let taken = 0;
  for (const value of values) {
    if (taken >= most) return;
    taken += 1;
    yield value;
  }
}
