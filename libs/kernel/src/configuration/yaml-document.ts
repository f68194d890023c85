import { isAlias, isCollection, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { yamlMistakes } from "./yaml-mistakes.ts";

export interface Member {
  readonly word: string;
  readonly value: Node | null;
  /** `tutti.yaml:12:5`: where the word stands. */
  readonly place: string;
}

/** A YAML (or JSON) text whose every part knows its line and column. */
export class YamlDocument {
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document;

  constructor(name: string, text: string) {
    this.#name = name;
    // Pretty errors would quote the line they are about, and a secret with it.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  get root(): Node | null {
    return this.#document.contents;
  }

  /** What keeps the text from being YAML, each with its place. */
  get mistakes(): readonly string[] {
    const { errors, warnings } = this.#document;
    return [...errors, ...warnings].map(
      ({ code, pos }) => `${this.#at(pos[0])} is not valid YAML: ${yamlMistakes[code]}`,
    );
  }

  /** The members of a mapping, none for a value left empty; undefined for what is no mapping. */
  membersOf(node: Node | null): readonly Member[] | undefined {
    if (node === null || (isScalar(node) && node.value === null)) return [];
    if (!isMap(node)) return undefined;
    return node.items.map(({ key, value }) => ({
      word: isScalar(key) ? String(key.value) : "?",
      value: this.#resolved(value),
      place: this.placeOf(key),
    }));
  }

  /** The value without positions; undefined when it has more aliases than a person writes. */
  plain(node: Node | null): { readonly typed: unknown } | undefined {
    try {
      return { typed: node?.toJS(this.#document, { maxAliasCount: 100 }) ?? null };
    } catch {
      return undefined;
    }
  }

  placeOf(node: unknown): string {
    return isNode(node) && node.range ? this.#at(node.range[0]) : this.#name;
  }

  /** The place of the deepest part of a value on a path that exists. */
  placeInside(node: Node | null, path: readonly PropertyKey[]): string {
    for (let length = path.length; length > 0; length--) {
      const part: unknown = isCollection(node) ? node.getIn(path.slice(0, length), true) : undefined;
      if (isNode(part)) return this.placeOf(part);
    }
    return this.placeOf(node);
  }

  #resolved(node: unknown): Node | null {
    if (isAlias(node)) return node.resolve(this.#document) ?? null;
    return isNode(node) ? node : null;
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#name}:${line}:${col}`;
  }
}
