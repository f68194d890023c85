// @ts-check

// The passed test files and their keys: `npm test -- --affected` leaves out a file with an unchanged key.
//
// 1. The key of a test file is a hash. It covers all files that the file imports or names by a path, directly or not.
//    It also covers the other files of its package (fixtures, golden files), the declared inputs of its package, and
//    the versions of Node and packages. A named folder counts with all its files, except a folder above the file.
// 2. Comments of generated code do not count, because they are comments of the contracts.
// 3. In doubt a file counts as changed: a file that cannot be read has no key.

import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** @typedef {import("./run-files.mjs").Outcome} Outcome */

const source = /\.(ts|tsx|mjs)$/;

export class Passed {
  /** @type {string} */
  #root;
  /** @type {string} */
  #file;
  /** @type {Record<string, string>} test file → key with which it passed */
  #keys;
  /** @type {Map<string, { folder: string, exports: Record<string, string> }>} by name */
  #packages = new Map();
  /** @type {Map<string, string>} */
  #hashes = new Map();
  /** @type {Map<string, string[]>} */
  #imports = new Map();
  /** @type {Map<string, string>} */
  #extras = new Map();

  /** @param {string} root */
  constructor(root) {
    this.#root = root;
    this.#file = join(root, ".cache", "test", "passed.json");
    this.#keys = this.#read();
    const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const file of globSync(
      workspaces.map((/** @type {string} */ one) => `${one}/package.json`),
      { cwd: root },
    )) {
      const { name, exports = {} } = JSON.parse(readFileSync(join(root, file), "utf8"));
      this.#packages.set(name, {
        folder: join(root, dirname(file)),
        exports: typeof exports === "string" ? { ".": exports } : exports,
      });
    }
  }

  /** @param {string} file */
  stillHolds(file) {
    return this.#keys[relative(this.#root, file)] === this.#keyOf(file);
  }

  /**
   * @param {string[]} files that ran
   * @param {Outcome} outcome
   */
  record(files, { failures, incomplete }) {
    const keys = this.#read();
    const failed = new Set(failures.flatMap((failure) => failure.files));
    const isUnclear = incomplete || failures.some((failure) => failure.files.length === 0);
    for (const file of files) {
      const name = relative(this.#root, file);
      if (isUnclear || failed.has(file)) delete keys[name];
      else keys[name] = this.#keyOf(file);
    }
    mkdirSync(dirname(this.#file), { recursive: true });
    const written = `${this.#file}.${process.pid}`;
    writeFileSync(written, `${JSON.stringify(keys, null, 1)}\n`);
    renameSync(written, this.#file);
  }

  /** @returns {Record<string, string>} */
  #read() {
    try {
      return JSON.parse(readFileSync(this.#file, "utf8"));
    } catch {
      return {};
    }
  }

  /** @param {string} file */
  #keyOf(file) {
    const hash = createHash("sha256").update(process.version);
    for (const one of [...this.#closure(file)].sort())
      hash.update(relative(this.#root, one)).update(this.#hashOf(one));
    hash.update(this.#extrasOf(file)).update(this.#hashOf(join(this.#root, "package-lock.json")));
    return hash.digest("base64url").slice(0, 24);
  }

  /** @param {string} file */
  #closure(file) {
    /** @type {Set<string>} */
    const found = new Set();
    const waiting = [file];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      if (found.has(one)) continue;
      found.add(one);
      waiting.push(...this.#importsOf(one));
    }
    return found;
  }

  /** @param {string} file @returns {string[]} */
  #importsOf(file) {
    let imports = this.#imports.get(file);
    if (imports === undefined) {
      imports = source.test(file) ? this.#namesIn(file).flatMap((name) => this.#placesOf(name, file)) : [];
      this.#imports.set(file, imports);
    }
    return imports;
  }

  /** Returns imports and other paths: started programs, read files. @param {string} file */
  #namesIn(file) {
    const text = readFileSync(file, "utf8");
    return [...text.matchAll(/["'`](\.{1,2}\/[^"'`\n$]+|@tutti\/[^"'`\n$]+)["'`]/g)].map(
      ([, name]) => name ?? "",
    );
  }

  /** @param {string} name @param {string} importer @returns {string[]} */
  #placesOf(name, importer) {
    if (name.startsWith(".")) return this.#existing(resolve(dirname(importer), name), importer);
    const [, own = "", rest = ""] = /^(@tutti\/[^/]+)(?:\/(.+))?$/.exec(name) ?? [];
    const found = this.#packages.get(own);
    if (found === undefined) return [];
    const asked = rest === "" ? "." : `./${rest}`;
    for (const [pattern, target] of Object.entries(found.exports)) {
      const [head = "", tail] = pattern.split("*");
      if (tail === undefined ? asked !== head : !(asked.startsWith(head) && asked.endsWith(tail))) continue;
      const middle = tail === undefined ? "" : asked.slice(head.length, asked.length - tail.length);
      return this.#existing(join(found.folder, String(target).replaceAll("*", middle)), importer);
    }
    return [];
  }

  /** @param {string} place @param {string} importer @returns {string[]} the file at this place, or those of the folder */
  #existing(place, importer) {
    if (!existsSync(place)) return [];
    if (statSync(place).isFile()) return [place];
    const isAbove = importer.startsWith(place.endsWith("/") ? place : `${place}/`);
    return isAbove ? [] : this.#filesIn(place, "**/*");
  }

  /** @param {string} file */
  #extrasOf(file) {
    const own = [...this.#packages.values()].find(({ folder }) => file.startsWith(`${folder}/`));
    const folder = own?.folder ?? this.#root;
    let extras = this.#extras.get(folder);
    if (extras === undefined) {
      const { tutti } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const declared = (tutti?.testInputs ?? []).flatMap((/** @type {string} */ pattern) =>
        this.#filesIn(this.#root, pattern),
      );
      const kept = this.#filesIn(folder, "**/*").filter((one) => !source.test(one));
      const hash = createHash("sha256");
      for (const one of [...declared, ...kept].sort())
        hash.update(relative(this.#root, one)).update(this.#hashOf(one));
      extras = hash.digest("base64url");
      this.#extras.set(folder, extras);
    }
    return extras;
  }

  /** @param {string} folder @param {string} pattern */
  #filesIn(folder, pattern) {
    const notOurs = (/** @type {string} */ name) => /(^|\/)(node_modules|generated|dist|\.\w+)$/.test(name);
    return globSync(pattern, { cwd: folder, exclude: notOurs })
      .map((name) => join(folder, name))
      .filter((one) => statSync(one).isFile());
  }

  /** @param {string} file */
  #hashOf(file) {
    let hash = this.#hashes.get(file);
    if (hash === undefined) {
      hash = existsSync(file) ? createHash("sha256").update(contentOf(file)).digest("base64url") : "none";
      this.#hashes.set(file, hash);
    }
    return hash;
  }
}

const generated = /\/generated\/.*\.ts$/;
const comment = /^[ \t]*(\/\*\*.*\*\/|\/\*\*|\*\/|\*(?: .*)?|\/\/.*)\n/gm;

/** @param {string} file */
function contentOf(file) {
  const bytes = readFileSync(file);
  return generated.test(file) ? bytes.toString().replaceAll(comment, "") : bytes;
}
