// What the run before made and is still good, so that a change of one contract costs no more than that contract.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const listName = ".reuse.json";

/**
 * Remembers, beside the generated files, from what each was made and what came out. A file is taken again only while
 * both hold: its sources are the same, and nobody has changed it since.
 */
export class Reuse {
  #before;
  #now = {};
  #folder;

  /** @param folder where the run before wrote; without one nothing is taken again */
  constructor(folder) {
    this.#folder = folder;
    this.#before = folder === undefined ? {} : readList(join(folder, listName));
  }

  /** The content of a file made from the same sources before, or undefined. */
  take(path, key) {
    const before = this.#before[path];
    if (before?.key !== key) return undefined;
    const content = readText(join(this.#folder, path));
    if (content === undefined || hash(content) !== before.content) return undefined;
    this.#now[path] = before;
    return content;
  }

  keep(path, key, content) {
    this.#now[path] = { key, content: hash(content) };
  }

  /** The list for the next run, as one more generated file. */
  file() {
    return [
      listName,
      `${JSON.stringify(this.#now, Object.keys(this.#now).sort().concat("key", "content"), 1)}\n`,
    ];
  }
}

export function hash(...parts) {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part).update("\0");
  return sum.digest("base64url");
}

function readList(file) {
  try {
    return JSON.parse(readText(file) ?? "{}");
  } catch {
    return {};
  }
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
