import type { Frame } from "../evaluate/frame.ts";
import type { Type } from "../types/type.ts";
import type { Value } from "../values/value.ts";

/** One way to call a function. */
export interface Overload {
  /** With a method, the first is what it is called on. */
  readonly takes: readonly Type[];
  readonly gives: Type;
}

/** Takes arguments that were counted, pays for its work, and gives undefined when it has no overload for them. */
export type Apply = (args: readonly Value[], frame: Frame, at: number) => Value | undefined;

export interface FunctionDeclaration {
  /** `size`, `math.greatest`. */
  readonly name: string;
  readonly style: "global" | "method" | "both";
  readonly overloads: readonly Overload[];
  readonly apply: Apply;
  /** Instead of the overloads, where they depend on each other or there may be any number of arguments. */
  readonly typeOf?: (args: readonly Type[]) => Type | undefined;
}

export function overload(takes: readonly Type[], gives: Type): Overload {
  return { takes, gives };
}
