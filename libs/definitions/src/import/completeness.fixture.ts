/** Whether an importer leaves out a part of a file in silence. */
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
import { type Imported, NotImported } from "./imported.ts";

interface Value {
  readonly path: readonly string[];
  readonly scalar: Scalar;
  /** Of the key, and of the keys above it, without those at the top. */
  readonly lines: readonly number[];
}

/**
 * Changes each value of a file by itself. Then the result has to be another one: other definitions, another list, or a
 * refusal. Where it is the same, the value or something around it has to be in the list, by its line.
 *
 * Returns the values that are neither.
 */
export function silentValues(text: string, importer: (text: string) => Imported): readonly string[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const known = importer(text);
  const listed = new Set(known.untranslated.map(({ line }) => line));
  // A state or task that is not translated is listed by its name, with everything in it.
  const whole = new Set(
    known.untranslated.map(({ construct }) => /^(?:(?:state|task|node) )?(.*)$/.exec(construct)?.[1]),
  );
  // Compared with the file as it is printed: lines change by printing.
  const printed = textOf(String(document), importer);
  return valuesOf(document, lines).flatMap(({ path, scalar, lines: around }) => {
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
  const visit = (node: unknown, path: readonly string[], around: readonly number[]) => {
    const lineOf = (each: unknown) => lines.linePos((each as Node).range?.[0] ?? 0).line;
    if (isScalar(node)) values.push({ path, scalar: node, lines: around });
    else if (isMap(node))
      for (const { key, value } of node.items)
        visit(value, [...path, String(key)], path.length === 0 ? [] : [...around, lineOf(key)]);
    else if (isSeq(node))
      for (const [index, value] of node.items.entries()) {
        // An element may have a name, by which it is listed.
        const name: unknown = isMap(value) ? value.get("name") : undefined;
        visit(value, [...path, typeof name === "string" ? name : String(index)], [...around, lineOf(value)]);
      }
  };
  visit(document.contents, [], []);
  return values;
}
