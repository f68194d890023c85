// @ts-check

// The reference of the Python package: the names of `tutti`, with signatures and docstrings of their sources. It parses
// the text, so that it needs no Python. The synchronous client documents both clients.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const sources = "sdk/python/src/tutti";
/** The modules that users import in addition to `tutti`. */
const modules = ["workflow", "expressions", "testing"];

/** @param {string} root @returns {string} */
export function pythonPage(root) {
  const read = new PythonSources(join(root, sources));
  const main = read.publicNames("__init__.py").filter((name) => !/^(Async|aconnect$)/.test(name));
  const parts = [{ title: "`tutti`", file: "__init__.py", names: main }];
  for (const module of modules) {
    const file = `${module}.py`;
    const before = parts.flatMap(({ names }) => names);
    const names = read.publicNames(file).filter((name) => !before.includes(name));
    parts.push({ title: `\`tutti.${module}\``, file, names });
  }
  const lines = [
    "# Python API",
    "",
    "The exports of the package `tutti`. `AsyncClient`, `AsyncRun` and the others with `Async` have the same methods as `Client` and `Run`,",
    "as coroutines. `aconnect` creates an `AsyncClient`. See [the guide](../guides/python.md).",
  ];
  const listed = new Set(parts.flatMap(({ names }) => names));
  /** @type {Map<string, string>} */
  const reached = new Map();
  for (const { title, file, names } of parts) {
    lines.push("", `## ${title}`);
    for (const name of names) {
      const found = read.find(file, name);
      if (found === undefined) continue;
      lines.push(...shown(found));
      // Options, and types of attributes such as `client.schedules`.
      for (const [, options, type = options ?? ""] of found.text.matchAll(reaching))
        reached.set(type, found.file);
    }
  }
  const others = [...reached].flatMap(([name, file]) =>
    listed.has(name) ? [] : (read.find(file, name) ?? []),
  );
  if (others.length > 0)
    lines.push("", "## Types of arguments and attributes", "", "Not imported by programs.");
  for (const found of others) lines.push(...shown(found));
  return `${lines.join("\n")}\n`;
}

const reaching = /\b([A-Z]\w*Options)\b|^ {4}\w+: ([A-Z]\w*)$/gm;

/** @param {Found} found */
function shown({ name, doc, text }) {
  return [
    "",
    `### \`${name}\``,
    "",
    ...(doc === "" ? [] : [prose(doc), ""]),
    "```python kind=declaration",
    text,
    "```",
  ];
}

/** Converts code of reStructuredText, and leaves out the examples of a docstring. @param {string} doc */
function prose(doc) {
  return (doc.split(/\n*\s*::\n/)[0] ?? "").replaceAll("``", "`").trim();
}

/** @typedef {{ name: string, file: string, doc: string, text: string }} Found */

class PythonSources {
  #root;

  /** @param {string} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {string} file */
  #text(file) {
    return readFileSync(join(this.#root, file), "utf8");
  }

  /**
   * Returns `__all__`, otherwise the names of a module without an underscore.
   *
   * @param {string} file
   * @returns {string[]}
   */
  publicNames(file) {
    const text = this.#text(file);
    const [, listed] = /^__all__ = \[([\s\S]*?)\]/m.exec(text) ?? [];
    const found =
      listed === undefined ? text.matchAll(/^(?:async )?(?:def|class) (\w+)/gm) : listed.matchAll(/"(\w+)"/g);
    return [...new Set([...found].map(([, name = ""]) => name))].filter((name) => !name.startsWith("_"));
  }

  /**
   * Finds the declaration of a name through imports.
   *
   * @param {string} file
   * @param {string} name
   * @returns {Found | undefined}
   */
  find(file, name) {
    const text = this.#text(file);
    const block = blockOf(text, name);
    if (block !== undefined) return { name, file, ...declarationOf(block) };
    const from = importOf(text, file, name);
    if (from === undefined) return undefined;
    const module = [`${from}.py`, join(from, "__init__.py")].find((path) =>
      existsSync(join(this.#root, path)),
    );
    return module === undefined ? undefined : this.find(module, name);
  }
}

/**
 * Returns the path of the module with an imported name.
 *
 * @param {string} text
 * @param {string} file
 * @param {string} name
 */
function importOf(text, file, name) {
  for (const [, module = "", many, one] of text.matchAll(
    /^ *from (\.[\w.]*) import (?:\(([\s\S]*?)\)|(.*))$/gm,
  )) {
    const names = (many ?? one ?? "").split(",").map((each) => each.trim());
    if (!names.includes(name)) continue;
    const [dots = ""] = /^\.+/.exec(module) ?? [];
    const up = "../".repeat(dots.length - 1);
    return normalize(join(dirname(file), up, module.slice(dots.length).replaceAll(".", "/")));
  }
  return undefined;
}

/**
 * Returns the lines of a class or function, with decorators and overloads.
 *
 * @param {string} text
 * @param {string} name
 */
function blockOf(text, name) {
  const lines = text.split("\n");
  const starts = lines.flatMap((line, at) =>
    new RegExp(`^(?:async )?(?:def|class) ${name}\\b`).test(line) ? [at] : [],
  );
  if (starts.length === 0) return undefined;
  return starts.flatMap((start) => {
    let first = start;
    while (/^@/.test(lines[first - 1] ?? "")) first--;
    let last = start + 1;
    while (last < lines.length && !/^[^\s)]/.test(lines[last] ?? "")) last++;
    return lines.slice(first, last);
  });
}

/** Returns signatures and docstrings, without code. @param {string[]} block @returns {{ doc: string, text: string }} */
function declarationOf(block) {
  const isClass = block.some((line) => line.startsWith("class "));
  /** @type {string[]} */
  const lines = [];
  let doc = "";
  for (let at = 0; at < block.length; at++) {
    const line = block[at] ?? "";
    const indent = line.length - line.trimStart().length;
    const isMember = isClass && indent === 4;
    if (
      /^\s*@(property|overload|classmethod|staticmethod|dataclass)/.test(line) &&
      (isMember || indent === 0)
    )
      lines.push(line);
    else if (/^\s*(async )?(def|class) /.test(line) && (isMember || indent === 0)) {
      const [signature, next] = signatureAt(block, at);
      const [text, end] = docstringAt(block, next);
      at = end - 1;
      if (/def _(?!_(init|aenter|enter|await|iter|aiter)__)/.test(signature)) {
        while (/^\s*@/.test(lines.at(-1) ?? "")) lines.pop();
        continue;
      }
      lines.push(signature);
      if (/def __init__/.test(signature)) lines.push(...attributesIn(block.slice(end), signature));
      if (indent === 0) doc ||= text;
      else if (text !== "")
        lines.push(...`"""${text}"""`.split("\n").map((one) => `        ${one}`.trimEnd()));
    } else if (isMember && /^\s*(#:.*|[a-z]\w*: .*)$/.test(line)) lines.push(line);
  }
  return { doc, text: lines.map((line, at) => withEnd(line, lines[at + 1])).join("\n") };
}

/** Adds dots to a signature without a body. @param {string} line @param {string} [next] */
function withEnd(line, next = "") {
  const isSignature = /^\s*(async )?(def|class) [\s\S]*:$/.test(line);
  const indentOf = (/** @type {string} */ text) => text.length - text.trimStart().length;
  return isSignature && indentOf(next) <= indentOf(line) ? `${line} ...` : line;
}

/**
 * Returns the attributes that a constructor sets, with their types.
 *
 * @param {string[]} body @param {string} signature
 */
function attributesIn(body, signature) {
  const end = body.findIndex((line) => /^ {0,4}\S/.test(line));
  return body.slice(0, end === -1 ? undefined : end).flatMap((line) => {
    const [, name, given, value = ""] = /^ {8}self\.([a-z]\w*)(?:: ([^=]+))? = (.*)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const [, made] = /^([A-Z]\w*)\(/.exec(value) ?? [];
    const [, parameter] = new RegExp(`\\b${value.replace(/\W.*/, "")}: ([^,=)]+)`).exec(signature) ?? [];
    const type = given ?? made ?? (/^\w+$/.test(value) ? parameter : undefined);
    return type === undefined ? [] : [`    ${name}: ${type.trim()}`];
  });
}

/** @param {string[]} block @param {number} at @returns {[string, number]} the signature, and the line after it */
function signatureAt(block, at) {
  let depth = 0;
  for (let end = at; end < block.length; end++) {
    for (const sign of block[end] ?? "") depth += "([{".includes(sign) ? 1 : ")]}".includes(sign) ? -1 : 0;
    if (depth === 0 && /:\s*(#.*|\.\.\.)?$/.test(block[end] ?? ""))
      return [
        block
          .slice(at, end + 1)
          .join("\n")
          .replace(/ {2}#.*$/gm, "")
          .replace(/: \.\.\.$/, ":"),
        end + 1,
      ];
  }
  throw new Error(`no end of the signature ${block[at]}`);
}

/** @param {string[]} block @param {number} at @returns {[string, number]} the docstring, and the line after it */
function docstringAt(block, at) {
  const [, first] = /^\s*"""(.*)$/.exec(block[at] ?? "") ?? [];
  if (first === undefined) return ["", at];
  if (first.endsWith('"""')) return [first.slice(0, -3), at + 1];
  let end = at + 1;
  while (end < block.length && !(block[end] ?? "").trimEnd().endsWith('"""')) end++;
  const rest = block.slice(at + 1, end + 1).map((line) => line.trim());
  return [
    [first, ...rest]
      .join("\n")
      .replace(/\n?"""$/, "")
      .trim(),
    end + 1,
  ];
}
