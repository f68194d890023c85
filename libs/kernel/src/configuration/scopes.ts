/**
 * The scopes of configuration, the most general first. A scope inherits from all before it: a value for `foundation`
 * applies everywhere until a later scope sets another value for itself and those after it.
 */
export const scopes = ["foundation", "orchestration", "engines", "integration", "management"] as const;

export type Scope = (typeof scopes)[number];

export function isScope(text: string): text is Scope {
  return scopes.some((scope) => scope === text);
}

export function isBefore(scope: Scope, other: Scope): boolean {
  return scopes.indexOf(scope) < scopes.indexOf(other);
}

/** Returns the scope and all after it. */
export function scopesFrom(scope: Scope): readonly Scope[] {
  return scopes.slice(scopes.indexOf(scope));
}

/** Returns the scopes of a look-up: the reader's scope first, then back to the home of the setting. */
export function scopesBack(reader: Scope, home: Scope): readonly Scope[] {
  return scopes.slice(scopes.indexOf(home), scopes.indexOf(reader) + 1).reverse();
}
