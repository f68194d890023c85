/** Checks whether an importer silently drops a part of a file. */
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
} from "yaml";
import { readPython, type Statement } from "./foreign-python.ts";
import { type Imported, NotImported } from "./imported.ts";

interface Value {
  readonly path: readonly string[];
  readonly scalar: Scalar;
  /** Lines of the key, and of the keys above it, without those at the top. */
  readonly lines: readonly number[];
  /** The same, with the keys next to each of them. */
  readonly siblingLines: readonly number[];
}

/**
 * Changes each value of a file separately. Then the result must differ: other definitions, another list, or a refusal.
 * If the result is equal, the list must contain the line of the value or of an enclosing part.
 *
 * Returns the values for which neither is true.
 */
export function silentValues(text: string, importer: (text: string) => Imported): readonly string[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const known = importer(text);
  const listed = new Set(known.untranslated.map(({ line }) => line));
  // A state or task that is not translated is listed by its name, with its whole content.
  const whole = new Set(
    known.untranslated.map(({ construct }) => /^(?:(?:state|task|node) )?(.*)$/.exec(construct)?.[1]),
  );
  // A part that is left out is listed by the line of the key that is the reason.
  const omitted = new Set(
    known.untranslated.filter(({ reason }) => reason.endsWith("left out")).map(({ line }) => line),
  );
  // Compared with the printed file, because printing changes lines.
  const printed = textOf(String(document), importer);
  return valuesOf(document, lines).flatMap(({ path, scalar, lines: around, siblingLines }) => {
    if (siblingLines.some((line) => omitted.has(line))) return [];
    const value = scalar.value;
    scalar.value = changed(value);
    const isOther = textOf(String(document), importer) !== printed;
    scalar.value = value;
    return isOther || around.some((line) => listed.has(line)) || path.some((key) => whole.has(key))
      ? []
      : [path.join(".")];
  });
}

function textOf(text: string, importer: (text: string) => Imported): string {
  try {
    return JSON.stringify(importer(text));
  } catch (error) {
    if (error instanceof NotImported) return error.message;
    throw error;
  }
}

function changed(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  return typeof value === "string" ? `${value}x` : "another value";
}

function valuesOf(document: Document, lines: LineCounter): readonly Value[] {
  const values: Value[] = [];
  const visit = (
    node: unknown,
    path: readonly string[],
    around: readonly number[],
    siblingLines: readonly number[],
  ) => {
    const lineOf = (each: unknown) => lines.linePos((each as Node).range?.[0] ?? 0).line;
    if (isScalar(node)) values.push({ path, scalar: node, lines: around, siblingLines });
    else if (isMap(node)) {
      const all = path.length === 0 ? [] : [...siblingLines, ...node.items.map(({ key }) => lineOf(key))];
      for (const { key, value } of node.items)
        visit(value, [...path, String(key)], path.length === 0 ? [] : [...around, lineOf(key)], all);
    } else if (isSeq(node))
      for (const [index, value] of node.items.entries()) {
        // An element may be listed by its name.
        const name: unknown = isMap(value) ? value.get("name") : undefined;
        const at = typeof name === "string" ? name : String(index);
        visit(value, [...path, at], [...around, lineOf(value)], siblingLines);
      }
  };
  visit(document.contents, [], [], []);
  return values;
}

/** As `silentValues`, for a file in XML: its attributes and texts. */
export function silentXmlValues(text: string, importer: (text: string) => Imported): readonly string[] {
  const { untranslated } = importer(text);
  const listed = new Set(untranslated.map(({ line }) => line));
  const whole = new Set(untranslated.map(({ construct }) => construct));
  const before = textOf(text, importer);
  return xmlValuesOf(text).flatMap(({ name, end, lines }) => {
    const isOther = textOf(`${text.slice(0, end)}x${text.slice(end)}`, importer) !== before;
    return isOther || lines.some((line) => listed.has(line)) || whole.has(name)
      ? []
      : [`${lines[0]}: ${name}`];
  });
}

interface XmlValue {
  readonly name: string;
  /** Offset after its last character. */
  readonly end: number;
  /** Its own lines, and those of the enclosing elements without the root. */
  readonly lines: readonly number[];
}

function xmlValuesOf(text: string): readonly XmlValue[] {
  const values: XmlValue[] = [];
  const open: { readonly name: string; readonly line: number }[] = [];
  const lineAt = (at: number) => text.slice(0, at).split("\n").length;
  const ownName = (name: string) => (name.startsWith("xmlns") ? name : name.slice(name.indexOf(":") + 1));
  const around = () => open.slice(1).map(({ line }) => line);
  for (const found of text.matchAll(
    /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/[^>]*>|<([\w.:-]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>|([^<]+)/g,
  )) {
    const [all, cdata, tag, attributes = "", slash, content] = found;
    const at = found.index;
    const textContent = cdata ?? content;
    if (textContent !== undefined && textContent.trim() !== "" && open.length > 0) {
      const start = at + (cdata === undefined ? 0 : "<![CDATA[".length);
      const end = start + textContent.trimEnd().length;
      values.push({ name: open.at(-1)?.name ?? "", end, lines: [lineAt(start), ...around()] });
    } else if (all.startsWith("</")) open.pop();
    else if (tag !== undefined) {
      const element = { name: ownName(tag), line: lineAt(at) };
      open.push(element);
      for (const each of attributes.matchAll(/([\w.:-]+)\s*=\s*(["'])([\s\S]*?)\2/g)) {
        const end = at + 1 + tag.length + each.index + each[0].length - 1;
        values.push({
          name: `${element.name} ${ownName(each[1] ?? "")}`,
          end,
          lines: [lineAt(end), ...around()],
        });
      }
      if (slash === "/") open.pop();
    }
  }
  return values;
}

/**
 * As `silentValues`, for a file in Python: its texts and numbers. Code of functions is listed by the line of the
 * function.
 */
export function silentPythonValues(text: string, importer: (text: string) => Imported): readonly string[] {
  const listed = new Set(importer(text).untranslated.map(({ line }) => line));
  const before = textOf(text, importer);
  const statements = readPython(text);
  const literal =
    /#.*|"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|\b\d+\b|[A-Za-z_]\w*/g;
  return [...text.matchAll(literal)].flatMap(({ 0: found, index }) => {
    if (!/^["'\d]/.test(found)) return [];
    const size = /^["']{3}/.test(found) ? 3 : /^["']/.test(found) ? 1 : 0;
    const end = index + found.length - size;
    const line = text.slice(0, index).split("\n").length;
    const isOther =
      textOf(`${text.slice(0, end)}${size === 0 ? "1" : "x"}${text.slice(end)}`, importer) !== before;
    const lines = [line, ...linesAround(statements, line)];
    return isOther || lines.some((each) => listed.has(each)) ? [] : [`${line}: ${found}`];
  });
}

/** Returns the lines of the statement at a line, and of the enclosing ones without a DAG. */
function linesAround(statements: readonly Statement[], line: number): readonly number[] {
  const found = statements.findLast((each) => each.line <= line);
  if (found === undefined) return [];
  const isInside = (found.body[0]?.line ?? Number.POSITIVE_INFINITY) <= line;
  const isDag =
    found.kind === "with" || found.values.some(({ text, of }) => text === "dag" || of?.text === "dag");
  return [...(isInside && isDag ? [] : [found.line]), ...linesAround(found.body, line)];
}

/** A word of a file, with the lines by which it may be listed. */
interface Word {
  readonly line: number;
  /** Offset after its last character. */
  readonly end: number;
  readonly text: string;
}

/**
 * As `silentValues`, for the words of a crontab: variables, times, users and commands. Entries do not depend on each
 * other.
 */
export function silentCronWords(text: string, importer: (text: string) => Imported): readonly string[] {
  const isVariable = (line: string) => /^\s*\w+\s*=/.test(line);
  const lines = text.split("\n").map((line) => (line.trim().startsWith("#") ? "" : line));
  return lines.flatMap((own, at) => {
    if (own.trim() === "") return [];
    const isolated = lines.map((line, index) =>
      isVariable(own) || isVariable(line) || index === at ? line : "",
    );
    return silentWords(
      isolated.join("\n"),
      importer,
      // The words of a command are one text.
      wordsIn(isolated.join("\n"), (line) => (line === own ? line : undefined)).filter(
        (_, index, all) => index < 7 || index === all.length - 1,
      ),
    );
  });
}

/**
 * As `silentValues`, for a Makefile: targets, phony declarations, and lines that are not rules. make reads recipes,
 * variables and the files that targets need, since each task runs it on the whole file.
 */
export function silentMakeWords(text: string, importer: (text: string) => Imported): readonly string[] {
  let isDefine = false;
  let isMore = false;
  const words = wordsIn(text, (line) => {
    const isRest = isMore;
    isMore = line.endsWith("\\");
    if (/^endef\b/.test(line)) isDefine = false;
    else if (/^define\b/.test(line)) isDefine = true;
    else if (!isDefine && !isRest && /^(?:-?include|ifn?def|ifn?eq|\$\((?:eval|foreach|call)\b)/.test(line))
      return line;
    else if (!isDefine && !isRest && !/^\t|^#|=/.test(line)) {
      const [head = "", needs] = line.split(/&?::?/);
      const isSetting = /^\.[A-Z_]+$/.test(head) && head !== ".PHONY" && head !== ".NOTPARALLEL";
      if (needs !== undefined && !isSetting) return head === ".PHONY" ? needs.replace("\\", "") : head;
    }
    return undefined;
  });
  return silentWords(text, importer, words);
}

/** @param partOf returns the part of a line whose words count */
function wordsIn(text: string, partOf: (line: string) => string | undefined): readonly Word[] {
  let start = 0;
  return text.split("\n").flatMap((line, index) => {
    const part = partOf(line);
    const from = start + (part === undefined ? 0 : line.indexOf(part));
    start += line.length + 1;
    return [...(part ?? "").matchAll(/\S+/g)].map(({ 0: word, index: at }) => ({
      ...{ line: index + 1, end: from + at + word.length, text: word },
    }));
  });
}

function silentWords(
  text: string,
  importer: (text: string) => Imported,
  words: readonly Word[],
): readonly string[] {
  const listed = new Set(importer(text).untranslated.map(({ line }) => line));
  const before = textOf(text, importer);
  return words.flatMap(({ line, end, text: word }) => {
    const isOther = textOf(`${text.slice(0, end)}x${text.slice(end)}`, importer) !== before;
    return isOther || listed.has(line) ? [] : [`${line}: ${word}`];
  });
}
