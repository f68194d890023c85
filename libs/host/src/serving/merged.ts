export interface Merging<T> {
  /** Fields that may be taken over. */
  readonly changeable: readonly (keyof T & string)[];
  /** What only says which one is meant: who sends all that he has names these too. */
  readonly naming: readonly string[];
  /** Throws. */
  refuse(problem: string): never;
}

/**
 * Returns a resource with the fields taken over that are named. All that are set where none is. Names are those of the
 * contract: `max_queued`.
 */
export function mergedFields<T extends object>(
  before: T,
  wanted: T,
  fields: readonly string[],
  { changeable, naming, refuse }: Merging<T>,
): T {
  for (const field of fields) {
    const name = camelCase(field);
    if (naming.includes(name) || changeable.some((one) => one === name)) continue;
    refuse(`expected a field that can be changed, found ${field}`);
  }
  const named = new Set(fields.map(camelCase));
  const isWanted = (name: keyof T & string) => (fields.length === 0 ? isSet(wanted[name]) : named.has(name));
  const taken = changeable.filter(isWanted).map((name) => [name, wanted[name]]);
  return { ...before, ...Object.fromEntries(taken) };
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === "" || value === 0 || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || value === null || Object.keys(value).length > 0;
}

function camelCase(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
