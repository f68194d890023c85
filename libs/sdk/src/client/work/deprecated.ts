/**
 * Options by their older names. They keep working, and the first use of each prints a deprecation warning of Node:
 * `--no-deprecation` disables it, `--trace-deprecation` shows the caller.
 */

const warned = new Set<string>();

/** Returns the value of an older option. Warns if it is set. */
export function deprecatedValue<T>(value: T | undefined, older: string, option: string): T | undefined {
  if (value === undefined || warned.has(older)) return value;
  warned.add(older);
  process.emitWarning(`The option \`${older}\` of Tutti is deprecated. Use \`${option}\`.`, {
    type: "DeprecationWarning",
    code: `TUTTI_${older}`,
  });
  return value;
}
