/**
 * The scopes of configuration, from the ground up. A scope inherits from all before it: what is set for
 * `foundation` holds everywhere until a later scope reports something else for itself and those after it.
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

/** Where a reader looks: its own scope first, then back to the home of what it reads. */
export function scopesBack(reader: Scope, home: Scope): readonly Scope[] {
  return scopes.slice(scopes.indexOf(home), scopes.indexOf(reader) + 1).reverse();
}
