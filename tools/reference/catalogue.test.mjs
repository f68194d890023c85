import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { catalogueProblems } from "./catalogue.mjs";

/** @param {Function} message @param {string | Function} remedy @param {string} [code] */
const problemsOf = (message, remedy, code = "run.missing") =>
  catalogueProblems(new Map([[code, { message, remedy }]]));

describe("the form of declared errors", () => {
  it("is a message without its full stop, and a remedy with one", () => {
    assert.deepEqual(
      problemsOf(({ id }) => `Run \`${id}\` not found`, "List runs with `tutti list`."),
      [],
    );
    assert.deepEqual(
      problemsOf(
        ({ how }) => `${how}`,
        ({ how }) => how,
      ),
      [],
    );
    assert.deepEqual(
      problemsOf(({ message }) => message, "", "kernel.foreign"),
      [],
    );
  });

  for (const [what, message, remedy, problem] of [
    ["an expectation", ({ id }) => `expected the run ${id}, got none`, "List runs.", /states an expectation/],
    ["a semicolon", () => "not found; list runs", "List runs.", /semicolon/],
    ["a full stop", () => "The run is gone.", "List runs.", /full stop, which is added/],
    ["no remedy", () => "The run is gone", "", /remedy is empty/],
    ["a remedy in lower case", () => "The run is gone", "list runs.", /capital letter/],
    ["a remedy without an end", () => "The run is gone", "List runs", /ends with a full stop/],
  ])
    it(`refuses ${what}`, () => {
      const problems = problemsOf(message, remedy);
      assert.equal(problems.length, 1);
      assert.match(problems[0], problem);
    });
});
