import { isDeepStrictEqual } from "node:util";
import type { Declarations } from "./declarations.ts";
import type { Entry } from "./entry.ts";
import { Resolution } from "./resolution.ts";
import { type Scope, scopesFrom } from "./scopes.ts";
import type { Key } from "./section.ts";

/** Returns whether the value of a key differs for any reader. */
function differs(key: Key, before: Resolution, after: Resolution): boolean {
  return scopesFrom(key.home).some((scope) => differsAt(key, scope, before, after));
}

/** Returns whether the value of a key differs for a reader in a scope. */
export function differsAt(key: Key, scope: Scope, before: Resolution, after: Resolution): boolean {
  return !isDeepStrictEqual(before.keyValueFor(key, scope), after.keyValueFor(key, scope));
}

export interface Change {
  /** Values from now on: live keys have their new values, other keys keep theirs. */
  readonly next: Resolution;
  readonly changed: readonly Key[];
  readonly afterRestart: readonly Key[];
}

/** Returns the part of a new reading that takes effect in a running process. */
export function changeOf(running: Resolution, next: Resolution, declarations: Declarations): Change {
  const different = declarations.keys.filter((key) => differs(key, running, next));
  const afterRestart = different.filter((key) => !key.live);
  const changed = different.filter((key) => key.live);
  if (afterRestart.length === 0) return { next, changed, afterRestart };
  const pendingRestart = new Set(afterRestart);
  // Unchanged entries are taken from the new reading too, because their line in the file may differ.
  const entries: readonly Entry[] = declarations.keys.flatMap((key) =>
    (pendingRestart.has(key) ? running : next).allEntriesOf(key),
  );
  return { next: new Resolution(declarations, entries, { previous: running }), changed, afterRestart };
}
