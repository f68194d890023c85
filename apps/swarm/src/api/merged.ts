import { poolErrors } from "@tutti/machine-pool";

/**
 * A resource with the fields taken over that are named; all that are set where none is. Names are those of the contract:
 * `max_queued`.
 */
export function mergedFields<T extends object>(
  before: T,
  wanted: T,
  fields: readonly string[],
  changeable: readonly (keyof T & string)[],
): T {
  for (const field of fields) {
    if (naming.has(camelCase(field))) continue;
    if (!changeable.includes(camelCase(field) as keyof T & string)) {
      const problem = `expected a field that can be changed, found ${field}`;
      throw poolErrors.invalid({ problem }, { violations: [{ field: "update.fields", message: problem }] });
    }
  }
  const named = new Set(fields.map(camelCase));
  const isWanted = (name: keyof T & string) => (fields.length === 0 ? isSet(wanted[name]) : named.has(name));
  const taken = changeable.filter(isWanted).map((name) => [name, wanted[name]]);
  return { ...before, ...Object.fromEntries(taken) };
}

/** What only says which one is meant: who sends all that he has names these too. */
const naming: ReadonlySet<string> = new Set(["namespace", "pool", "hookId", "scalerId"]);

function isSet(value: unknown): boolean {
  if (value === undefined || value === "" || value === 0 || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || value === null || Object.keys(value).length > 0;
}

function camelCase(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
