import { variablePrefix } from "./declarations.ts";
import { expectationOf } from "./expectation.ts";
import type { Scope } from "./scopes.ts";
import type { Key } from "./section.ts";

/** Returns the sentences about mistakes that several sources share. */

export function tooEarly(name: string, home: Scope, scope: Scope): string {
  return `\`${name}\` belongs to the scope ${home} and cannot be set in ${scope}, which comes before it. Set it in ${home} or a later scope`;
}

export function plainSecret(key: Key, place: string): string {
  return `\`${key.name}\` at ${place} is a secret: expected a reference, \`env:NAME\` or \`file:/path\`, got something else (not shown); put the secret there and refer to it`;
}

export function notSet(key: Key): string {
  const file = [key.home, ...key.name.split(".")].join(": {");
  return `\`${key.name}\` is not set and has no default: expected ${expectationOf(key.schema)}. Set it in the file (\`${file}: …${"}".repeat(key.path.length + 1)}\`), as ${variablePrefix}${key.variable} or as --${key.name}=…`;
}

/** For an unknown key without a similar known one. */
export const keysListed = " (remove it, or list the keys with `tutti config explain`)";

/** Returns a value for an error message: short, and never a secret. */
export function printableValue(key: Key, value: unknown): string {
  if (key.secret) return "something else (not shown)";
  if (value === null) return "nothing (null)";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value);
  return `\`${value.length > 60 ? `${value.slice(0, 60)}…` : value}\``;
}
