import type { Type } from "./type.ts";

/** The variables that an expression may use. Names may have dots: the longest one that fits is meant. */
export interface Scope {
  typeOf(name: string): Type | undefined;
  /** All names, to suggest one. Asked for only when a name is unknown. */
  names(): Iterable<string>;
}

export function scopeOf(variables: Readonly<Record<string, Type>>): Scope {
  const known = new Map(Object.entries(variables));
  return { typeOf: (name) => known.get(name), names: () => known.keys() };
}
