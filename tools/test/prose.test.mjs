// @ts-check

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { checkProse, problemsOf, problemsOfPage } from "../checks/prose.mjs";

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
    [`${"word ".repeat(31)}.`, ["a sentence of 31 words, at most 25"]],
    [`${"word ".repeat(20)}. ${"word ".repeat(20)}.`, []],
  ]))
    it(`finds ${problems.length === 0 ? "nothing" : problems.join(", ")} in: ${text.slice(0, 40)}`, () => {
      assert.deepEqual(problemsOf(text), problems);
    });

  it("bounds the passive sentences of a page, and the length of its sentences", () => {
    const active = ["The worker retries. It sends the result.", "The run waits here. A person approves it."];
    assert.deepEqual(problemsOfPage([...active, "`a` is called once. Runs end."]), [
      "20 % of the sentences are passive, at most 15 %",
    ]);
    assert.deepEqual(problemsOfPage([...active, ...active, "`a` is called once."]), []);
    const long = `${"word ".repeat(17)}end.`;
    assert.deepEqual(problemsOfPage([long, long, long, ...active]), []);
    assert.deepEqual(problemsOfPage([long, long, long, long, ...active]), [
      "half of the sentences have 18 words or more, at most 16",
    ]);
  });

  it("lets a literal separate values with a semicolon", () => {
    assert.deepEqual(problemsOf("text/html; charset=utf-8", "literal"), []);
  });

  it("reads comments with their lists, titles, pages and YAML, but no code in them", (t) => {
    const root = mkdtempSync(join(tmpdir(), "tutti-prose-"));
    t.after(() => rmSync(root, { recursive: true }));
    const files = {
      "libs/a/src/a.ts":
        '// Usage:\n//   nobody --loud\n//\n// 1. The first line\n//    and nobody in the second.\nexport const a = "nobody reads this title";\n',
      "examples/a.yaml": "# Whoever reads.\nid: nobody\n",
      "docs/a.md": "# Page\n\n```sh\nnobody\n```\n\n- an item\n  of nobody\n",
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const places = checkProse(root)
      .map((problem) => problem.split(": ")[0])
      .sort();
    assert.deepEqual(places, ["docs/a.md:7", "examples/a.yaml:1", "libs/a/src/a.ts:4", "libs/a/src/a.ts:6"]);
  });
});
