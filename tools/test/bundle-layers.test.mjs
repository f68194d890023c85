// @ts-check

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { bundle } from "../bundle.mjs";

const run = promisify(execFile);
const names = ["a", "b", "c", "d"];
const textBytes = 100_000;

describe("a bundle in pieces", () => {
  it("has no large file, and runs what is in it in the order of the imports", async (test) => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-layers-"));
    test.after(() => rm(folder, { recursive: true, force: true }));
    for (const name of names)
      await writeFile(
        join(folder, `${name}.mjs`),
        `export const ${name} = "${name.repeat(textBytes)}";\n(globalThis.order ??= []).push("${name}");\n`,
      );
    await writeFile(
      join(folder, "main.mjs"),
      [
        ...names.map((name) => `import { ${name} } from "./${name}.mjs";`),
        `const later = await import("./later.mjs");`,
        `console.log(globalThis.order.join(""), later.length, ${names.map((name) => `${name}.length`).join("+")});`,
      ].join("\n"),
    );
    await writeFile(
      join(folder, "later.mjs"),
      'import { a } from "./a.mjs";\nexport const { length } = a;\n',
    );

    const made = join(folder, "made");
    const files = await bundle({ main: join(folder, "main.mjs") }, made, {
      ...{ sourcemap: false, minify: true, splitting: true },
    });

    const pieces = await readdir(made);
    for (const piece of pieces) assert.ok((await stat(join(made, piece))).size < 3 * textBytes, piece);
    assert.deepEqual(
      pieces.filter((piece) => piece.startsWith("layer-")),
      [],
    );
    assert.equal(files.size, names.length + 2);
    const { stdout } = await run(process.execPath, [join(made, "main.mjs")]);
    assert.equal(stdout.trim(), `abcd ${textBytes} ${names.length * textBytes}`);
  });
});
