/**
 * A foreign file in YAML or JSON, with the lines of its values. Refuses hostile files.
 *
 * It records which values were read. `finish` lists every value that was neither read nor listed, so an importer cannot
 * silently drop a key that it does not know.
 */
import { parseYaml, YamlTooDeep } from "@tutti/kernel";
import { type Document, isMap, isNode, isScalar, LineCounter } from "yaml";
import { Collector, type Imported, NotImported, type Reason, requireSize } from "./imported.ts";

export type Members = { readonly [key: string]: unknown };
export type Path = readonly (string | number)[];

const depthMax = 64;
const aliasesMax = 100;
const valuesMax = 100_000;

export class ForeignDocument {
  /** Root of the file. Each read of a value is recorded. */
  readonly root: Members;
  readonly collector = new Collector();
  readonly #plain: Members;
  readonly #document: Document;
  readonly #lines = new LineCounter();
  /** Listed paths, including everything below them. */
  readonly #listed = new Set<string>();
  /** Paths that were read or listed, and their ancestors. */
  readonly #touched = new Set<string>();

  constructor(text: string) {
    requireSize(text);
    try {
      this.#document = parseYaml(text, { lines: this.#lines, depthMax, uniqueKeys: true });
      const [error] = this.#document.errors;
      if (error !== undefined) throw error;
      // Counts aliases: ten lines can stand for a billion values.
      const root: unknown = this.#document.toJS({ maxAliasCount: aliasesMax });
      if (!isMembers(root)) throw new Error("it is no mapping");
      if (countOf(root, valuesMax) > valuesMax) throw new Error(`it has more than ${valuesMax} values`);
      this.#plain = root;
      this.root = this.#recorded(root, []) as Members;
    } catch (error) {
      if (error instanceof YamlTooDeep) throw new NotImported(`it is nested more than ${depthMax} deep`);
      throw new NotImported(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
    }
  }

  /** Returns the line of a key, or of an element of a list. */
  lineOf(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const [above, key] = [path.slice(0, length - 1), path[length - 1]];
      const parent: unknown =
        above.length === 0 ? this.#document.contents : this.#document.getIn(above, true);
      const pair = isMap(parent)
        ? parent.items.find((each) => String(isScalar(each.key) ? each.key.value : each.key) === String(key))
        : undefined;
      const node: unknown = pair?.key ?? this.#document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return this.#lines.linePos(node.range[0]).line;
    }
    return 1;
  }

  /**
   * @param covered values that are left out with it. Default: the value itself, including everything below it
   */
  report(path: Path, construct: string, reason: Reason, covered: Path = path): void {
    this.collector.report(this.lineOf(path), construct, reason);
    this.#listed.add(nameOf(covered));
    this.#touch(covered);
  }

  /** Lists everything that was not read. */
  finish(): Imported {
    this.#listUnread(this.#plain, []);
    return this.collector.finish();
  }

  #listUnread(value: unknown, path: Path): void {
    const name = nameOf(path);
    if (this.#listed.has(name)) return;
    if (path.length > 0 && !this.#touched.has(name)) {
      const suffix = isLeaf(value) && value !== null ? `: ${JSON.stringify(value)}` : "";
      this.report(path, path.join(".") + suffix, "it has no counterpart");
    } else if (!isLeaf(value))
      for (const [key, each] of Object.entries(value as object)) this.#listUnread(each, [...path, key]);
  }

  #recorded(value: object, path: Path): object {
    return new Proxy(value, {
      get: (target, key) => {
        const found: unknown = Reflect.get(target, key);
        if (typeof key === "symbol" || !Object.hasOwn(target, key)) return found;
        if (key === "length" && Array.isArray(target)) return found;
        const at = [...path, key];
        if (!isLeaf(found)) return this.#recorded(found as object, at);
        this.#touch(at);
        return found;
      },
    });
  }

  #touch(path: Path): void {
    for (let length = path.length; length > 0; length--) {
      const name = nameOf(path.slice(0, length));
      if (this.#touched.has(name)) return;
      this.#touched.add(name);
    }
  }
}

function nameOf(path: Path): string {
  return path.join("\n");
}

function isLeaf(value: unknown): boolean {
  return typeof value !== "object" || value === null || Object.keys(value).length === 0;
}

function countOf(value: unknown, max: number): number {
  if (typeof value !== "object" || value === null) return 1;
  let count = 1;
  for (const each of Object.values(value)) {
    count += countOf(each, max - count);
    if (count > max) break;
  }
  return count;
}

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function membersIn(members: Members, key: string): Members {
  const value = Object.hasOwn(members, key) ? members[key] : undefined;
  return isMembers(value) ? value : {};
}

export function listIn(members: Members, key: string): readonly unknown[] {
  const value = members[key];
  return Array.isArray(value) ? value : [];
}

export function textIn(members: Members, key: string): string {
  const value = members[key];
  return typeof value === "string" ? value : "";
}

export function textsIn(members: Members, key: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(membersIn(members, key)).map(([name, value]) => [name, String(value)]),
  );
}

/**
 * Returns the entry of a table. A word of a file may be the name of a member that each object has, such as
 * `constructor`.
 */
export function entryOf<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
