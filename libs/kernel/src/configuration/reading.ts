import { isEarly, type Setting } from "./declarations.ts";
import type { Entry, Problem, SourceKind } from "./entry.ts";
import { plainSecret, tooEarly } from "./problem-texts.ts";
import type { SecretReference } from "./secret.ts";
import type { Key } from "./section.ts";
import { convertedValue, type Found } from "./values.ts";

export interface Origin {
  readonly source: SourceKind;
  readonly place: string;
  readonly placeOf?: (path: readonly PropertyKey[]) => string;
}

/** Result of reading one source: all valid entries, and all problems. */
export class Reading {
  readonly entries: Entry[] = [];
  readonly problems: Problem[] = [];
  /** Keys that are set to an unusable value. That is a separate problem, so they do not count as missing. */
  readonly unusable = new Set<Key>();
  readonly #secretOf: (reference: string) => SecretReference;

  constructor(secretOf: (reference: string) => SecretReference) {
    this.#secretOf = secretOf;
  }

  refuse(name: string, message: string): void {
    this.problems.push({ name, message });
  }

  /** Records that a source sets a key in a scope. */
  record(setting: Setting, found: Found, origin: Origin): void {
    const { key, scope } = setting;
    const { source, place, placeOf = () => place } = origin;
    if (isEarly(setting)) {
      this.refuse(key.name, `at ${place}: ${tooEarly(key.name, key.home, scope)}`);
      return;
    }
    const { value, secrets, plain } = convertedValue(key.schema, found, this.#secretOf);
    if (plain) {
      this.unusable.add(key);
      this.refuse(key.name, plainSecret(key, place));
    } else {
      this.entries.push({ key, scope, value, source, place, placeOf, secrets });
    }
  }
}
