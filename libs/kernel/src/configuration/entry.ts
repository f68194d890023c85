import type { Scope } from "./scopes.ts";
import type { SecretReference } from "./secret.ts";
import type { Key } from "./section.ts";

/** Where a value can be set besides its default, the weakest first. */
export const sourceKinds = ["preset", "file", "environment", "flag"] as const;

export type SourceKind = (typeof sourceKinds)[number];

/** A value that a source sets for a key in a scope. */
export interface Entry {
  readonly key: Key;
  readonly scope: Scope;
  /** Of the type that the key's schema takes. Secrets as references. */
  readonly value: unknown;
  readonly source: SourceKind;
  /** `tutti.yaml:12:5`, `TUTTI_REGISTRY_LEASE_MS` or `--registry.leaseMs`. */
  readonly place: string;
  /** The place of a part of the value. That of the whole where the source cannot tell. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
  /** The references inside the value. */
  readonly secrets: readonly SecretReference[];
}

/** One thing wrong with the configuration. */
export interface Problem {
  /** The key, or its substitute, for programs. */
  readonly name: string;
  /** The place, what was expected, what was found, what to do. */
  readonly message: string;
}
