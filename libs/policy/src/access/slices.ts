import { assert } from "@tutti/kernel";
import type { Cedar } from "./cedar.ts";
import { isAbout, type Statement } from "./statements.ts";

/**
 * The statements that can apply to one action in one namespace: a few of a thousand. The time of Cedar
 * depends on the number of statements.
 */
export interface Slice {
  readonly statements: readonly Statement[];
  /** Name of the set of enforced statements in Cedar. */
  readonly enforced: string;
  /** Name of the set with shadow statements. Undefined if there are none. */
  readonly shadowSet: string | undefined;
  readonly dependsOnId: boolean;
  readonly dependsOnContext: boolean;
}

/** Cedar keeps sets by name and never frees them: each name is reused for another slice. */
const slicesMax = 512;

// Names belong to the process, like the sets: two bundles must not use the same name at the same time. Unused
// names are used again.
let createdCount = 0;
const free: string[] = [];
const unused = new FinalizationRegistry<readonly string[]>((names) => free.push(...names));

export class Slices {
  readonly #cedar: Cedar | undefined;
  readonly #names: string[] = [];
  readonly #byNamespace = new Map<string, Statement[]>();
  readonly #shared: readonly string[];
  readonly #slices = new Map<string, { slice: Slice; name: string }>();

  /** `shared`: namespaces whose statements apply everywhere. Without statements Cedar is not needed. */
  constructor(cedar: Cedar | undefined, statements: readonly Statement[], shared: readonly string[]) {
    this.#cedar = cedar;
    this.#shared = shared;
    unused.register(this, this.#names);
    for (const statement of statements) {
      const { namespace } = statement.reference;
      const own = this.#byNamespace.get(namespace);
      if (own === undefined) this.#byNamespace.set(namespace, [statement]);
      else own.push(statement);
    }
  }

  of(namespace: string, action: string): Slice {
    const key = `${namespace}\n${action}`;
    const known = this.#slices.get(key);
    if (known !== undefined) {
      // The least recently used one is dropped first.
      this.#slices.delete(key);
      this.#slices.set(key, known);
      return known.slice;
    }
    const name = this.#freeName();
    const slice = this.#create(namespace, action, name);
    this.#slices.set(key, { slice, name });
    return slice;
  }

  #create(namespace: string, action: string, name: string): Slice {
    const namespaces = this.#shared.includes(namespace) ? this.#shared : [...this.#shared, namespace];
    const statements = namespaces
      .flatMap((scope) => this.#byNamespace.get(scope) ?? [])
      .filter((statement) => isAbout(statement, action));
    const counting = statements.filter(({ isShadow }) => !isShadow);
    // Without statements Cedar is not asked.
    if (statements.length > 0) this.#load(name, counting);
    const isTrying = counting.length < statements.length;
    if (isTrying) this.#load(`${name}+`, statements);
    return {
      statements,
      enforced: name,
      shadowSet: isTrying ? `${name}+` : undefined,
      dependsOnId: statements.some(({ dependsOnId }) => dependsOnId),
      dependsOnContext: statements.some(({ dependsOnContext }) => dependsOnContext),
    };
  }

  #load(name: string, statements: readonly Statement[]): void {
    const staticPolicies = Object.fromEntries(statements.map(({ id, text }) => [id, text]));
    assert(this.#cedar !== undefined, "statements come with Cedar");
    const parsed = this.#cedar.preparsePolicySet(name, { staticPolicies });
    // Each was parsed when it was accepted.
    if (parsed.type === "failure")
      throw new Error(`Cedar refused what it had parsed: ${parsed.errors[0]?.message}`);
  }

  #freeName(): string {
    const [oldest] = this.#slices;
    if (oldest === undefined || this.#slices.size < slicesMax) {
      const name = free.pop() ?? `slice-${++createdCount}`;
      this.#names.push(name);
      return name;
    }
    this.#slices.delete(oldest[0]);
    return oldest[1].name;
  }
}
