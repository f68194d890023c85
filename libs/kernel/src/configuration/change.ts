import { isDeepStrictEqual } from "node:util";
import type { Declarations } from "./declarations.ts";
import type { Entry } from "./entry.ts";
import { Resolution } from "./resolution.ts";
import { type Scope, scopesFrom } from "./scopes.ts";
import type { Key } from "./section.ts";

/** Returns whether any reader gets another value for a key. */
function differs(key: Key, before: Resolution, after: Resolution): boolean {
  return scopesFrom(key.home).some((scope) => differsAt(key, scope, before, after));
}

/** Returns whether a reader in a scope gets another value for a key. */
export function differsAt(key: Key, scope: Scope, before: Resolution, after: Resolution): boolean {
  return !isDeepStrictEqual(before.keyValueFor(key, scope), after.keyValueFor(key, scope));
}

export interface Change {
  /** Running work from now on: live keys as the sources say, the others as they were. */
  readonly next: Resolution;
  readonly changed: readonly Key[];
  readonly afterRestart: readonly Key[];
}

/** What of a new reading takes effect in a process that continues. */
export function changeOf(running: Resolution, next: Resolution, declarations: Declarations): Change {
  const different = declarations.keys.filter((key) => differs(key, running, next));
  const afterRestart = different.filter((key) => !key.live);
  const changed = different.filter((key) => key.live);
  if (afterRestart.length === 0) return { next: next, changed, afterRestart };
  const held = new Set(afterRestart);
  // What did not change is taken from the new reading too: its line in the file may be another one.
  const entries: readonly Entry[] = declarations.keys.flatMap((key) =>
    (held.has(key) ? running : next).allEntriesOf(key),
  );
  return { next: new Resolution(declarations, entries, { previous: running }), changed, afterRestart };
}
