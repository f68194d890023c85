import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFileName } from "./definition-file.ts";

describe("a word for a file or a registered workflow", () => {
  for (const [word, isFile, why] of [
    ["order", false, "a file of the name of a workflow does not replace it"],
    ["shop.order", false, "a name with a dot"],
    ["order@stable", false, "a version of a workflow"],
    ["./order", true, "a path"],
    ["order.yaml", true, "an ending of definitions"],
    ["order.YML", true, "an ending in capitals"],
    ["-", true, "standard input"],
    ["Order", true, "no name of a workflow"],
  ] as const)
    it(`\`${word}\` is ${isFile ? "a file" : "a workflow"}, also where such a file is there: ${why}`, () => {
      assert.equal(isFileName(word, { isFile: () => true }), isFile);
    });

  it("is a workflow if no such file is there", () => {
    assert.equal(isFileName("Order", { isFile: () => false }), false);
  });
});
