import assert from "node:assert/strict";
import { it } from "node:test";
import { specOf } from "./spec.ts";

for (const [definition, version, expected] of [
  ["order", undefined, undefined],
  ["order", "3", { $case: "label", value: "3" }],
  ["order@3", undefined, { $case: "label", value: "3" }],
  ["order@3", "4", { $case: "label", value: "4" }],
] as const)
  it(`a start of ${definition} with the version ${version} is of the label ${expected?.value}`, () => {
    const { what } = specOf(definition, version === undefined ? {} : { version });
    assert.deepEqual(what, { $case: "definition", value: { name: "order", version: expected } });
  });
