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
    for (const { segment, value, place } of this.#membersOf(this.#document.root, "the file")) {
      if (isScope(segment)) this.#readScope(segment, value);
      else
        this.#reading.refuse(segment, `unknown scope \`${segment}\` at ${place}${this.#scopeHint(segment)}`);
    }
  }

  #scopeHint(segment: string): string {
    const home = this.#declarations.sections.get(segment)?.scope;
    if (home === undefined) return didYouMean(segment, scopes) || `. Expected one of ${scopes.join(", ")}`;
    return `; \`${segment}\` is a section of the scope ${home}, write it under \`${home}:\``;
  }

  #readScope(scope: Scope, node: Node | null): void {
    for (const { segment, value, place } of this.#membersOf(node, `\`${scope}\``)) {
      const section = this.#declarations.sections.get(segment);
      const name = `${scope}.${segment}`;
      if (section === undefined) {
        if (this.#declarations.isOfOtherProcess(segment)) continue;
        const hint = didYouMean(segment, this.#declarations.sections.keys());
        this.#reading.refuse(name, `unknown section \`${segment}\` at ${place}${hint}`);
      } else if (isBefore(scope, section.scope)) {
        this.#reading.refuse(name, `at ${place}: ${tooEarly(segment, section.scope, scope)}`);
      } else {
        this.#readGroup(section.root, segment, scope, value);
      }
    }
  }

  #readGroup({ members }: KeyGroup, name: string, scope: Scope, node: Node | null): void {
    for (const { segment, value, place } of this.#membersOf(node, `\`${name}\``)) {
      const member = members.get(segment);
      const full = `${name}.${segment}`;
      if (member === undefined) {
        this.#reading.refuse(
          full,
          `unknown key \`${full}\` at ${place}${didYouMean(segment, members.keys()) || keysListed}`,
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

  #membersOf(node: Node | null, subject: string): readonly Member[] {
    const members = this.#document.membersOf(node);
    if (members !== undefined) return members;
    const place = this.#document.placeOf(node);
    this.#reading.refuse(
      subject,
      `expected a mapping for ${subject} at ${place}, got a single value or a list`,
    );
    return [];
  }
}
