import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { Json } from "@tutti/expressions";
import fc from "fast-check";
import { checkDocument, checkText, printDefinition, printTypeScript } from "../src/index.ts";
import { readBack } from "./conversions.fixture.ts";
import { documents } from "./documents.fixture.ts";
import { definitionOf, everything, machine } from "./language.fixture.ts";

/** Runs the written code, with the builder of this library. */
async function run(documentsAsCode: readonly string[]): Promise<readonly Json[]> {
  const folder = mkdtempSync(join(import.meta.dirname, "written-"));
  try {
    const results: Json[] = [];
    for (const [index, code] of documentsAsCode.entries()) {
      const file = join(folder, `definition-${index}.ts`);
      writeFileSync(file, code);
      const { default: document } = (await import(pathToFileURL(file).href)) as { default: Json };
      results.push(document);
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const builder = "../../src/index.ts";

describe("a definition that is written and read again", () => {
  for (const [name, text] of Object.entries({ everything, machine })) {
    it(`${name}: is the same in YAML, JSON and TypeScript`, async () => {
      const { document, hash } = definitionOf(text);
      for (const format of ["yaml", "json"] as const) {
        const printed = printDefinition(document, format);
        const reparsed = checkText({ format, text: printed, fileName: "again" });
        assert.deepEqual(reparsed.definition?.document, document);
        assert.equal(reparsed.definition?.hash, hash);
      }
      const [built] = await run([printTypeScript(document as unknown as Json, builder)]);
      assert.deepEqual(built, document);
      assert.equal(checkDocument(built ?? null).definition?.hash, hash);
    });
  }

  it("loses no content in YAML or JSON", () => {
    fc.assert(
      fc.property(documents, (document) => {
        assert.deepEqual(readBack(printDefinition(document, "yaml"), "yaml"), document);
        assert.deepEqual(readBack(printDefinition(document, "json"), "json"), document);
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it("loses no content in TypeScript", async () => {
    const some = fc.sample(documents, { numRuns: 15, seed: 4 });
    assert.deepEqual(await run(some.map((document) => printTypeScript(document, builder))), some);
  });

  it("is code that people read", () => {
    const document = definitionOf(
      "workflow: order\ntasks:\n  a: {uses: x, with: {n: 1}}\n  b: {needs: [a], wait: 5m}",
    ).document;
    assert.equal(
      printDefinition(document, "typescript"),
      `import { uses, wait, workflow } from "@tutti/sdk/workflow";

export default workflow("order", {
  tasks: {
    a: uses("x", {
      with: {
        n: 1,
      },
    }),
    b: wait("5m", {
      needs: ["a"],
    }),
  },
});
`,
    );
  });
});
