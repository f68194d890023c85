import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Json } from "@tutti/expressions";
import { mergePatched } from "./merge-patch.ts";

/** Appendix A of RFC 7396. */
const table: readonly (readonly [value: string, patch: string, result: string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', "{}"],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', "null", "null"],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ["[1,2]", '{"a":"b","c":null}', '{"a":"b"}'],
  ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ["{}", '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
];

describe("a merge patch", () => {
  for (const [value, patch, result] of table)
    it(`${patch} of ${value} is ${result}, once and twice`, () => {
      const parsedPatch: Json = JSON.parse(patch);
      const patched = mergePatched(JSON.parse(value), parsedPatch);
      assert.equal(JSON.stringify(patched), result);
      assert.equal(JSON.stringify(mergePatched(patched, parsedPatch)), result);
    });
});
