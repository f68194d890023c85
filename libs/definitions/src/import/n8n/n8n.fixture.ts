/** Files with one node of n8n, and what its translation computes. */
import assert from "node:assert/strict";
import { compileTemplate, type Json, scopeOf, types } from "@tutti/expressions";
import { importN8n } from "../index.ts";

export type Parameters = { readonly [key: string]: unknown };

export function textOf(type: string, typeVersion: number, parameters: Parameters): string {
  const nodes = [
    { name: "Go", type: "n8n-nodes-base.manualTrigger", typeVersion: 1 },
    { name: "Node", type: `n8n-nodes-base.${type}`, typeVersion, parameters },
  ];
  const connections = { Go: { main: [[{ node: "Node", type: "main", index: 0 }]] } };
  return JSON.stringify({ name: "Older", nodes, connections }, null, 1);
}

/** Imports a node, and returns what its expressions compute for the input of the run. */
export function resultOf(type: string, typeVersion: number, parameters: Parameters, input: Json): unknown {
  const { documents, untranslated } = importN8n(textOf(type, typeVersion, parameters));
  const refused = untranslated.find(({ reason }) => reason.endsWith("The run fails here"));
  if (refused !== undefined) return refused.reason;
  const { set } = (documents[0] as { tasks: { node: { set: string | string[] } } }).tasks.node;
  const scope = scopeOf({ input: types.dyn });
  const results = [set].flat().map((text) => {
    const compiled = compileTemplate(text, scope);
    assert.ok(compiled.ok, JSON.stringify(compiled));
    const result = compiled.program.evaluate(() => input);
    return result.ok ? JSON.parse(JSON.stringify(result.value)) : result.problem.message;
  });
  return typeof set === "string" ? results[0] : results;
}
