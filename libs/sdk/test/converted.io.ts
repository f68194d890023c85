import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { checkText, type Definition, printTypeScript } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";

const root = join(import.meta.dirname, "../../..");
const compiler = join(root, "node_modules/typescript/bin/tsc");

describe("definitions converted to TypeScript", () => {
  // In this package, imports of @tutti/sdk resolve as in the package of a user.
  let folder: string;
  const definitions = new Map<string, Definition>();

  before(() => {
    folder = mkdtempSync(join(import.meta.dirname, "converted-"));
    for (const path of globSync("examples/{workflows/*,demonstration}/*.yaml", { cwd: root })) {
      const text = readFileSync(join(root, path), "utf8");
      if (!/^workflow:/m.test(text)) continue;
      const { definition, problems } = checkText({ format: "yaml", text, fileName: path });
      assert.ok(definition, `${path}: ${problems[0]?.message}`);
      const name = path.replaceAll(/\W/g, "-");
      definitions.set(`${name}.ts`, definition);
      writeFileSync(join(folder, `${name}.ts`), printTypeScript(definition.document as unknown as Json));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it("run, and produce the same document", async () => {
    assert.ok(definitions.size > 20);
    for (const [file, { document }] of definitions) {
      const converted = await import(pathToFileURL(join(folder, file)).href);
      assert.deepEqual(converted.default, document, file);
    }
  });

  it("pass the type check", () => {
    const extended = join(root, "tsconfig.base.json");
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: extended, include: ["*.ts"] }));
    execFileSync(process.execPath, [compiler, "-p", folder, "--noEmit"], { encoding: "utf8", stdio: "pipe" });
  });
});
