import assert from "node:assert/strict";
import { it } from "node:test";
import type { Json } from "@tutti/expressions";
import { seededChance } from "@tutti/kernel/testing";
import fc from "fast-check";
import {
  type CheckedDefinition,
  checkDocument,
  checkText,
  PlanPrograms,
  printDefinition,
} from "../src/index.ts";
import { documents } from "./documents.fixture.ts";
import { definitionOf, everything, machine } from "./language.fixture.ts";
import { mutated } from "./mutations.fixture.ts";

const stepsMax = 200_000;
const evaluationStepsMax = 10_000;

/**
 * Checks that every result is a plan or errors with places, within the limit of steps, and that every plan
 * can be evaluated.
 */
function survives({ definition, problems, stepCount }: CheckedDefinition, text?: string): void {
  assert.ok(stepCount <= stepsMax + 20_000, `${stepCount} steps`);
  const errors = problems.filter(({ severity }) => severity === "error");
  assert.equal(definition === undefined, errors.length > 0, "either a definition, or errors");
  const lines = text === undefined ? 0 : text.split("\n").length;
  for (const { line, column, message } of problems) {
    assert.ok(message.length > 0 && message.length < 5_000);
    if (text !== undefined)
      assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column} is in the text: ${message}`);
  }
  if (definition?.plan === undefined) return;
  const programs = new PlanPrograms(definition.plan);
  for (const number of definition.plan.programs.keys()) {
    const { stepsUsed } = programs.program(number).evaluate(() => null, { stepsMax: evaluationStepsMax });
    assert.ok(stepsUsed <= evaluationStepsMax);
  }
}

/** Cuts, duplicates and swaps parts of a text, and inserts unusual ones. */
function torn(text: string, seed: number): string {
  const chance = seededChance(seed);
  const pick = (count: number): number => Math.floor(chance.random() * count);
  const strange = [
    "${{",
    "}}",
    "\t",
    "\n",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "&a ",
    "*a",
    "|",
    ">-",
    "#",
    "!x ",
    "\u0000",
    "é",
    "  ",
    "9".repeat(30),
    "a".repeat(300),
  ];
  let result = text;
  for (let times = 1 + pick(4); times > 0; times--) {
    const from = pick(result.length + 1);
    const to = Math.min(result.length, from + pick(30));
    const piece = [
      strange[pick(strange.length)] ?? "",
      "",
      result.slice(from, to).repeat(2),
      result.slice(pick(result.length + 1)).slice(0, 20),
    ][pick(4)];
    result = result.slice(0, from) + piece + result.slice(to);
  }
  return result;
}

/** Tests with a share of ten thousand invalid definitions: documents and texts, generated and torn. */
export function fuzz(share: number): void {
  const good = [everything, machine].map((text) => definitionOf(text).document as unknown as Json);
  const some = 3_000 * share;
  const texts = 2_000 * share;

  it(`${some} good documents with parts changed`, () => {
    for (let seed = 0; seed < some; seed++)
      survives(checkDocument(mutated(good[seed % good.length] ?? null, seed), { stepsMax }));
  });

  it(`${some} generated documents with parts changed`, () => {
    fc.assert(
      fc.property(documents, fc.nat(), (document, seed) =>
        survives(checkDocument(mutated(document, seed), { stepsMax })),
      ),
      { numRuns: some, seed: 4 },
    );
  });

  it(`${texts} torn texts of YAML`, () => {
    for (let seed = 0; seed < texts; seed++) {
      const text = torn(seed % 2 === 0 ? machine : everything, seed);
      survives(checkText({ format: "yaml", text, fileName: "a.yaml" }, { stepsMax }), text);
    }
  });

  it(`${texts} torn texts of JSON`, () => {
    const printed = good.map((document) => printDefinition(document, "json"));
    for (let seed = 0; seed < texts; seed++) {
      const text = torn(printed[seed % printed.length] ?? "", seed);
      survives(checkText({ format: "json", text, fileName: "a.json" }, { stepsMax }), text);
    }
  });
}
