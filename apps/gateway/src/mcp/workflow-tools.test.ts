import assert from "node:assert/strict";
import { it } from "node:test";
import type { Definition } from "@tutti/rest/types";
import { isTool } from "./workflow-tools.ts";

const definition = (changes: Partial<Definition>) =>
  ({ name: "greet", kind: "tasks", labels: {}, ...changes }) as Definition;

for (const [title, changes, expected] of [
  ["a workflow of a user is a tool", {}, true],
  ["durable code of a user is a tool", { name: "desk", kind: "code" }, true],
  ["the function that runs agents is no tool", { name: "tutti.agent", kind: "code" }, false],
  ["a workflow with the label of the platform is no tool", { labels: { "tutti.internal": "true" } }, false],
  ["an archived workflow is no tool", { archived: true }, false],
] as const)
  it(title, () => assert.equal(isTool(definition(changes)), expected));
