import type { Type } from "./type.ts";

/** The variables that an expression may use. Names may have dots: the longest match counts. */
export interface Scope {
  typeOf(name: string): Type | undefined;
  /** All names, for suggestions. Called only if a name is unknown. */
  names(): Iterable<string>;
}

export function scopeOf(variables: Readonly<Record<string, Type>>): Scope {
  const known = new Map(Object.entries(variables));
  return { typeOf: (name) => known.get(name), names: () => known.keys() };
}
