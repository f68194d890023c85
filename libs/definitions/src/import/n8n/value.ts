/** Values of translated expressions of n8n, and what they share. */

type Kind =
  | "text"
  | "number"
  | "bool"
  | "null"
  | "undefined"
  | "list"
  /** A list of texts. */
  | "texts"
  | "map"
  | "time"
  /** Known only at run time. */
  | "any";

export interface Value {
  readonly cel: string;
  readonly kind: Kind;
  /** The value itself, if the file has it. */
  readonly literal?: string | number | boolean;
}

/** An argument of a method. */
export interface Argument extends Value {
  /** Amounts by unit, of `{ days: 7 }`. */
  readonly amounts?: ReadonlyMap<string, number>;
}

/** Lists a part whose result can differ. */
export type Note = (construct: string, reason: string) => void;

export function isScalar({ kind }: Value): boolean {
  return kind === "text" || kind === "number" || kind === "bool";
}

/** Returns a text in CEL. A template ends at the first two braces. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("}}", "}\\u007d");
}

/** Fails the run. The error has the reason. */
export function fails(reason: string): string {
  return `dyn({})[${quoted(reason)}]`;
}

/** Binds a value to a name in an expression. */
export function bind(name: string, value: string, body: string): string {
  return `cel.bind(${name}, ${value}, ${body})`;
}

/** Characters of two units in JavaScript, which CEL counts as one. */
export const twoUnits = String.raw`"[\\x{10000}-\\x{10ffff}]"`;
