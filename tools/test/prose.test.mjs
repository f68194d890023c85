// @ts-check

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problemsOf } from "../checks/prose.mjs";

describe("the prose check", () => {
  for (const [text, problems] of /** @type {Array<[string, string[]]>} */ ([
    ["The worker retries the task.", []],
    [
      "Whoever changes a pool retries.",
      ['"Whoever": write name the actor: the worker, the server, the user, the caller'],
    ],
    ["The run goes on after a restart.", ['"goes on": write continue, resume, retry']],
    ["The `whoever` field is optional.", []],
    ["See [the guide](whoever.md).", []],
    ["Two facts are here; they need two sentences.", ["a semicolon: write two sentences"]],
    [`${"word ".repeat(31)}.`, ["a sentence of 31 words, at most 30"]],
    [`${"word ".repeat(20)}. ${"word ".repeat(20)}.`, []],
  ]))
    it(`finds ${problems.length === 0 ? "nothing" : problems.join(", ")} in: ${text.slice(0, 40)}`, () => {
      assert.deepEqual(problemsOf(text), problems);
    });

  it("lets a literal separate values with a semicolon", () => {
    assert.deepEqual(problemsOf("text/html; charset=utf-8", "literal"), []);
  });
});
