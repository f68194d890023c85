import type { Json, LineAndColumn } from "@tutti/expressions";
import { parseYaml, YamlTooDeep, yamlMistakesIn } from "@tutti/kernel";
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { limits } from "../limits.ts";
import type { Findings, Path, Places } from "../problem.ts";
import type { ReadSource } from "./text.ts";

/** Parses YAML, with the line and column of every part. */
export function readYaml(text: string, findings: Findings): ReadSource {
  const lines = new LineCounter();
  let document: Document.Parsed<ParsedNode>;
  try {
    // Duplicate keys are found during the conversion.
    document = parseYaml(text, { lines, depthMax: limits.depthMax, uniqueKeys: false });
  } catch (fault) {
    if (!(fault instanceof YamlTooDeep)) throw fault;
    findings.error("too_large", [], `nested more than ${limits.depthMax} deep`, { at: fault.at });
    return { value: undefined, places: placesOfOffsets(lines) };
  }
  for (const mistake of yamlMistakesIn(document, text))
    findings.error("syntax", [], `the text is not YAML: ${mistake.text}`, { at: mistake.at });
  if (findings.list.length > 0) return { value: undefined, places: placesOfOffsets(lines) };
  const plainer = new Plainer(findings);
  const places = new YamlPlaces(document, { text, lines, targets: plainer.targets });
  const value = plainer.plain(document.contents, []);
  return { value: findings.list.some(({ code }) => code === "syntax") ? undefined : value, places };
}

/**
 * Maximum number of parts that all aliases together expand to. A text that expands beyond this is refused.
 */
const aliasedMax = 100_000;

/**
 * Converts YAML to JSON, and reports parts that JSON cannot represent. The target of an alias is recorded at its
 * anchor: the library would search the whole text for each alias.
 */
class Plainer {
  /** Targets of aliases, for lookups of places inside them. */
  readonly targets = new WeakMap<Node, Node>();
  readonly #findings: Findings;
  readonly #anchors = new Map<
    string,
    { readonly node: Node; readonly value: Json; readonly parts: number }
  >();
  #parts = 0;
  #aliased = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  plain(node: unknown, path: Path): Json {
    const before = this.#parts;
    this.#parts += 1;
    const value = this.#plain(node, path);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined && isNode(node))
      this.#anchors.set(anchor, { node, value, parts: this.#parts - before });
    return value;
  }

  #plain(node: unknown, path: Path): Json {
    if (path.length > limits.depthMax + 1)
      return this.#refuse("too_large", path, `nested more than ${limits.depthMax} deep`);
    if (isAlias(node)) return this.#alias(node, path);
    if (isScalar(node)) return this.#scalar(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.plain(item, [...path, index]));
    return isMap(node) ? this.#members(node, path) : null;
  }

  #alias(alias: Alias, path: Path): Json {
    const target = this.#anchors.get(alias.source);
    if (target === undefined)
      return this.#refuse(
        "syntax",
        path,
        `expected an anchor \`&${alias.source.slice(0, 60)}\` before this alias, got none`,
      );
    this.targets.set(alias, target.node);
    this.#parts += target.parts;
    this.#aliased += target.parts;
    if (this.#aliased <= aliasedMax) return target.value;
    return this.#refuse("syntax", path, "the text has too many aliases. Write the values out");
  }

  #scalar({ value, source = "" }: Scalar, path: Path): Json {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        this.#findings.warnIfRounded(path, value, source);
        if (Number.isFinite(value)) return value;
        return this.#refuse("wrong_type", path, `expected a number that JSON has, got ${value}`);
      default:
        return value === null || value === undefined
          ? null
          : this.#refuse("wrong_type", path, `expected JSON, got a ${typeof value}`);
    }
  }

  #members(map: YAMLMap, path: Path): Json {
    const members: Record<string, Json> = {};
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : undefined;
      if (name === undefined || name === "__proto__")
        this.#refuse("syntax", path, "expected a text as key, got something else");
      else if (Object.hasOwn(members, name))
        this.#findings.error(
          "duplicate_key",
          [...path, name],
          `the key \`${name}\` appears a second time`,
          offsetOf(key),
        );
      else members[name] = this.plain(value, [...path, name]);
    }
    return members;
  }

  #refuse(code: string, path: Path, message: string): null {
    this.#findings.error(code, path, message);
    return null;
  }
}

function offsetOf(key: unknown): { readonly key: true; readonly at?: number } {
  return isNode(key) && key.range ? { key: true, at: key.range[0] } : { key: true };
}

class YamlPlaces implements Places {
  readonly #contents: Node | null;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #targets: WeakMap<Node, Node>;
  /** Members by map, so that a map of 100,000 tasks is not searched for each problem. */
  readonly #members = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(
    document: Document.Parsed<ParsedNode>,
    source: { readonly text: string; readonly lines: LineCounter; readonly targets: WeakMap<Node, Node> },
  ) {
    this.#contents = document.contents;
    this.#text = source.text;
    this.#lines = source.lines;
    this.#targets = source.targets;
  }

  placeOf(path: Path, { key = false, at }: { readonly key?: boolean; readonly at?: number }): LineAndColumn {
    let node: Node | null = this.#contents;
    let keyNode: unknown = node;
    let whole = true;
    for (const part of path) {
      const next = this.#inside(node, part);
      if (next === undefined) {
        whole = false;
        break;
      }
      [keyNode, node] = next;
    }
    const target = key && whole ? keyNode : (node ?? keyNode);
    // For a duplicate key the offset is known, and belongs to the second one.
    if (key && at !== undefined) return this.#place(at);
    if (!isNode(target) || !target.range) return this.#place(0);
    const [start, end] = target.range;
    if (at === undefined || !whole || key || !isScalar(target)) return this.#place(start);
    return this.#place(insideScalar(this.#text, start, end, String(target.value), at));
  }

  #inside(node: Node | null, part: string | number): readonly [key: unknown, value: Node | null] | undefined {
    const found = isAlias(node) ? this.#targets.get(node) : node;
    if (isSeq(found) && typeof part === "number") {
      const item = found.items[part];
      return isNode(item) ? [item, item] : undefined;
    }
    if (!isMap(found)) return undefined;
    const pair = this.#membersOf(found).get(String(part));
    return pair === undefined ? undefined : [pair.key, isNode(pair.value) ? pair.value : null];
  }

  #membersOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#members.get(map);
    if (known !== undefined) return known;
    const members = new Map<string, Pair>();
    for (const pair of map.items) if (isScalar(pair.key)) members.set(String(pair.key.value), pair);
    this.#members.set(map, members);
    return members;
  }

  #place(offset: number): LineAndColumn {
    return placeIn(this.#lines, offset);
  }
}

function placeIn(lines: LineCounter, offset: number): LineAndColumn {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Places of a text that could not be parsed: only offsets. */
function placesOfOffsets(lines: LineCounter): Places {
  return { placeOf: (_path, { at = 0 }) => placeIn(lines, at) };
}

/**
 * Returns the offset in the source of a character of a text. Plain and quoted texts are mapped directly. In
 * folded and escaped ones the words around the place are searched for.
 */
function insideScalar(source: string, start: number, end: number, value: string, at: number): number {
  // One word: line breaks of folded texts are blanks of the value.
  const snippet = /^\S+/.exec(value.slice(at, at + 16))?.[0] ?? "";
  for (const direct of [start + at, start + 1 + at])
    if (snippet !== "" && direct < end && source.startsWith(snippet, direct)) return direct;
  if (snippet === "") return Math.min(start + at, Math.max(start, end - 1));
  // Skips as many equal pieces as precede it in the value.
  let from = start;
  for (
    let before = value.indexOf(snippet);
    before !== -1 && before < at;
    before = value.indexOf(snippet, before + 1)
  ) {
    const found = source.indexOf(snippet, from);
    if (found === -1 || found >= end) return start;
    from = found + 1;
  }
  const found = source.indexOf(snippet, from);
  return found === -1 || found >= end ? start : found;
}
