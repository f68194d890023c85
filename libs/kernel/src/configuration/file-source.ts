import type { Node } from "yaml";
import type { Declarations } from "./declarations.ts";
import { keysListed, tooEarly } from "./problem-texts.ts";
import type { Reading } from "./reading.ts";
import { isBefore, isScope, type Scope, scopes } from "./scopes.ts";
import type { Key, KeyGroup } from "./section.ts";
import { didYouMean } from "./suggestion.ts";
import { type Member, YamlDocument } from "./yaml-document.ts";

export interface ConfigurationFile {
  /** The name as people write it. Every place starts with it. */
  readonly name: string;
  readonly text: string;
}

/** Reads a configuration file, YAML or JSON: `scope: {section: {key: value}}`. */
export function readFile(file: ConfigurationFile, declarations: Declarations, reading: Reading): void {
  const document = new YamlDocument(file.name, file.text);
  const { mistakes } = document;
  for (const mistake of mistakes) reading.refuse(file.name, mistake);
  if (mistakes.length === 0) new FileReader(document, declarations, reading).read();
}

class FileReader {
  readonly #document: YamlDocument;
  readonly #declarations: Declarations;
  readonly #reading: Reading;

  constructor(document: YamlDocument, declarations: Declarations, reading: Reading) {
    this.#document = document;
    this.#declarations = declarations;
    this.#reading = reading;
  }

  read(): void {
    for (const { word, value, place } of this.#membersOf(this.#document.root, "the file")) {
      if (isScope(word)) this.#readScope(word, value);
      else this.#reading.refuse(word, `unknown scope \`${word}\` at ${place}${this.#scopeHint(word)}`);
    }
  }

  #scopeHint(word: string): string {
    const home = this.#declarations.sections.get(word)?.scope;
    if (home === undefined) return didYouMean(word, scopes) || `. Expected one of ${scopes.join(", ")}`;
    return `; \`${word}\` is a section of the scope ${home}, write it under \`${home}:\``;
  }

  #readScope(scope: Scope, node: Node | null): void {
    for (const { word, value, place } of this.#membersOf(node, `\`${scope}\``)) {
      const section = this.#declarations.sections.get(word);
      const name = `${scope}.${word}`;
      if (section === undefined) {
        if (this.#declarations.isElsewhere(word)) continue;
        const hint = didYouMean(word, this.#declarations.sections.keys());
        this.#reading.refuse(name, `unknown section \`${word}\` at ${place}${hint}`);
      } else if (isBefore(scope, section.scope)) {
        this.#reading.refuse(name, `at ${place}: ${tooEarly(word, section.scope, scope)}`);
      } else {
        this.#readGroup(section.root, word, scope, value);
      }
    }
  }

  #readGroup({ members }: KeyGroup, name: string, scope: Scope, node: Node | null): void {
    for (const { word, value, place } of this.#membersOf(node, `\`${name}\``)) {
      const member = members.get(word);
      const full = `${name}.${word}`;
      if (member === undefined) {
        this.#reading.refuse(
          full,
          `unknown key \`${full}\` at ${place}${didYouMean(word, members.keys()) || keysListed}`,
        );
      } else if (member.kind === "group") {
        this.#readGroup(member, full, scope, value);
      } else {
        this.#readKey(member, scope, value, place);
      }
    }
  }

  #readKey(key: Key, scope: Scope, node: Node | null, placeOfKey: string): void {
    const place = node === null ? placeOfKey : this.#document.placeOf(node);
    const placeOf = (path: readonly PropertyKey[]) =>
      node === null ? place : this.#document.placeInside(node, path);
    const found = this.#document.plain(node);
    if (found !== undefined) this.#reading.record({ key, scope }, found, { source: "file", place, placeOf });
    else
      this.#reading.refuse(
        key.name,
        `\`${key.name}\` at ${place} has too many aliases. Write the values out`,
      );
  }

  #membersOf(node: Node | null, what: string): readonly Member[] {
    const members = this.#document.membersOf(node);
    if (members !== undefined) return members;
    const place = this.#document.placeOf(node);
    this.#reading.refuse(what, `expected a mapping for ${what} at ${place}, found a single value or a list`);
    return [];
  }
}
