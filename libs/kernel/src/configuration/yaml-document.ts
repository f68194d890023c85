import { isAlias, isCollection, isMap, isNode, isScalar, LineCounter, type Node } from "yaml";
import { yamlMistakesIn } from "./yaml-mistakes.ts";
import { parseYaml, YamlTooDeep } from "./yaml-text.ts";

export interface Member {
  readonly segment: string;
  readonly value: Node | null;
  /** Place of the word: `tutti.yaml:12:5`. */
  readonly place: string;
}

/** Maximum nesting, beyond any real configuration or rule. */
const depthMax = 64;

/** A YAML (or JSON) text with the line and column of every part. */
export class YamlDocument {
  readonly #name: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseYaml> | undefined;
  /** The character that opens one level too many. */
  readonly #deepAt: number = 0;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
    // Pretty errors would quote the faulty line, and with it perhaps a secret.
    try {
      this.#document = parseYaml(text, { lines: this.#lines, depthMax, uniqueKeys: true });
    } catch (fault) {
      if (!(fault instanceof YamlTooDeep)) throw fault;
      this.#deepAt = fault.at;
    }
  }

  get root(): Node | null {
    return this.#document?.contents ?? null;
  }

  /** Returns the syntax errors, each with its place. */
  get mistakes(): readonly string[] {
    if (this.#document === undefined)
      return [`${this.#at(this.#deepAt)} is nested more than ${depthMax} deep`];
    return yamlMistakesIn(this.#document, this.#text).map(
      ({ at, text }) => `${this.#at(at)} is not valid YAML: ${text}`,
    );
  }

  /** Returns the members of a mapping, none for an empty value. Undefined if it is no mapping. */
  membersOf(node: Node | null): readonly Member[] | undefined {
    if (node === null || (isScalar(node) && node.value === null)) return [];
    if (!isMap(node)) return undefined;
    return node.items.map(({ key, value }) => ({
      segment: isScalar(key) ? String(key.value) : "?",
      value: this.#resolved(value),
      place: this.placeOf(key),
    }));
  }

  /** Returns the value without positions. Undefined if it has more aliases than a person would write. */
  plain(node: Node | null): { readonly typed: unknown } | undefined {
    if (this.#document === undefined) return undefined;
    try {
      return { typed: node?.toJS(this.#document, { maxAliasCount: 100 }) ?? null };
    } catch {
      return undefined;
    }
  }

  placeOf(node: unknown): string {
    return isNode(node) && node.range ? this.#at(node.range[0]) : this.#name;
  }

  /** Returns the place of the deepest part of a value on a path that exists. */
  placeInside(node: Node | null, path: readonly PropertyKey[]): string {
    for (let length = path.length; length > 0; length--) {
      const part: unknown = isCollection(node) ? node.getIn(path.slice(0, length), true) : undefined;
      if (isNode(part)) return this.placeOf(part);
    }
    return this.placeOf(node);
  }

  #resolved(node: unknown): Node | null {
    if (isAlias(node)) return (this.#document && node.resolve(this.#document)) ?? null;
    return isNode(node) ? node : null;
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#name}:${line}:${col}`;
  }
}
