import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Failure } from "../command/failure.ts";
import { isFileName, readDefinition } from "./definition-file.ts";

describe("a file of a definition", () => {
  for (const file of ["order.ts", "order.mts", "order.js", "order.cjs", "order.tsx"])
    it(`${file} is a program: one error that says what to do, and not one for each line`, async () => {
      assert.ok(isFileName(file, { isFile: () => false }));
      const readText = async () => "import x from 'y';";
      await assert.rejects(readDefinition(file, { readText }), (error) => {
        assert.ok(error instanceof Failure);
        assert.match(error.message, /is a program\. This command reads YAML and JSON\.$/);
        assert.deepEqual(error.next.at(-1), [
          "tutti dev",
          "registers the workflow modules of the current folder",
        ]);
        return true;
      });
    });

  it("YAML and JSON are read in their format", async () => {
    const readText = async () => "{}";
    for (const [file, format] of [
      ["a.yaml", "yaml"],
      ["a.yml", "yaml"],
      ["a.JSON", "json"],
      ["-", "yaml"],
    ] as const)
      assert.equal((await readDefinition(file, { readText })).format, format);
  });
});
