import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isWorkflowText } from "./workflow-text.ts";

const cases: readonly (readonly [string, "yaml" | "json", string, boolean])[] = [
  ["YAML with tasks", "yaml", "workflow: a\ntasks: {one: {set: 1}}\n", true],
  ["YAML with steps", "yaml", "# first\nworkflow: a\nsteps: {one: {set: 1}}\n", true],
  ["YAML without tasks, which the checker names", "yaml", "workflow: a\ntask: {}\n", true],
  ["YAML that cannot be read", "yaml", "workflow: a\ntasks: {one: {set: [}}\n", true],
  ["YAML in the style of JSON", "yaml", '{"workflow": "a", "tasks": {}}', true],
  [
    "a schedule, which names its workflow",
    "yaml",
    "schedule: nightly\nworkflow: a\ncron: 0 3 * * *\n",
    false,
  ],
  ["YAML with the word deeper down", "yaml", "jobs:\n  workflow: a\n", false],
  ["JSON with tasks", "json", '{"workflow": "a", "tasks": {"one": {"set": 1}}}', true],
  ["JSON with steps", "json", '{\n  "workflow": "a",\n  "steps": {"one": {"set": 1}}\n}', true],
  ["JSON with states", "json", '{"workflow":"a","states":{}}', true],
  ["JSON of a program, with a workflow's name", "json", '{"workflow": "a", "n": 1}', false],
  ["JSON that cannot be read", "json", '{"workflow": "a", "tasks": ', false],
  ["a list", "json", '["workflow", {"workflow": "a"}]', false],
];

describe("isWorkflowText", () => {
  for (const [title, format, text, expected] of cases)
    it(`${expected ? "takes" : "passes over"} ${title}`, () => {
      assert.equal(isWorkflowText({ format, text, fileName: "file" }), expected);
    });

  it("reads a text of blank lines and blanks in linear time", () => {
    for (const text of ["\n".repeat(200_000), " ".repeat(200_000), " \n".repeat(100_000)])
      assert.equal(isWorkflowText({ format: "yaml", text, fileName: "file" }), false);
  });
});
