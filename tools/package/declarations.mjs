// @ts-check

// Writes the declarations of a package that bundles several packages of the workspace.
//
// 1. tsc emits a declaration for each source. Types that the entries do not reach are left out.
// 2. An import names the file that declares a type, not the index that re-exports it. So an index does not pull in the
//    rest of its library, and no name of the workspace remains.
// 3. The remaining imports are of the package's own files, Node's modules, and packages that the caller allows. Types
//    of a bundled package are `any`.

import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { workspaceRoot } from "../setup.mjs";

/** @typedef {{ file: string, name: string }} Declared a name and the file that declares it */
/** @typedef {{ start: number, end: number, text: string }} Edit */

/**
 * @param {Record<string, string>} entries sources by name
 * @param {string} out
 * @param {readonly string[]} allowed packages that declarations may import
 * @returns {Record<string, string>} the file of each entry, relative to `out`
 */
export function writeDeclarations(entries, out, allowed) {
  const emitted = mkdtempSync(join(tmpdir(), "tutti-declarations-"));
  try {
    emit(Object.values(entries), emitted);
    return new Declarations(emitted, allowed).write(entries, out);
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

/** @param {string[]} files @param {string} out */
function emit(files, out) {
  const configuration = join(out, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    // The check `types` does it.
    noCheck: true,
    outDir: out,
    rootDir: workspaceRoot,
    // A name of the workspace is a source of this program, not a package from a registry.
    paths: sourcesByName(),
    typeRoots: [join(workspaceRoot, "node_modules", "@types")],
  };
  const settings = { extends: join(workspaceRoot, "tsconfig.base.json"), compilerOptions, files };
  writeFileSync(configuration, JSON.stringify(settings));
  const tsc = join(workspaceRoot, "node_modules", "typescript", "bin", "tsc");
  try {
    execFileSync(process.execPath, [tsc, "-p", configuration], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout = "" } = /** @type {{ stdout?: string }} */ (error);
    throw new Error(`tsc could not emit declarations:\n${stdout}`);
  }
}

/** @returns {Record<string, string[]>} */
function sourcesByName() {
  /** @type {Record<string, string[]>} */
  const found = {};
  for (const file of globSync(["libs/*/package.json", "libs/machines/*/package.json"], {
    cwd: workspaceRoot,
  })) {
    const { name, exports = {} } = JSON.parse(readFileSync(join(workspaceRoot, file), "utf8"));
    for (const [key, source] of Object.entries(exports))
      if (typeof source === "string")
        found[`${name}${key.slice(1)}`] = [join(workspaceRoot, dirname(file), source)];
  }
  return found;
}

/**
 * Files whose comments stay: the API that user programs call or implement. Comments of the contracts would be a
 * sixteenth of the package, and are in the API reference. Other internals are not part of the API.
 */
const documented =
  /^libs\/(sdk|definitions\/src\/(builder|language)|kernel\/src\/(errors|orchestrator|retry))\//;

class Declarations {
  #root;
  #allowed;
  #byName = sourcesByName();
  /** @type {Map<string, Source>} */
  #sources = new Map();

  /** @param {string} root @param {readonly string[]} allowed */
  constructor(root, allowed) {
    this.#root = root;
    this.#allowed = allowed;
  }

  /** @param {Record<string, string>} entries @param {string} out */
  write(entries, out) {
    /** @type {Record<string, string>} */
    const made = {};
    for (const [name, source] of Object.entries(entries)) {
      const file = this.#emitted(source);
      made[name] = placeOf(file);
      for (const exported of this.#exportsOf(file)) this.#want(file, exported, "all");
    }
    for (const source of this.#sources.values()) {
      if (!source.isRequested) continue;
      const target = join(out, placeOf(source.file));
      mkdirSync(dirname(target), { recursive: true });
      // Tabs, because the spaces of tsc would be a hundredth of the package.
      const text = this.#text(source)
        .replace(/^(?: {4})+/gm, (spaces) => "\t".repeat(spaces.length / 4))
        // The texts of errors are in the code and in the reference.
        .replace(/readonly (help|remedy): "(?:[^"\\]|\\.)*";/g, "readonly $1: string;");
      const isReported = documented.test(source.file);
      writeFileSync(target, isReported ? text : text.replaceAll(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, ""));
    }
    return made;
  }

  /** Returns the declaration file of a source, relative to the emitted folder. @param {string} source */
  #emitted(source) {
    const file = relative(workspaceRoot, source).replace(/\.ts$/, ".d.ts");
    if (!existsSync(join(this.#root, file))) throw new Error(`${source}: tsc emitted no declaration of it`);
    return file.split(sep).join("/");
  }

  /** @param {string} file */
  #of(file) {
    const known = this.#sources.get(file) ?? new Source(file, readFileSync(join(this.#root, file), "utf8"));
    this.#sources.set(file, known);
    return known;
  }

  /**
   * @param {string} specifier
   * @param {string} from
   * @returns {string | undefined} a file. Undefined: a package or a module of Node, which stays as it is
   */
  #resolved(specifier, from) {
    const known = this.#of(from).resolved;
    if (!known.has(specifier)) known.set(specifier, this.#resolve(specifier, from));
    return known.get(specifier);
  }

  /** @param {string} specifier @param {string} from */
  #resolve(specifier, from) {
    if (specifier.startsWith(".")) return this.#emitted(resolve(workspaceRoot, dirname(from), specifier));
    const [source] = this.#byName[specifier] ?? this.#byPattern(specifier) ?? [];
    if (source !== undefined) return this.#emitted(source);
    return undefined;
  }

  /** @param {string} specifier */
  #byPattern(specifier) {
    for (const [name, [source = ""]] of Object.entries(this.#byName)) {
      const [before = "", after] = name.split("*");
      if (after === undefined || !specifier.startsWith(before) || !specifier.endsWith(after)) continue;
      return [source.replace("*", specifier.slice(before.length, specifier.length - after.length))];
    }
    return undefined;
  }

  /** @param {string} specifier of a package, or of Node */
  #isAllowed(specifier) {
    const name = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    return specifier.startsWith("node:") || this.#allowed.includes(name);
  }

  /** Returns the names that a file exports. @param {string} file @returns {string[]} */
  #exportsOf(file) {
    const { passedOn, declared, all } = this.#of(file);
    const others = all.flatMap((specifier) => {
      const next = this.#resolved(specifier, file);
      return next === undefined ? [] : this.#exportsOf(next);
    });
    return [...new Set([...passedOn.keys(), ...declared.keys(), ...others])];
  }

  /**
   * Finds the declaration of an exported name: in a file, or in a package.
   *
   * @param {string} file
   * @param {string} name
   * @returns {Declared | undefined}
   */
  #declaredAt(file, name) {
    const { passedOn, declared, all } = this.#of(file);
    const from = passedOn.get(name);
    if (from !== undefined) {
      const next = this.#resolved(from.specifier, file);
      return next === undefined || from.name === "*" ? { file, name } : this.#declaredAt(next, from.name);
    }
    if (declared.has(name)) return { file, name };
    for (const specifier of all) {
      const next = this.#resolved(specifier, file);
      const found = next === undefined ? undefined : this.#declaredAt(next, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Marks the declarations of a name, and all declarations that they refer to.
   *
   * @param {string} file
   * @param {string} name
   * @param {Wanted} requested
   * @returns {void}
   */
  #want(file, name, requested) {
    const source = this.#of(file);
    const found = this.#declaredAt(file, name);
    if (found === undefined) throw new Error(`${file}: no declaration of ${name}`);
    source.isRequested = true;
    if (found.file !== file) {
      source.passes.set(name, found);
      return this.#want(found.file, found.name, requested);
    }
    const all = source.passedOn.get(name);
    const next = all === undefined ? undefined : this.#resolved(all.specifier, file);
    if (next !== undefined) {
      source.passes.set(name, { file: next, name: "*" });
      this.#wantAll(next);
    }
    for (const statement of source.declared.get(name) ?? [])
      if (requested === "all" || !statement.isValue) this.#keep(source, statement);
  }

  /** @param {string} file */
  #wantAll(file) {
    for (const name of this.#exportsOf(file)) this.#want(file, name, "all");
  }

  /**
   * Marks a name at its declaration, behind all re-exports.
   *
   * @param {string} file
   * @param {string} name
   * @param {Wanted} requested
   */
  #wantDeclared(file, name, requested) {
    const found = this.#declaredAt(file, name);
    if (found === undefined) throw new Error(`${file}: no declaration of ${name}`);
    this.#want(found.file, found.name, requested);
  }

  /** @param {Source} source @param {Statement} statement */
  #keep(source, statement) {
    if (source.kept.has(statement)) return;
    source.kept.add(statement);
    source.isRequested = true;
    for (const [name, requested] of statement.mentions) {
      if (source.declared.has(name)) this.#want(source.file, name, requested);
      const imported = source.imported.get(name);
      const known = source.uses.get(name);
      if (imported === undefined || known === "all" || known === requested) continue;
      source.uses.set(name, requested);
      const next = this.#resolved(imported.specifier, source.file);
      if (next === undefined) continue;
      if (imported.name === "*") this.#wantAll(next);
      else this.#wantDeclared(next, imported.name, requested);
    }
    for (const { specifier, name } of statement.imports) {
      const next = this.#resolved(specifier, source.file);
      if (next !== undefined) this.#wantDeclared(next, name, "all");
    }
  }

  /** Returns the kept declarations of a file. @param {Source} source */
  #text(source) {
    const { file, text } = source;
    /** @param {string} target */
    const pathTo = (target) => {
      const from = dirname(placeOf(file));
      const path = relative(from, placeOf(target))
        .split(sep)
        .join("/")
        .replace(/\.d\.ts$/, ".js");
      return path.startsWith(".") ? path : `./${path}`;
    };
    const lines = [];
    for (const name of source.uses.keys()) {
      const { specifier, name: requested } = /** @type {Imported} */ (source.imported.get(name));
      const next = this.#resolved(specifier, file);
      if (next === undefined && !this.#isAllowed(specifier)) {
        lines.push(...opaque(name, requested, source));
        continue;
      }
      const found = next === undefined || requested === "*" ? undefined : this.#declaredAt(next, requested);
      const path = found === undefined ? (next === undefined ? specifier : pathTo(next)) : pathTo(found.file);
      lines.push(`import ${clause(found?.name ?? requested, name)} from "${path}";`);
    }
    for (const [name, found] of source.passes)
      lines.push(`export ${clause(found.name, name)} from "${pathTo(found.file)}";`);
    for (const statement of source.statements) {
      if (!source.kept.has(statement)) continue;
      /** @type {Edit[]} */
      const edits = [];
      for (const { specifier, name, places } of statement.imports) {
        const next = this.#resolved(specifier, file);
        const found = next === undefined ? undefined : this.#declaredAt(next, name);
        if (found === undefined) continue;
        edits.push(
          { ...places.source, text: `"${pathTo(found.file)}"` },
          { ...places.name, text: found.name },
        );
      }
      lines.push(applied(text, statement, edits));
    }
    // Without an export, the names of a file would be global. With one, the file is a module.
    return `${lines.join("\n")}\nexport {};\n`;
  }
}

/**
 * Returns declarations of a name of a bundled package, whose types are not installed: `any`.
 *
 * @param {string} name
 * @param {string} imported
 * @param {Source} source
 * @returns {string[]}
 */
function opaque(name, imported, source) {
  const type = (/** @type {string} */ of) => `type ${of}<A = any, B = any, C = any> = any;`;
  const members = [...source.kept].flatMap(({ members }) => [...members]);
  const own = [...new Set(members.filter((member) => member.startsWith(`${name}.`)))];
  if (own.length === 0 && imported !== "*") return [type(name), `declare const ${name}: any;`];
  return own.flatMap((member) => {
    const path = member.split(".");
    const last = /** @type {string} */ (path.pop());
    // `z.core` of `z.core.$ZodType` is a namespace only.
    if (own.some((other) => other.startsWith(`${member}.`))) return [];
    return [`declare namespace ${path.join(".")} { export ${type(last)} }`];
  });
}

/** @param {string} name @param {string} known */
function clause(name, known) {
  if (name === "*") return `* as ${known}`;
  if (name === "default") return known;
  return `{ ${name === known ? name : `${name} as ${known}`} }`;
}

/**
 * @typedef {"all" | "type"} Wanted only a type, or also a value of the same name
 * @typedef {{ specifier: string, name: string }} Imported
 * @typedef {{ start: number, end: number }} Range
 * @typedef {Imported & { places: { source: Range, name: Range } }} ImportType `import("…").Name`
 * @typedef {object} Statement
 * @property {number} start with its comment
 * @property {number} end
 * @property {string[]} names that it declares
 * @property {boolean} isValue a constant or a function
 * @property {Map<string, Wanted>} mentions
 * @property {ImportType[]} imports
 * @property {Set<string>} members names within names: `z.output`
 */

/** The declarations of one source. */
class Source {
  /** @type {Statement[]} */
  statements = [];
  /** @type {Map<string, Statement[]>} its own declarations */
  declared = new Map();
  /** @type {Map<string, Imported>} */
  imported = new Map();
  /** @type {Map<string, Imported>} its re-exports */
  passedOn = new Map();
  /** @type {string[]} modules that it re-exports as a whole */
  all = [];

  /** @type {Map<string, string | undefined>} */
  resolved = new Map();
  isRequested = false;
  /** @type {Set<Statement>} */
  kept = new Set();
  /** @type {Map<string, Wanted>} */
  uses = new Map();
  /** @type {Map<string, Declared>} */
  passes = new Map();

  /** @param {string} file @param {string} text */
  constructor(file, text) {
    this.file = file;
    this.text = text;
    const { program, errors, comments } = parseSync(file, text);
    if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
    let from = 0;
    for (const node of program.body) {
      const first = comments.find(({ start, end }) => start >= from && end <= node.start);
      this.#read(node, first?.start ?? node.start);
      from = node.end;
    }
  }

  /** @param {import("oxc-parser").Program["body"][number]} node @param {number} start */
  #read(node, start) {
    if (node.type === "ImportDeclaration") {
      for (const each of node.specifiers) {
        const name =
          each.type === "ImportSpecifier"
            ? nameOf(each.imported)
            : each.type === "ImportDefaultSpecifier"
              ? "default"
              : "*";
        this.imported.set(each.local.name, { specifier: node.source.value, name });
      }
    } else if (node.type === "ExportAllDeclaration") {
      if (node.exported === null) this.all.push(node.source.value);
      else this.passedOn.set(nameOf(node.exported), { specifier: node.source.value, name: "*" });
    } else if (node.type === "ExportNamedDeclaration" && node.declaration === null) {
      for (const { local, exported } of node.specifiers) {
        if (node.source === null)
          throw new Error(`${this.file}: an export of ${nameOf(local)} by a list is not supported`);
        this.passedOn.set(nameOf(exported), { specifier: node.source.value, name: nameOf(local) });
      }
    } else this.#declare(node, start);
  }

  /** @param {import("oxc-parser").Program["body"][number]} node @param {number} start */
  #declare(node, start) {
    const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
    /** @type {Statement} */
    const statement = {
      start,
      end: node.end,
      names: namesOf(declaration),
      mentions: new Map(),
      imports: [],
      members: new Set(),
      isValue: /^(VariableDeclaration|TSDeclareFunction|FunctionDeclaration)$/.test(declaration?.type ?? ""),
    };
    // `typeof x`, `extends X` and the symbol in `[x]` are values. Everything else in a declaration is a type.
    let values = 0;
    const value = (/** @type {{ type: string, name?: unknown } | null} */ node) => {
      if (node?.type === "Identifier") statement.mentions.set(String(node.name), "all");
    };
    new Visitor({
      Identifier: ({ name }) => {
        if (values > 0 || !statement.mentions.has(name))
          statement.mentions.set(name, values > 0 ? "all" : "type");
      },
      TSQualifiedName: ({ start, end }) => void statement.members.add(this.text.slice(start, end)),
      TSTypeQuery: () => void values++,
      "TSTypeQuery:exit": () => void values--,
      ClassDeclaration: ({ superClass }) => value(superClass),
      PropertyDefinition: ({ key }) => value(key),
      TSPropertySignature: ({ key }) => value(key),
      TSImportType: ({ source, qualifier }) => {
        if (qualifier?.type !== "Identifier")
          throw new Error(`${this.file}: an import type without a plain name`);
        const places = {
          source: { start: source.start, end: source.end },
          name: { start: qualifier.start, end: qualifier.end },
        };
        statement.imports.push({ specifier: source.value, name: qualifier.name, places });
      },
    }).visit(/** @type {any} */ ({ type: "Program", body: [node] }));
    this.statements.push(statement);
    for (const name of statement.names)
      this.declared.set(name, [...(this.declared.get(name) ?? []), statement]);
  }
}

/** @param {any} declaration @returns {string[]} */
function namesOf(declaration) {
  if (declaration.type === "VariableDeclaration")
    return declaration.declarations.map((/** @type {any} */ { id }) => id.name);
  const name = declaration.id?.name;
  if (name === undefined) throw new Error(`expected a declaration with a name, got ${declaration.type}`);
  return [name];
}

/** @param {any} node an identifier, or a string in place of one */
function nameOf(node) {
  return /** @type {string} */ (node.type === "Literal" ? node.value : node.name);
}

/** @param {string} text @param {Range} range @param {Edit[]} edits */
function applied(text, { start: first, end: last }, edits) {
  let rest = text.slice(first, last);
  for (const { start, end, text: by } of edits.sort((a, b) => b.start - a.start))
    rest = rest.slice(0, start - first) + by + rest.slice(end - first);
  return rest;
}

/** Returns the path in the package: `sdk/worker.d.ts` of `libs/sdk/src/worker.d.ts`. @param {string} file */
function placeOf(file) {
  return file.replace(/^libs\//, "").replace("/src/", "/");
}
