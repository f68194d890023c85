import { assert } from "@tutti/kernel";
import type { Cedar } from "./cedar.ts";
import { isAbout, type Statement } from "./statements.ts";

/**
 * The statements that can count for one action in one namespace: of a thousand, a few. Cedar takes as long as it has
 * statements to look at.
 */
export interface Slice {
  readonly statements: readonly Statement[];
  /** Under which name Cedar has those that count. */
  readonly enforced: string;
  /** The same with those that are being tested. Undefined where there are none. */
  readonly tried: string | undefined;
  readonly looksAtId: boolean;
  readonly looksAtContext: boolean;
}

/** Cedar keeps sets by name and gives none back: each is used again for another slice. */
const slicesMax = 512;

// Names are the process's, as what they name is: two bundles must not have the same while both are in use. Those of one
// that are unused are used again.
let made = 0;
const free: string[] = [];
const unused = new FinalizationRegistry<readonly string[]>((names) => free.push(...names));

export class Slices {
  readonly #cedar: Cedar | undefined;
  readonly #names: string[] = [];
  readonly #byNamespace = new Map<string, Statement[]>();
  readonly #shared: readonly string[];
  readonly #slices = new Map<string, { slice: Slice; name: string }>();

  /** `shared`: namespaces whose statements count everywhere. Without statements Cedar is not needed. */
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
      // The least used one goes first.
      this.#slices.delete(key);
      this.#slices.set(key, known);
      return known.slice;
    }
    const name = this.#freeName();
    const slice = this.#made(namespace, action, name);
    this.#slices.set(key, { slice, name });
    return slice;
  }

  #made(namespace: string, action: string, name: string): Slice {
    const namespaces = this.#shared.includes(namespace) ? this.#shared : [...this.#shared, namespace];
    const statements = namespaces
      .flatMap((one) => this.#byNamespace.get(one) ?? [])
      .filter((statement) => isAbout(statement, action));
    const counting = statements.filter(({ isShadow }) => !isShadow);
    // Who decides does not ask Cedar where there is nothing to look at.
    if (statements.length > 0) this.#load(name, counting);
    const isTrying = counting.length < statements.length;
    if (isTrying) this.#load(`${name}+`, statements);
    return {
      statements,
      enforced: name,
      tried: isTrying ? `${name}+` : undefined,
      looksAtId: statements.some(({ looksAtId }) => looksAtId),
      looksAtContext: statements.some(({ looksAtContext }) => looksAtContext),
    };
  }

  #load(name: string, statements: readonly Statement[]): void {
    const staticPolicies = Object.fromEntries(statements.map(({ id, text }) => [id, text]));
    assert(this.#cedar !== undefined, "statements come with Cedar");
    const given = this.#cedar.preparsePolicySet(name, { staticPolicies });
    // Each was parsed when it was taken in.
    if (given.type === "failure")
      throw new Error(`Cedar refused what it had parsed: ${given.errors[0]?.message}`);
  }

  #freeName(): string {
    const [oldest] = this.#slices;
    if (oldest === undefined || this.#slices.size < slicesMax) {
      const name = free.pop() ?? `slice-${++made}`;
      this.#names.push(name);
      return name;
    }
    this.#slices.delete(oldest[0]);
    return oldest[1].name;
  }
}
