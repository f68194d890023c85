import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { silentValues } from "../completeness.fixture.ts";
import { importServerlessWorkflow, NotImported } from "../index.ts";

const folder = new URL("../../../test/serverless-workflow/", import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8");
const listOf = (file: string) =>
  importServerlessWorkflow(textOf(file)).untranslated.map(({ line, construct }) => `${line} ${construct}`);
const head = "document: {dsl: 1.0.0, namespace: default, name: test, version: 1.0.0}\n";

describe("a workflow of Serverless Workflow", () => {
  const files = readdirSync(folder);
  it("is here in at least ten files", () => assert.ok(files.length >= 10));

  for (const file of files)
    it(`in ${file} is translated or listed, value by value`, () => {
      assert.deepEqual(silentValues(textOf(file), importServerlessWorkflow), []);
    });

  it("lists constructs with their lines", () => {
    assert.deepEqual(listOf("untranslatable.yaml"), [
      "3 schedule: on",
      "5 use",
      "11 task race",
      "15 task any",
      "17 task stream",
      "20 task reduce",
      "22 task secret",
      "24 task mixed",
      "27 task forever",
      "29 task computed",
      "30 task strange",
      "32 task subject",
    ]);
    assert.deepEqual(listOf("http.yaml"), [
      "6 document.tags",
      "9 use",
      "16 find: call",
      "26 do.0.find.metadata",
      "33 do.1.buy.input",
      "36 lookup: call",
      "43 tool: call",
    ]);
  });

  it("emits an event with the source that it names", () => {
    const event = "{source: https://shop.example, type: shop.told, data: {a: 1}}";
    const { documents, untranslated } = importServerlessWorkflow(
      `${head}do: [{tell: {emit: {event: {with: ${event}}}}}]`,
    );
    assert.deepEqual(untranslated, []);
    const text = JSON.stringify(documents[0]);
    assert.match(text, /"with":\{"source":"https:\/\/shop\.example","type":"shop\.told"/);
    for (const name of ["specversion", "id", "source", "type", "time", "data"])
      assert.match(text, RegExp(name));
  });

  it("with a cron expression has a schedule", () => {
    assert.deepEqual(importServerlessWorkflow(textOf("schedule.yaml")).documents[1], {
      ...{
        schedule: "backup-schedule",
        workflow: "backup",
        cron: "0 3 * * 1",
        overlap: "allow",
        timeZone: "UTC",
      },
    });
  });

  for (const [title, text] of [
    ["another version", "document: {dsl: 0.8.0, name: a}\ndo: []"],
    ["another language", `${head}evaluate: {language: js}\ndo: []`],
    ["a task that is not there", `${head}do: [{a: {set: {b: 1}, then: nowhere}}]`],
    ["deep nesting", `${head}do: ${"[".repeat(1_000)}`],
    ["a key that is there twice", `${head}do: []\ndo: []`],
  ] as const)
    it(`with ${title} is refused`, () => {
      assert.throws(() => importServerlessWorkflow(text), NotImported);
    });

  it("with a deeply nested expression lists the task", () => {
    const { untranslated } = importServerlessWorkflow(
      `${head}do: [{a: {set: {b: "\${ ${"(".repeat(200)}1${")".repeat(200)} }"}}}]`,
    );
    assert.deepEqual(
      untranslated.map(({ construct }) => construct),
      ["task a"],
    );
  });
});
