/**
 * A JSON value as lines, so that a large one is drawn as far as it is seen. Everything is text. Nothing of a value is
 * ever taken for markup.
 */

export interface JsonRow {
  /** Path of the value: unique and stable. */
  readonly path: string;
  readonly depth: number;
  /** Its name in the object, or its place in the list. Undefined for the whole. */
  readonly name: string | undefined;
  readonly kind: JsonKind;
  /** The shown text, cut if it is long. */
  readonly text: string;
  readonly isTruncated: boolean;
  readonly canOpen: boolean;
  readonly isOpen: boolean;
  /** Not a value: how many more there are. */
  readonly isMore: boolean;
}

type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

export interface JsonDisplay {
  /** Paths that a person opened or closed, against the default. */
  readonly toggled: ReadonlySet<string>;
  /** Paths of strings and lists that are shown whole. */
  readonly whole: ReadonlySet<string>;
}

/** Values are open down to here. */
const openDepth = 2;
/** Entries of a list or an object that are shown at first. */
export const entriesMax = 200;
/** Characters of a string that are shown at first. */
export const textMax = 600;
export const rowsMax = 20_000;

export function jsonRows(value: unknown, display: JsonDisplay): readonly JsonRow[] {
  const rows: JsonRow[] = [];
  add(rows, { value, name: undefined, path: "$", depth: 0 }, display);
  return rows;
}

interface Entry {
  readonly value: unknown;
  readonly name: string | undefined;
  readonly path: string;
  readonly depth: number;
}

function add(rows: JsonRow[], { value, name, path, depth }: Entry, display: JsonDisplay): void {
  if (rows.length >= rowsMax) return;
  const kind = kindOf(value);
  if (kind !== "object" && kind !== "array") {
    const text = typeof value === "string" ? value : String(value);
    const isTruncated = text.length > textMax && !display.whole.has(path);
    rows.push({
      path,
      depth,
      name,
      kind,
      isTruncated,
      canOpen: false,
      isOpen: false,
      isMore: false,
      text: isTruncated ? text.slice(0, textMax) : text,
    });
    return;
  }
  const size = kind === "array" ? (value as readonly unknown[]).length : Object.keys(value as object).length;
  const canOpen = size > 0;
  const isUsual = depth < openDepth && size <= entriesMax;
  const isOpen = canOpen && display.toggled.has(path) !== isUsual;
  rows.push({
    path,
    depth,
    name,
    kind,
    isTruncated: false,
    canOpen,
    isOpen,
    isMore: false,
    text: summaryOf(kind, size),
  });
  if (isOpen) addEntries(rows, { value: value as object, path, depth }, display);
}

function addEntries(
  rows: JsonRow[],
  { value, path, depth }: { readonly value: object; readonly path: string; readonly depth: number },
  display: JsonDisplay,
): void {
  const isList = Array.isArray(value);
  const names = isList ? [] : Object.keys(value);
  const size = isList ? value.length : names.length;
  const until = display.whole.has(path) ? size : Math.min(size, entriesMax);
  for (let at = 0; at < until; at++) {
    const name = isList ? String(at) : (names[at] ?? "");
    const inner = isList ? (value as readonly unknown[])[at] : (value as Record<string, unknown>)[name];
    add(rows, { value: inner, name, path: `${path}/${escaped(name)}`, depth: depth + 1 }, display);
  }
  if (until < size)
    rows.push({
      path: `${path}/…`,
      depth: depth + 1,
      name: undefined,
      kind: "null",
      isTruncated: false,
      canOpen: false,
      isOpen: false,
      isMore: true,
      text: `${size - until} more`,
    });
}

function kindOf(value: unknown): JsonKind {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "object":
      return "object";
    case "number":
    case "bigint":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "string";
  }
}

function summaryOf(kind: "object" | "array", size: number): string {
  if (kind === "array") return size === 0 ? "[]" : `[ ${size} ]`;
  return size === 0 ? "{}" : `{ ${size} }`;
}

/** As a pointer into JSON escapes a name. */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Returns the paths of values whose name or text contains the search text, and of all their parents, in order. */
export function find(
  value: unknown,
  searchText: string,
): { readonly found: readonly string[]; readonly around: ReadonlySet<string> } {
  const found: string[] = [];
  const around = new Set<string>();
  const low = searchText.toLowerCase();
  if (low === "") return { found, around };
  const visit = (each: unknown, name: string, path: string, above: readonly string[]) => {
    if (found.length >= foundMax) return;
    const isPlain = each === null || typeof each !== "object";
    if (name.toLowerCase().includes(low) || (isPlain && String(each).toLowerCase().includes(low))) {
      found.push(path);
      for (const parent of above) around.add(parent);
    }
    if (isPlain) return;
    for (const [key, inner] of Object.entries(each))
      visit(inner, key, `${path}/${escaped(key)}`, [...above, path]);
  };
  visit(value, "", "$", []);
  return { found, around };
}

const foundMax = 500;

/** Returns the value as it is copied. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null, undefined, 2);
}

/** Returns the value at a path. */
export function valueAt(value: unknown, path: string): unknown {
  let found: unknown = value;
  for (const name of path.split("/").slice(1)) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string, unknown>)[name.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return found;
}
