/**
 * A foreign file in XML, with the lines of its elements and attributes. Refuses hostile files.
 *
 * Like `ForeignDocument`, it records which parts were read, and `finish` lists the rest.
 */
import { entryOf } from "./foreign-document.ts";
import { Collector, type Imported, NotImported, type Reason, requireSize } from "./imported.ts";

const depthMax = 64;
const elementsMax = 50_000;
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

interface Attribute {
  readonly value: string;
  readonly line: number;
  isRead: boolean;
}

export class XmlElement {
  /** Without the prefix of its namespace. */
  readonly name: string;
  readonly line: number;
  readonly above: XmlElement | undefined;
  readonly attributes = new Map<string, Attribute>();
  readonly elements: XmlElement[] = [];
  content = "";
  /** Whether it, or a part of it, was read. */
  isRead = false;
  isContentRead = false;
  /** Whether it is listed, including its content. */
  isListed = false;

  constructor(name: string, line: number, above: XmlElement | undefined) {
    this.name = name.slice(name.indexOf(":") + 1);
    this.line = line;
    this.above = above;
  }

  /** Without the prefix of its namespace. Empty for none. */
  attribute(name: string): string {
    const found = this.attributes.get(name);
    if (found === undefined) return "";
    found.isRead = true;
    this.#touch();
    return found.value;
  }

  /**
   * Returns an attribute of an element that may stay unused. It counts as read when `attribute` returns it.
   */
  peek(name: string): string {
    return this.attributes.get(name)?.value ?? "";
  }

  text(): string {
    this.isContentRead = true;
    this.#touch();
    return this.content.trim();
  }

  /** Returns its child elements with these names. */
  all(...names: readonly string[]): readonly XmlElement[] {
    return this.elements.filter(({ name }) => names.includes(name));
  }

  first(...names: readonly string[]): XmlElement | undefined {
    return this.all(...names)[0];
  }

  /** Marks an element as read whose name is its whole information. */
  markRead(): this {
    this.#touch();
    return this;
  }

  #touch(): void {
    for (let at: XmlElement | undefined = this; at !== undefined && !at.isRead; at = at.above)
      at.isRead = true;
  }
}

export class ForeignXml {
  readonly root: XmlElement;
  readonly collector = new Collector();

  /** Attributes with the default values of the format, which need no listing. */
  readonly #defaults: Readonly<Record<string, string>>;

  constructor(text: string, defaults: Readonly<Record<string, string>> = {}) {
    requireSize(text);
    this.#defaults = defaults;
    this.root = new XmlReader(text).read();
  }

  /** Lists an element including its content. */
  report(element: XmlElement, construct: string, reason: Reason): void {
    this.collector.report(element.line, construct, reason);
    element.isListed = true;
    element.markRead();
  }

  finish(): Imported {
    this.#listUnread(this.root);
    return this.collector.finish();
  }

  #listUnread(element: XmlElement): void {
    if (element.isListed) return;
    const reason = "it has no counterpart";
    if (!element.isRead) {
      this.report(element, `<${element.name}>`, reason);
      return;
    }
    for (const [name, { line, isRead, value }] of element.attributes)
      if (!isRead && this.#defaults[name] !== value)
        this.collector.report(line, `${element.name} ${name}="${value}"`, reason);
    if (!element.isContentRead && element.content.trim() !== "")
      this.collector.report(element.line, `${element.name}: ${element.content.trim()}`, reason);
    for (const each of element.elements) this.#listUnread(each);
  }
}

const nameForm = /[A-Za-z_][\w.:-]*/y;

class XmlReader {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #count = 0;

  constructor(text: string) {
    this.#text = text.replace(/^\uFEFF/, "");
  }

  read(): XmlElement {
    let root: XmlElement | undefined;
    const open: XmlElement[] = [];
    while (this.#at < this.#text.length) {
      const above = open.at(-1);
      const next = this.#text.indexOf("<", this.#at);
      const characters = this.#skipTo(next === -1 ? this.#text.length : next);
      if (above !== undefined) above.content += this.#decoded(characters);
      else if (characters.trim() !== "") throw this.#problem("a text outside of the root element");
      if (next === -1) break;
      if (this.#is("<!--")) this.#skipBehind("-->");
      else if (this.#is("<![CDATA[")) {
        if (above === undefined) throw this.#problem("a text outside of the root element");
        this.#skipTo(this.#at + "<![CDATA[".length);
        above.content += this.#skipTo(this.#find("]]>"));
        this.#skipBehind("]]>");
      } else if (this.#is("<?")) this.#skipBehind("?>");
      else if (this.#is("<!")) throw this.#problem("a document type, which is not read");
      else if (this.#is("</")) this.#close(open);
      else {
        const element = this.#open(above);
        if (above === undefined && root !== undefined) throw this.#problem("a second root element");
        root ??= element.element;
        above?.elements.push(element.element);
        if (!element.isEmpty) open.push(element.element);
        if (open.length > depthMax) throw this.#problem(`elements more than ${depthMax} deep`);
      }
    }
    if (root === undefined || open.length > 0) throw this.#problem("no end of the root element");
    return root;
  }

  #close(open: XmlElement[]): void {
    this.#skipTo(this.#at + 2);
    const name = this.#name();
    this.#skipSpace();
    if (!this.#is(">")) throw this.#problem("no end of an element");
    this.#skipTo(this.#at + 1);
    if (open.pop()?.name !== name.slice(name.indexOf(":") + 1))
      throw this.#problem(`</${name}> of no element`);
  }

  #open(above: XmlElement | undefined): { readonly element: XmlElement; readonly isEmpty: boolean } {
    if (++this.#count > elementsMax) throw this.#problem(`more than ${elementsMax} elements`);
    const line = this.#line;
    this.#skipTo(this.#at + 1);
    const element = new XmlElement(this.#name(), line, above);
    const names = new Set<string>();
    for (;;) {
      this.#skipSpace();
      if (this.#is(">") || this.#is("/>")) break;
      const [attributeLine, name] = [this.#line, this.#name()];
      this.#skipSpace();
      if (!this.#is("=")) throw this.#problem(`the attribute ${name} without a value`);
      this.#skipTo(this.#at + 1);
      this.#skipSpace();
      const quote = this.#text[this.#at];
      if (quote !== '"' && quote !== "'") throw this.#problem(`the attribute ${name} without quotes`);
      this.#skipTo(this.#at + 1);
      const value = this.#decoded(this.#skipTo(this.#find(quote)));
      this.#skipTo(this.#at + 1);
      if (names.has(name)) throw this.#problem(`the attribute ${name} twice`);
      names.add(name);
      // Namespace declarations keep their full names.
      const own = name.startsWith("xmlns") ? name : name.slice(name.indexOf(":") + 1);
      const attribute = { value, line: attributeLine, isRead: false };
      const other = element.attributes.get(own);
      // With both `version` and `w4:version`, the attribute without a prefix has the name.
      if (other !== undefined && own !== name) element.attributes.set(name, attribute);
      else element.attributes.set(own, attribute);
      if (other !== undefined && own === name) element.attributes.set(`:${name}`, other);
    }
    const isEmpty = this.#is("/>");
    this.#skipTo(this.#at + (isEmpty ? 2 : 1));
    return { element, isEmpty };
  }

  #name(): string {
    nameForm.lastIndex = this.#at;
    const [name] = nameForm.exec(this.#text) ?? [];
    if (name === undefined) throw this.#problem("no name of an element or attribute");
    this.#at += name.length;
    return name;
  }

  #is(sign: string): boolean {
    return this.#text.startsWith(sign, this.#at);
  }

  #find(sign: string): number {
    const found = this.#text.indexOf(sign, this.#at);
    if (found === -1) throw this.#problem(`no ${sign}`);
    return found;
  }

  #skipBehind(sign: string): void {
    this.#skipTo(this.#find(sign) + sign.length);
  }

  #skipSpace(): void {
    let at = this.#at;
    while (/\s/.test(this.#text[at] ?? "")) at++;
    this.#skipTo(at);
  }

  #skipTo(at: number): string {
    const passed = this.#text.slice(this.#at, at);
    for (const sign of passed) if (sign === "\n") this.#line++;
    this.#at = at;
    return passed;
  }

  #decoded(text: string): string {
    return text.replace(/&([^;\s]{1,10};)?/g, (whole, entity = "") => {
      const name = entity.slice(0, -1);
      const code = /^#(?:x([\da-f]+)|(\d+))$/i.exec(name);
      const number =
        code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2] ?? "", code[1] ? 16 : 10);
      const sign = number <= 0x10_ffff ? String.fromCodePoint(number) : entryOf(entities, name);
      if (sign === undefined) throw this.#problem(`an unknown entity ${whole}`);
      return sign;
    });
  }

  #problem(message: string): NotImported {
    return new NotImported(`line ${this.#line}: ${message}`);
  }
}
