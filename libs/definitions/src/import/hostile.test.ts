/** Hostile files: each importer refuses them by name, or translates them, and terminates. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Imported,
  importAirflow,
  importBpmn,
  importCrontab,
  importGithubActions,
  importMakefile,
  importN8n,
  importServerlessWorkflow,
  importStepFunctions,
  importTemporal,
  NotImported,
} from "./index.ts";

const importers: Readonly<Record<string, (text: string) => Imported>> = {
  ...{ importAirflow, importBpmn, importCrontab, importGithubActions, importMakefile, importN8n },
  ...{ importServerlessWorkflow, importStepFunctions, importTemporal },
};

const aliases = Array.from({ length: 30 }, (_, at) => {
  const inner = at === 0 ? '"lol"' : Array.from({ length: 9 }, () => `*l${at - 1}`).join(", ");
  return `l${at}: &l${at} [${inner}]`;
}).join("\n");
const entities = Array.from(
  { length: 30 },
  (_, at) => `<!ENTITY l${at} "${at === 0 ? "lol" : `&l${at - 1};`.repeat(9)}">`,
).join("");
const repeatedLength = 8_192;
const path = "../../../../etc/cron.d/root";

/** Each of these, repeated, takes exponential time, or the whole stack, in careless parsers. */
const repeated = [
  ...["(", "[", "{", "<a>", "<!--", "'", '"', '"""', "\\", "$(", "${{", "&a ", "*a ", "- ", "? ", ": "],
  " ",
  "\t",
  "\n",
  "\r",
  "\u0000",
  "\ufeff",
  "#",
  "%",
  "*/",
  "0-",
  "1,",
  "a=",
  "a:\n\t",
  "x \\\n",
  "aA",
  "!",
];

const files: Readonly<Record<string, string>> = {
  "a bomb of aliases": `${aliases}\njobs: {a: {steps: [{run: ls}]}}\nStartAt: A\nStates: {A: {Type: Succeed}}`,
  "a bomb of entities": `<?xml version="1.0"?><!DOCTYPE a [${entities}]><definitions>&l29;</definitions>`,
  "an entity of a file":
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><definitions>&b;</definitions>',
  "a text that is too long": "a".repeat(1_048_577),
  "members of the prototype":
    '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}',
  "jobs of the prototype": '{"jobs": {"__proto__": {"steps": [{"run": "ls"}]}, "toString": {"steps": []}}}',
  "a path as a name of jobs": `name: ${path}\njobs: {"${path}": {steps: [{run: ls}]}}`,
  "a path as a name of states": `{"Comment": "${path}", "StartAt": "${path}", "States": {"${path}": {"Type": "Succeed"}}}`,
  "a path as a target": `.PHONY: ${path}\n${path}:\n\tls\n`,
  "a path as a name of nodes": `{"name": "${path}", "nodes": [{"name": "${path}", "type": "${path}"}], "connections": {}}`,
  "a path as a process": `<definitions><process id="${path}" name="${path}"><startEvent id="a"/></process></definitions>`,
  "a path as a document": `document: {dsl: '1.0.0', namespace: a, name: ${path}, version: '1.0.0'}\ndo: [{a: {set: {b: 1}}}]`,
  "a chain of `!`": `jobs: {a: {steps: [{run: ls, if: '${"!".repeat(50_000)}true'}]}}`,
  "a chain of `-` in a node": `{"nodes": [{"name": "a", "type": "n8n-nodes-base.slack", "parameters": {"a": "={{ ${"-".repeat(50_000)}1 }}"}}], "connections": {}}`,
  "a chain of `-` in jq": `document: {dsl: 1.0.1, namespace: a, name: b, version: 1.0.0}\ndo: [{a: {set: {b: '\${ ${"-".repeat(50_000)}1 }'}}}]`,
  "a chain of `//` in jq": `document: {dsl: 1.0.1, namespace: a, name: b, version: 1.0.0}\ndo: [{a: {set: {b: '\${ ${"1//".repeat(50_000)}1 }'}}}]`,
  "a graph that goes in circles": "a: b\nb: a\n.PHONY: a b\n",
};

function tryImport(importer: (text: string) => Imported, text: string): Imported | undefined {
  try {
    return importer(text);
  } catch (error) {
    assert.ok(error instanceof NotImported, `${error}`);
    return undefined;
  }
}

describe("hostile files", { timeout: 120_000 }, () => {
  for (const [name, importer] of Object.entries(importers)) {
    it(`are rejected by ${name}, or become definitions with harmless names`, () => {
      for (const text of Object.values(files)) {
        const { documents = [] } = tryImport(importer, text) ?? {};
        for (const document of documents) {
          assert.ok(typeof document === "object" && document !== null && !Array.isArray(document));
          const { workflow, schedule } = document as Readonly<Record<string, unknown>>;
          assert.match(String(workflow ?? schedule), /^[a-z0-9][a-z0-9_.-]*$/);
        }
        assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
      }
    });

    it(`that repeat one text are processed to the end by ${name}`, () => {
      for (const text of repeated) tryImport(importer, text.repeat(Math.floor(repeatedLength / text.length)));
    });
  }

  it("of aliases and entities are refused, not expanded", () => {
    assert.equal(tryImport(importGithubActions, files["a bomb of aliases"] ?? ""), undefined);
    assert.equal(tryImport(importStepFunctions, files["a bomb of aliases"] ?? ""), undefined);
    for (const name of ["a bomb of entities", "an entity of a file"])
      assert.equal(tryImport(importBpmn, files[name] ?? ""), undefined);
  });
});
