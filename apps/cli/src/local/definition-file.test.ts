import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Failure } from "../command/failure.ts";
import { isFileName, readDefinition } from "./definition-file.ts";

describe("a file of a definition", () => {
  for (const file of ["order.ts", "order.mts", "order.js", "order.cjs", "order.tsx"])
    it(`${file} is a program: fails with one error and its remedy, not with one error per line`, async () => {
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

describe("a word for a file or a registered workflow", () => {
  for (const [arg, isFile, reason] of [
    ["order", false, "a file of the name of a workflow does not replace it"],
    ["shop.order", false, "a name with a dot"],
    ["order@stable", false, "a version of a workflow"],
    ["./order", true, "a path"],
    ["order.yaml", true, "an ending of definitions"],
    ["order.YML", true, "an ending in capitals"],
    ["-", true, "standard input"],
    ["Order", true, "no name of a workflow"],
  ] as const)
    it(`\`${arg}\` is ${isFile ? "a file" : "a workflow"}, even if such a file exists: ${reason}`, () => {
      assert.equal(isFileName(arg, { isFile: () => true }), isFile);
    });

  it("is a workflow if no such file is there", () => {
    assert.equal(isFileName("Order", { isFile: () => false }), false);
  });
});
