import assert from "node:assert/strict";
import { it } from "node:test";
import { definitionNamed } from "./definition.ts";

it("a definition is named with a label, a hash or the start of one, which is sent as a label", () => {
  const hash = "0123abcd".repeat(8);
  assert.deepEqual(definitionNamed("order"), { name: "order" });
  assert.deepEqual(definitionNamed("order@latest"), { name: "order", label: "latest" });
  assert.deepEqual(definitionNamed(`order@${hash}`), { name: "order", hash });
  assert.deepEqual(definitionNamed("order@0123abcd"), { name: "order", label: "0123abcd" });
});
