import type { z } from "zod";
import { assert } from "../errors/assertion.ts";
import { isBefore, isScope, type Scope, scopes } from "./scopes.ts";
import { type Key, type Section, variableOf } from "./section.ts";

/** A key with the scope of one of its names. */
export interface Setting {
  readonly key: Key;
  readonly scope: Scope;
}

export const variablePrefix = "TUTTI_";

/** All sections of a process and the names under which their keys are set. */
export class Declarations {
  readonly sections: ReadonlyMap<string, Section>;
  readonly keys: readonly Key[];
  readonly #otherSections: readonly string[];
  readonly #byName = new Map<string, Setting>();
  readonly #byVariable = new Map<string, Setting>();

  /** @param otherSections names of the sections of other processes */
  constructor(sections: readonly Section<z.ZodObject>[], otherSections: readonly string[] = []) {
    this.sections = new Map(sections.map((section) => [section.name, section]));
    assert(this.sections.size === sections.length, "each section is declared once", {
      sections: sections.map(({ name }) => name),
    });
    this.#otherSections = otherSections.filter((name) => !this.sections.has(name));
    this.keys = sections.flatMap(({ keys }) => keys);
    for (const key of this.keys) {
      this.#name({ key, scope: key.home }, key.name, key.variable);
      for (const scope of scopes) {
        this.#name({ key, scope }, `${scope}.${key.name}`, `${variableOf([scope])}_${key.variable}`);
      }
    }
  }

  /** Returns a setting by `registry.leaseMs` or `engines.registry.leaseMs`. */
  byName(name: string): Setting | undefined {
    return this.#byName.get(name);
  }

  /** Returns a setting by `TUTTI_REGISTRY_LEASE_MS` or `TUTTI_ENGINES_REGISTRY_LEASE_MS`. */
  byVariable(variable: string): Setting | undefined {
    return this.#byVariable.get(variable);
  }

  /** Whether a key or a section, with or without a scope, belongs to another process. */
  isOfOtherProcess(name: string): boolean {
    const [first = "", second = ""] = name.split(".");
    return this.#otherSections.includes(isScope(first) ? second : first);
  }

  /** The same for a variable: `TUTTI_SWARM_POOL_SETTLE_MS`. */
  isVariableOfOtherProcess(variable: string): boolean {
    return this.#otherSections.some((section) =>
      ["", ...scopes.map((scope) => `${variableOf([scope])}_`)].some((scope) =>
        variable.startsWith(`${variablePrefix}${scope}${variableOf([section])}_`),
      ),
    );
  }

  /** Returns every valid name, for suggestions. */
  *names(): Generator<string> {
    for (const [name, setting] of this.#byName) if (!isEarly(setting)) yield name;
  }

  *variables(): Generator<string> {
    for (const [variable, setting] of this.#byVariable) if (!isEarly(setting)) yield variable;
  }

  #name(setting: Setting, name: string, variable: string): void {
    const full = `${variablePrefix}${variable}`;
    const other = this.#byVariable.get(full);
    assert(other === undefined, "each key has its own environment variable. Rename one of the keys", {
      variable: full,
      keys: [other?.key.name, setting.key.name],
    });
    this.#byName.set(name, setting);
    this.#byVariable.set(full, setting);
  }
}

/** Returns whether a setting is in an earlier scope than its key's own, where no reader sees it. */
export function isEarly({ key, scope }: Setting): boolean {
  return isBefore(scope, key.home);
}
