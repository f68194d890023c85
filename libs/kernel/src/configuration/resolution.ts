/**
 * Computes the values of readers from the entries of the sources. Pure.
 *
 * Invariants:
 * 1. Within a scope the strongest source that sets a key counts: flag, environment, file, preset.
 * 2. A reader gets, key by key, the value of the latest scope up to its own in which any source sets it, else the
 *    default. So a source never overrides a later scope: the scope closest to the reader counts.
 * 3. Every value that any reader could get is checked, including rules of sections over several keys. All problems are
 *    found in one go, each reported once.
 * 4. Values are deeply frozen.
 */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import type { Declarations } from "./declarations.ts";
import { type Entry, type Problem, sourceKinds } from "./entry.ts";
import { expectationOf } from "./expectation.ts";
import { notSet, printableValue } from "./problem-texts.ts";
import { type Scope, scopesBack, scopesFrom } from "./scopes.ts";
import type { Key, KeyGroup, Section } from "./section.ts";

export class Resolution {
  readonly problems: readonly Problem[];
  readonly #declarations: Declarations;
  readonly #layers: ReadonlyMap<string, readonly Entry[]>;
  readonly #values = new Map<string, unknown>();
  readonly #unusable: ReadonlySet<Key>;

  /**
   * @param options.unusable keys whose value was refused already
   * @param options.previous source of equal values, which are kept as the same objects
   */
  constructor(
    declarations: Declarations,
    entries: readonly Entry[],
    options: { readonly unusable?: ReadonlySet<Key>; readonly previous?: Resolution | undefined } = {},
  ) {
    this.#declarations = declarations;
    this.#layers = layersOf(entries);
    this.#unusable = options.unusable ?? new Set();
    this.problems = [...this.#resolve(options.previous), ...this.#missingSecrets()];
  }

  /** Returns the value of a section for a reader in a scope. */
  valueFor(section: string, scope: Scope): unknown {
    return this.#values.get(`${scope}.${section}`);
  }

  /** Returns the value of one key for a reader in a scope. */
  keyValueFor(key: Key, scope: Scope): unknown {
    return valueAt(this.valueFor(key.section, scope), key.path);
  }

  /** Returns all entries of a key up to a scope, the one that counts first. */
  entriesOf(key: Key, scope: Scope): readonly Entry[] {
    return scopesBack(scope, key.home).flatMap((each) => this.#layer(key, each));
  }

  /** Returns all entries of a key, in any scope. */
  allEntriesOf(key: Key): readonly Entry[] {
    return scopesFrom(key.home).flatMap((each) => this.#layer(key, each));
  }

  #layer(key: Key, scope: Scope): readonly Entry[] {
    return this.#layers.get(`${scope}.${key.name}`) ?? [];
  }

  // The previous values are not stored: each reload would retain all earlier ones.
  #resolve(previous: Resolution | undefined): Problem[] {
    const problems = new Map<string, Problem>();
    for (const section of this.#declarations.sections.values()) {
      let inherited: unknown;
      for (const scope of scopesFrom(section.scope)) {
        const home = scope === section.scope;
        const own = home || section.keys.some((key) => this.#layer(key, scope).length > 0);
        if (own) {
          const parsed = this.#parse(section, scope, problems);
          const before = previous?.valueFor(section.name, scope);
          inherited = isDeepStrictEqual(before, parsed) ? before : deepFreeze(parsed);
        }
        this.#values.set(`${scope}.${section.name}`, inherited);
      }
    }
    return [...problems.values()];
  }

  #parse(section: Section, scope: Scope, problems: Map<string, Problem>): unknown {
    const input = this.#input(section.root, scope);
    // A schema is used a few times. Compiled code for it would take longer.
    const parsed = section.schema.safeParse(input, { jitless: true });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const problem = this.#problemOf(section, scope, issue, input);
      if (problem !== undefined) problems.set(problem.message, problem);
    }
    return undefined;
  }

  /** Returns the input of the section's schema: the set values, nested by group. */
  #input(group: KeyGroup, scope: Scope): Record<string, unknown> {
    const input: Record<string, unknown> = {};
    for (const [segment, member] of group.members) {
      if (member.kind === "key") {
        const [entry] = this.entriesOf(member, scope);
        if (entry !== undefined) input[segment] = entry.value;
      } else {
        const inside = this.#input(member, scope);
        if (!member.optional || Object.keys(inside).length > 0) input[segment] = inside;
      }
    }
    return input;
  }

  #problemOf(section: Section, scope: Scope, issue: z.core.$ZodIssue, input: unknown): Problem | undefined {
    const key = section.keys.find(({ path }) =>
      path.every((segment, index) => issue.path[index] === segment),
    );
    if (key === undefined) return sectionProblem(section, issue, this.#placesIn(section, scope));
    const [entry] = this.entriesOf(key, scope);
    const inside = issue.path.slice(key.path.length);
    if (entry !== undefined) {
      const subject = `\`${key.name}${pathText(inside)}\` at ${entry.placeOf(inside)}`;
      return { name: key.name, message: `${subject}: ${complaint(key, issue, valueAt(input, issue.path))}` };
    }
    // Its value was refused already, so it is not missing.
    if (this.#unusable.has(key)) return undefined;
    if (key.required && inside.length === 0) return { name: key.name, message: notSet(key) };
    return sectionProblem(section, issue, this.#placesIn(section, scope));
  }

  #placesIn(section: Section, scope: Scope): string {
    const places = section.keys
      .flatMap((key) => this.entriesOf(key, scope).slice(0, 1))
      .map(({ place }) => place);
    return places.length === 0 ? "" : ` (set at ${places.join(", ")})`;
  }

  /** Returns references without a secret, among the values of all sections. */
  #missingSecrets(): Problem[] {
    const problems: Problem[] = [];
    for (const [entry] of this.#layers.values()) {
      for (const reference of entry?.secrets ?? []) {
        const missing = reference.missing();
        if (entry === undefined || missing === undefined) continue;
        const message = `\`${entry.key.name}\` at ${entry.place}: expected a secret at ${reference}, got ${missing}; set it, or correct the reference`;
        problems.push({ name: entry.key.name, message });
      }
    }
    return problems;
  }
}

/** Returns the entries of each key in each scope, the strongest source first. */
function layersOf(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const layers = Map.groupBy(entries, ({ scope, key }) => `${scope}.${key.name}`);
  for (const layer of layers.values()) {
    layer.sort((a, b) => sourceKinds.indexOf(b.source) - sourceKinds.indexOf(a.source));
  }
  return layers;
}

/** `[1].name` */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((segment) => (typeof segment === "number" ? `[${segment}]` : `.${String(segment)}`))
    .join("");
}

function sectionProblem(section: Section, issue: z.core.$ZodIssue, places: string): Problem {
  const name = [section.name, ...issue.path.map(String)].join(".");
  return { name, message: `\`${name}\`: ${issue.message}${places}` };
}

/** Returns the objection of the schema to a value. A rule with its own message is used as it is. */
function complaint(key: Key, issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code === "custom") return issue.message;
  if (issue.code === "unrecognized_keys") return `unknown key \`${issue.keys.join("`, `")}\``;
  const expected = expectationOf(key.schema);
  if (issue.path.length === key.path.length) return `expected ${expected}, got ${printableValue(key, found)}`;
  return `${issue.message.replace(/^Invalid input: /, "")}. The whole value is ${expected}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const segment of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, segment);
  }
  return found;
}

/** Deeply freezes plain objects and lists. Other objects are left alone. */
function deepFreeze<T>(value: T, seen: Set<unknown> = new Set()): T {
  if (typeof value !== "object" || value === null || seen.has(value)) return value;
  seen.add(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!plain) return value;
  for (const member of Object.values(value)) deepFreeze(member, seen);
  return Object.freeze(value);
}
