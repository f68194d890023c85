import type { Frame } from "../evaluate/frame.ts";
import type { Type } from "../types/type.ts";
import type { Value } from "../values/value.ts";

/** A signature of a function. */
export interface Overload {
  /** For a method, the first is its target. */
  readonly parameters: readonly Type[];
  readonly result: Type;
}

/**
 * Applies a function to the right number of arguments and charges its cost. Undefined if it has no overload for
 * them.
 */
export type Apply = (args: readonly Value[], frame: Frame, at: number) => Value | undefined;

export interface FunctionDeclaration {
  /** Full name: `size`, `math.greatest`. */
  readonly name: string;
  readonly style: "global" | "method" | "both";
  readonly overloads: readonly Overload[];
  readonly apply: Apply;
  /** Replaces the overloads if they depend on each other, or for any number of arguments. */
  readonly typeOf?: (args: readonly Type[]) => Type | undefined;
}

export function overload(parameters: readonly Type[], result: Type): Overload {
  return { parameters, result };
}
