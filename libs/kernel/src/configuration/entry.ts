import type { Scope } from "./scopes.ts";
import type { SecretReference } from "./secret.ts";
import type { Key } from "./section.ts";

/** Sources of values besides the default, the weakest first. */
export const sourceKinds = ["preset", "file", "environment", "flag"] as const;

export type SourceKind = (typeof sourceKinds)[number];

/** A value that a source sets for a key in a scope. */
export interface Entry {
  readonly key: Key;
  readonly scope: Scope;
  /** In the type of the key's schema. Secrets are references. */
  readonly value: unknown;
  readonly source: SourceKind;
  /** `tutti.yaml:12:5`, `TUTTI_REGISTRY_LEASE_MS` or `--registry.leaseMs`. */
  readonly place: string;
  /** Returns the place of a part of the value. If the source cannot locate it, returns the place of the whole value. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
  /** The references inside the value. */
  readonly secrets: readonly SecretReference[];
}

/** One mistake in the configuration. */
export interface Problem {
  /** The key, or a substitute for it, for programs. */
  readonly name: string;
  /** The place, the expected and the found value, and the remedy. */
  readonly message: string;
}
