import {
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";

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
    // The library's own messages repeat parts of the text, which may be a secret.
    return [...errors, ...warnings].map(
      ({ code, pos }) => `${this.#at(pos[0])} is not valid YAML: ${mistakes[code]}`,
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

const mistakes: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias takes no tag or anchor",
  BAD_ALIAS: "an alias or anchor without a clear name; put text that begins with * or & in quotes",
  BAD_COLLECTION_TYPE: "a tag that does not fit what follows it",
  BAD_DIRECTIVE: "an unknown directive; put text that begins with % in quotes",
  BAD_DQ_ESCAPE: "an unknown escape sequence; use single quotes for text with backslashes",
  BAD_INDENT: "indented differently than expected, or a bracket is not closed",
  BAD_PROP_ORDER: "a tag or anchor in the wrong place",
  BAD_SCALAR_START: "text that begins with a reserved character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a mapping or list in the middle of a line; put text with a colon in quotes",
  BLOCK_IN_FLOW: "a block mapping or list inside brackets",
  DUPLICATE_KEY: "the same key a second time in one mapping",
  IMPOSSIBLE: "not understood",
  KEY_OVER_1024_CHARS: "a key of more than 1024 characters",
  MISSING_CHAR: "something is missing: a closing quote, a comma, a colon or a space",
  MULTILINE_IMPLICIT_KEY: "a key over several lines, or a line without a colon",
  MULTIPLE_ANCHORS: "more than one anchor",
  MULTIPLE_DOCS: "a second document; expected one",
  MULTIPLE_TAGS: "more than one tag",
  NON_STRING_KEY: "a key that is no text",
  RESOURCE_EXHAUSTION: "nested too deeply, or too many aliases",
  TAB_AS_INDENT: "indented with a tab; use spaces",
  TAG_RESOLVE_FAILED: "an unknown tag; put text that begins with ! in quotes",
  UNEXPECTED_TOKEN: "something that cannot stand here",
};
