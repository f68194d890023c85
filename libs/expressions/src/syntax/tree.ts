import type { Type } from "../types/type.ts";
import type { Value } from "../values/value.ts";

/** Fields of every node. `depth` is that of the tree below it. The checker adds types and variables to the nodes. */
interface Base {
  readonly at: number;
  readonly depth: number;
  type?: Type;
}

interface Literal extends Base {
  readonly kind: "literal";
  readonly value: Value;
}

/** A variable, or the start of a dotted name. */
export interface Name extends Base {
  readonly kind: "name";
  readonly name: string;
  /** Whether it starts with a dot: it does not refer to a loop variable. */
  readonly absolute: boolean;
  variable?: number;
  local?: number;
}

export interface Select extends Base {
  readonly kind: "select";
  readonly of: Node;
  readonly field: string;
  /** Inside `has(…)`: tests for presence. */
  readonly probe: boolean;
  /** Set if the whole dotted name is a variable. */
  variable?: number;
}

export interface Index extends Base {
  readonly kind: "index";
  readonly of: Node;
  readonly by: Node;
  variable?: number;
}

interface Unary extends Base {
  readonly kind: "unary";
  readonly operator: "!" | "-";
  readonly of: Node;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "in";

interface Binary extends Base {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Node;
  readonly right: Node;
}

/** A chain of one operator, flat, so that a long chain is not deep. */
export interface Logic extends Base {
  readonly kind: "logic";
  readonly operator: "&&" | "||";
  readonly parts: readonly Node[];
}

export interface Condition extends Base {
  readonly kind: "condition";
  readonly test: Node;
  readonly then: Node;
  readonly otherwise: Node;
}

export interface Call extends Base {
  readonly kind: "call";
  readonly name: string;
  readonly target: Node | undefined;
  readonly args: readonly Node[];
  /** Set by the checker: the full name of the function, if the target is only a part of it. */
  qualified?: string;
}

interface ListLiteral extends Base {
  readonly kind: "list";
  readonly items: readonly Node[];
}

export interface MapLiteral extends Base {
  readonly kind: "map";
  readonly entries: readonly (readonly [key: Node, value: Node])[];
}

export type LoopForm =
  | "all"
  | "exists"
  | "existsOne"
  | "map"
  | "filter"
  | "transformList"
  | "transformMap"
  | "transformMapEntry";

/** A macro that iterates over a list or a map. */
export interface Loop extends Base {
  readonly kind: "loop";
  readonly form: LoopForm;
  readonly over: Node;
  readonly first: string;
  /** With two variables the first is the index or key, the second the value. */
  readonly second: string | undefined;
  readonly condition: Node | undefined;
  readonly result: Node | undefined;
  locals?: readonly [first: number, second: number];
  /** Types of the variables, which determine how numbers of JSON are read. */
  elements?: readonly [first: Type, second: Type];
}

/** The macro `cel.bind(name, value, body)`. */
export interface Bind extends Base {
  readonly kind: "bind";
  readonly variable: string;
  readonly value: Node;
  readonly body: Node;
  local?: number;
}

export type Node =
  | Literal
  | Name
  | Select
  | Index
  | Unary
  | Binary
  | Logic
  | Condition
  | Call
  | ListLiteral
  | MapLiteral
  | Loop
  | Bind;

/** Returns the start of the text of a node. Its own place is that of its operator, field or call. */
export function startOf(node: Node): number {
  switch (node.kind) {
    case "select":
    case "index":
      return startOf(node.of);
    case "binary":
      return startOf(node.left);
    case "logic":
      return node.parts[0] === undefined ? node.at : startOf(node.parts[0]);
    case "condition":
      return startOf(node.test);
    case "call":
      return node.target === undefined ? node.at : startOf(node.target);
    case "loop":
      return startOf(node.over);
    default:
      return node.at;
  }
}
