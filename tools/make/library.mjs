// @ts-check

// Creates a library: its public entry, one file with its test, and its place in the order.

import { libraries } from "../checks/house.mjs";
import {
  changeFile,
  compilerOptions,
  enterPackage,
  finish,
  json,
  manifest,
  writeFiles,
} from "./workspace.mjs";

/**
 * @param {string} root
 * @param {string} name
 * @param {string} [below] the library before it in the order. Default: the last one
 */
export async function addLibrary(root, name, below) {
  const folder = `libs/${name}`;
  const made = manifest(name, `The library ${name}`, ["kernel"]);
  const files = {
    [`${folder}/package.json`]: json(made),
    [`${folder}/tsconfig.json`]: compilerOptions(),
    ...sources(name, folder),
  };
  writeFiles(root, files);
  // A planned library is already in the list.
  if (!libraries.includes(name))
    changeFile(root, "tools/checks/house.mjs", (text) => order(text, name, below));
  enterPackage(root, folder, made);
  await finish(root, [...Object.keys(files), "tools/checks/house.mjs"]);
}

/**
 * @param {string} text of house.mjs
 * @param {string} name
 * @param {string} [below]
 */
function order(text, name, below) {
  if (below === undefined) return text.replace(/(export const libraries = \[[^\]]*)\]/, `$1"${name}",]`);
  return text.replace(new RegExp(`(export const libraries = \\[[^\\]]*"${below}",)`), `$1"${name}",`);
}

/**
 * @param {string} name
 * @param {string} folder
 * @returns {Record<string, string>}
 */
function sources(name, folder) {
  const type = name[0]?.toUpperCase() + name.slice(1);
  return {
    [`${folder}/src/index.ts`]: `export { ${type} } from "./${name}.ts";\n`,
    [`${folder}/src/${name}.ts`]: `import type { Clock } from "@tutti/kernel";

/**
 * The start of the library. Time comes from a port, so that a test controls it.
 */
export class ${type} {
  readonly #clock: Clock;
  readonly #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonic();
  }

  /** For how long this has existed. */
  ageMs(): number {
    return this.#clock.monotonic() - this.#sinceMs;
  }
}
`,
    [`${folder}/src/${name}.test.ts`]: `import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { ${type} } from "./${name}.ts";

describe("${type}", () => {
  it("has the age of the time since its creation", () => {
    const time = new VirtualTime();
    const made = new ${type}(time);
    time.advance(1_500);
    assert.equal(made.ageMs(), 1_500);
  });
});
`,
  };
}
