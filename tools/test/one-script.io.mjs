// @ts-check

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { bundle } from "../bundle.mjs";
import { treeOf } from "./tree.mjs";

const run = promisify(execFile);
const printed = "evaluated once\n4 4 named CommonJS / hello true true await import(process.argv[1])\n";
const stacks = pathToFileURL(join(import.meta.dirname, "..", "stacks.mjs")).href;

const sources = {
  "shared.ts": `
export let count = 0;
export function add(): void { count += 1; }
export function fail(): never { throw new Error("on purpose"); }
`,
  "common.cjs": `module.exports = { kind: "CommonJS" };\n`,
  "once.ts": `console.log("evaluated once");\n`,
  "second.ts": `import "./once.ts";\n`,
  "part.ts": `
import "./once.ts";
import { add, count, fail } from "./shared.ts";
export default function addTwice(): number { add(); add(); return count; }
export const named = "named";
export { fail };
`,
  "main.ts": `
import { add, count } from "./shared.ts";
import common from "./common.cjs";
import { existsSync, readdirSync } from "node:fs";
const isKept = (): boolean => readdirSync(import.meta.dirname).some((name) => name.endsWith(".code"));
const [word = ""] = process.argv.slice(2);
const program = "await import(process.argv[1])";
add();
async function main(): Promise<void> {
  if (word === "stay") {
    while (!isKept()) await new Promise((done) => setTimeout(done, 20));
    return;
  }
  await import("./second.ts");
  const part = await import("./part.ts");
  if (word === "fail") part.fail();
  const { sep } = await import("node:path");
  const other = await import(new URL(word, import.meta.url).href);
  console.log(part.default(), count, part.named, common.kind, sep, other.greeting, existsSync(import.meta.filename), program);
}
void main();
`,
};

/** @param {import("node:test").TestContext} t */
async function bundled(t) {
  const root = treeOf(t, sources);
  const folder = join(root, "out");
  const entries = { main: join(root, "main.ts"), shared: join(root, "shared.ts") };
  await bundle(entries, folder, { minify: true, splitting: true, oneScript: true });
  writeFileSync(
    join(folder, "other.mjs"),
    'import { add, count } from "./shared.mjs"; add(); export const greeting = `hello ${count === 1}`;\n',
  );
  const start = (/** @type {string[]} */ ...words) =>
    run(process.execPath, ["--import", stacks, join(folder, "main.mjs"), ...words]);
  return { folder, start };
}

describe("a bundle that starts from one script", () => {
  it("loads parts on first use, modules of Node and of a user, and shares its own modules with them", async (t) => {
    const { folder, start } = await bundled(t);
    const { stdout } = await start("./other.mjs");
    assert.equal(stdout, printed);
    const names = readdirSync(folder).filter((name) => !name.endsWith(".map"));
    assert.equal(names.filter((name) => /^part-.*\.cjs$/.test(name)).length, 3, names.join());
    assert.deepEqual(
      names.filter((name) => !name.startsWith("part-")),
      ["main.cjs", "main.mjs", "other.mjs", "shared.mjs"],
    );
  });

  it("keeps its compiled code, and compiles again if the file is damaged", async (t) => {
    const { folder, start } = await bundled(t);
    await start("stay");
    const [code = ""] = readdirSync(folder).filter((name) => name.endsWith(".code"));
    const kept = readFileSync(join(folder, code));
    assert.ok(kept.length > 1_000, `${kept.length} bytes`);
    assert.equal((await start("./other.mjs")).stdout, printed);
    kept[kept.length - 10] = (kept[kept.length - 10] ?? 0) ^ 255;
    for (const damaged of [kept, kept.subarray(0, 5)]) {
      writeFileSync(join(folder, code), damaged);
      assert.equal((await start("./other.mjs")).stdout, printed);
    }
  });

  it("names sources in stacks", async (t) => {
    const { start } = await bundled(t);
    await assert.rejects(start("fail"), (/** @type {{ stderr: string }} */ { stderr }) => {
      assert.match(stderr, /Error: on purpose\n +at Object\.fail \(file:\S+\/shared\.ts:4:39\)\n/);
      assert.match(stderr, /\n +at main \(file:\S+\/main\.ts:\d+:\d+\)/);
      return true;
    });
  });
});
