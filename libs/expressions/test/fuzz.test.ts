import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileData, compileExpression, compileTemplate, type Json, scopeOf, types } from "../src/index.ts";
import { casesOf } from "./conformance.fixture.ts";

const scope = scopeOf({
  input: types.dyn,
  count: types.int,
  name: types.string,
  "tasks.a.output": types.dyn,
});
const stepsMax = 5_000;

const words = fc.constantFrom(
  ..."input count name tasks.a.output x .a .b [0] ['k'] ( ) [ ] { } , : ? + - * / % == != < <= in && || ! 1 2.5 3u 'a' b'z' null true has(input.a) size map filter all exists .map(x, .filter(x, .all(x, .size() matches 'a+' timestamp duration int string lists.range math.greatest .split(',') cel.bind(x, ${{ }} \\ ` \" ' \n // 1e9 9223372036854775807".split(
    " ",
  ),
);
const soup = fc.array(words, { maxLength: 20 }).map((parts) => parts.join(" "));

/**
 * Compiles and evaluates a text. Fails if anything throws, a problem has no place, or the limit of steps is exceeded.
 */
function survives(text: string, input: Json): void {
  for (const compiled of [
    compileExpression(text, scope),
    compileTemplate(`a ${text} b`, scope),
    compileData([text], scope),
  ]) {
    if (!compiled.ok) {
      assert.ok(compiled.problems.length > 0);
      for (const { at, message } of compiled.problems) {
        assert.ok(at >= 0 && at <= text.length + 4, `the place ${at} is in the text`);
        assert.ok(message.length > 0 && message.length < 4_000, "a message says something");
      }
      continue;
    }
    const evaluation = compiled.program.evaluate(() => input as never, { stepsMax });
    assert.ok(evaluation.stepsUsed <= stepsMax);
    if (evaluation.ok) JSON.stringify(evaluation.value);
    else assert.ok(evaluation.problem.line >= 1 && evaluation.problem.column >= 1);
  }
}

describe("any text as an expression", () => {
  it("compiles or has a located problem, and ends within its steps", () => {
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ maxLength: 60 })), fc.jsonValue(), (text, input) =>
        survives(text, input as Json),
      ),
      { numRuns: 2_000, seed: 4 },
    );
  });

  it("and so does every official case with a part replaced by a part of another case", () => {
    const cases = [
      "basic",
      "macros",
      "macros2",
      "lists",
      "string",
      "fields",
      "timestamps",
      "conversions",
    ].flatMap((suite) => casesOf(suite).map(({ expression }) => expression));
    const anyCase = fc.constantFrom(...cases);
    fc.assert(
      fc.property(anyCase, anyCase, fc.nat(), fc.nat(), fc.nat(), (a, b, from, to, insertAt) => {
        const start = from % (a.length + 1);
        const end = start + (to % (a.length - start + 1));
        survives(a.slice(0, start) + b.slice(insertAt % (b.length + 1)) + a.slice(end), {
          a: [1, "b", null],
        });
      }),
      { numRuns: 3_000, seed: 4 },
    );
  });
});
