import { type Json, type LineAndColumn, lineAndColumn, losesDigits } from "@tutti/expressions";
import { limits } from "../limits.ts";
import type { Findings, Path, Places } from "../problem.ts";
import type { ReadSource } from "./text.ts";

/**
 * Parses JSON strictly, with duplicate keys as problems, and reports the place of errors. Places are found by
 * parsing a second time, on demand: most texts have no problem, and a tree of places needs more memory than the
 * text.
 */
export function readJson(text: string, findings: Findings): ReadSource {
  const places = new JsonPlaces(text);
  try {
    const reader = new JsonReader(text, undefined);
    const value = reader.read();
    for (const { at, key, path } of reader.duplicates)
      findings.error("duplicate_key", path, `the key \`${key}\` appears a second time`, { key: true, at });
    for (const { value: number, source, path } of reader.rounded)
      findings.warnIfRounded(path, number, source);
    return { value, places };
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault;
    findings.error("syntax", [], `the text is not JSON: ${fault.message}`, { at: fault.at });
    return { value: undefined, places: { placeOf: (_path, { at = 0 }) => lineAndColumn(text, at) } };
  }
}

class JsonFault {
  readonly message: string;
  readonly at: number;

  constructor(message: string, at: number) {
    this.message = message;
    this.at = at;
  }
}

/** Offsets of a value, of its key, and of its content. */
interface PlaceTree {
  readonly start: number;
  readonly keyStart: number;
  readonly inside: Map<string | number, PlaceTree>;
}

class JsonPlaces implements Places {
  readonly #text: string;
  #tree: PlaceTree | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  placeOf(path: Path, { key = false, at }: { readonly key?: boolean; readonly at?: number }): LineAndColumn {
    this.#tree ??= this.#recorded();
    let tree = this.#tree;
    let whole = true;
    for (const part of path) {
      const next = tree.inside.get(part);
      if (next === undefined) {
        whole = false;
        break;
      }
      tree = next;
    }
    if (key && whole) return lineAndColumn(this.#text, at ?? tree.keyStart);
    const within = whole && at !== undefined ? offsetInString(this.#text, tree.start, at) : 0;
    return lineAndColumn(this.#text, tree.start + within);
  }

  #recorded(): PlaceTree {
    const tree: PlaceTree = { start: 0, keyStart: 0, inside: new Map() };
    new JsonReader(this.#text, tree).read();
    return tree.inside.get("") ?? tree;
  }
}

/** Returns the offset in a literal of a character of its value: escapes are longer than their characters. */
function offsetInString(text: string, start: number, at: number): number {
  if (text.charAt(start) !== '"') return 0;
  let offset = 1;
  for (let passed = 0; passed < at; passed++) {
    if (text.charAt(start + offset) === "\\") offset += text.charAt(start + offset + 1) === "u" ? 6 : 2;
    else offset += 1;
  }
  return offset;
}

class JsonReader {
  readonly duplicates: { readonly at: number; readonly key: string; readonly path: Path }[] = [];
  readonly rounded: { readonly value: number; readonly source: string; readonly path: Path }[] = [];
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #at = 0;
  #places: PlaceTree | undefined;

  constructor(text: string, places: PlaceTree | undefined) {
    this.#text = text;
    this.#places = places;
  }

  read(): Json {
    const value = this.#value("", 0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#fault("expected the end");
    return value;
  }

  #value(name: string | number, keyStart: number): Json {
    this.#space();
    const outer = this.#places;
    if (outer !== undefined) {
      this.#places = { start: this.#at, keyStart, inside: new Map() };
      // If a key occurs twice, the first one counts.
      if (!outer.inside.has(name)) outer.inside.set(name, this.#places);
    }
    const value = this.#unplaced();
    this.#places = outer;
    return value;
  }

  #unplaced(): Json {
    switch (this.#text.charCodeAt(this.#at)) {
      case 123:
        return this.#members();
      case 91:
        return this.#list();
      case 34:
        return this.#string();
      case 116:
        return this.#literal("true", true);
      case 102:
        return this.#literal("false", false);
      case 110:
        return this.#literal("null", null);
      default:
        return this.#number();
    }
  }

  #members(): Json {
    this.#deeper();
    const members: Record<string, Json> = {};
    this.#at += 1;
    this.#space();
    if (this.#accepts("}")) return members;
    for (;;) {
      this.#space();
      const keyStart = this.#at;
      if (this.#text.charAt(this.#at) !== '"') throw this.#fault("expected a key in double quotes");
      const key = this.#string();
      this.#space();
      if (!this.#accepts(":")) throw this.#fault("expected `:`");
      this.#path.push(key);
      const known = Object.hasOwn(members, key);
      if (known) this.duplicates.push({ at: keyStart, key, path: [...this.#path] });
      const value = this.#value(key, keyStart);
      // This name would set the prototype.
      if (key === "__proto__") throw this.#fault("the key `__proto__` is not allowed");
      if (!known) members[key] = value;
      this.#path.pop();
      this.#space();
      if (this.#accepts("}")) return members;
      if (!this.#accepts(",")) throw this.#fault("expected `,` or `}`");
    }
  }

  #list(): Json {
    this.#deeper();
    const list: Json[] = [];
    this.#at += 1;
    this.#space();
    if (this.#accepts("]")) return list;
    for (;;) {
      this.#path.push(list.length);
      list.push(this.#value(list.length, this.#at));
      this.#path.pop();
      this.#space();
      if (this.#accepts("]")) return list;
      if (!this.#accepts(",")) throw this.#fault("expected `,` or `]`");
    }
  }

  #deeper(): void {
    if (this.#path.length > limits.depthMax) throw this.#fault(`nested more than ${limits.depthMax} deep`);
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    let escaped = false;
    for (let code = this.#text.charCodeAt(end); code !== 34; code = this.#text.charCodeAt(end)) {
      if (Number.isNaN(code) || code < 32) throw new JsonFault("a text is not closed in its line", start);
      if (code === 92) {
        escaped = true;
        end += 1;
      }
      end += 1;
    }
    this.#at = end + 1;
    if (!escaped) return this.#text.slice(start + 1, end);
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string;
    } catch {
      throw new JsonFault("a text has an unknown escape", start);
    }
  }

  #number(): number {
    numberForm.lastIndex = this.#at;
    const match = numberForm.exec(this.#text);
    if (match === null) throw this.#fault("expected a value");
    this.#at += match[0].length;
    const number = Number(match[0]);
    if (!Number.isFinite(number)) throw this.#fault("a number is too large");
    if (losesDigits(number, match[0]))
      this.rounded.push({ value: number, source: match[0], path: [...this.#path] });
    return number;
  }

  #literal<T extends Json>(literal: string, value: T): T {
    if (!this.#text.startsWith(literal, this.#at)) throw this.#fault("expected a value");
    this.#at += literal.length;
    return value;
  }

  #accepts(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.#at += 1;
    }
  }

  #fault(message: string): JsonFault {
    const found =
      this.#at < this.#text.length
        ? `\`${String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0)}\``
        : "the end";
    return new JsonFault(message.startsWith("expected") ? `${message}, got ${found}` : message, this.#at);
  }
}

const numberForm = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
