export interface Merging<T> {
  /** Fields that may be changed. */
  readonly changeable: readonly (keyof T & string)[];
  /** Fields that only identify the resource: a caller that sends all fields names these too. */
  readonly naming: readonly string[];
  /** Throws an error. */
  refuse(problem: string): never;
}

/**
 * Returns a resource with the named fields replaced, or all set fields if none is named. Names are those of the
 * contract: `max_queued`.
 */
export function mergedFields<T extends object>(
  before: T,
  changes: T,
  fields: readonly string[],
  { changeable, naming, refuse }: Merging<T>,
): T {
  for (const field of fields) {
    const name = camelCase(field);
    if (naming.includes(name) || changeable.some((allowed) => allowed === name)) continue;
    refuse(`expected a field that can be changed, got ${field}`);
  }
  const named = new Set(fields.map(camelCase));
  const isChanged = (name: keyof T & string) =>
    fields.length === 0 ? isSet(changes[name]) : named.has(name);
  const changed = changeable.filter(isChanged).map((name) => [name, changes[name]]);
  return { ...before, ...Object.fromEntries(changed) };
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === "" || value === 0 || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || value === null || Object.keys(value).length > 0;
}

function camelCase(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
