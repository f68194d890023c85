import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { findNotJson } from "./json.ts";

const cycle: Record<string, unknown> = {};
cycle["again"] = cycle;

class Point {
  x = 1;
}

const wrong: readonly [value: unknown, path: string, found: string][] = [
  [() => 1, "output", "a function"],
  [1n, "output", "a bigint"],
  [Symbol("s"), "output", "a symbol"],
  [Number.POSITIVE_INFINITY, "output", "Infinity"],
  [[1, undefined], "output[1]", "undefined"],
  [{ a: { "b c": [new Map()] } }, 'output.a["b c"][0]', "a Map"],
  [{ when: new Set() }, "output.when", "a Set"],
  [{ bytes: new Uint8Array(3) }, "output.bytes", "bytes"],
  [{ error: new Error("no") }, "output.error", "an Error"],
  [[Promise.resolve()], "output[0]", "a Promise that was not awaited"],
  [{ pattern: /x/ }, "output.pattern", "a RegExp"],
];

describe("an output", () => {
  for (const [value, path, found] of wrong) {
    it(`with ${found} at ${path} is no JSON`, () => {
      assert.deepEqual(findNotJson(value), { path, found });
    });
  }

  it("with a cycle is no JSON", () => {
    const { path, found } = findNotJson(cycle) ?? assert.fail("expected a finding");
    assert.match(found, /a cycle/);
    assert.equal(path, "output.again.again.again.again.again….again.again.again.again.again");
  });

  it("of plain data, dates, fields without a value and objects of classes is JSON", () => {
    for (const value of [
      undefined,
      null,
      "",
      0,
      { a: undefined },
      new Date(0),
      new Point(),
      Object.create(null),
      [[]],
    ])
      assert.equal(findNotJson(value), undefined);
  });

  it("of any JSON value is accepted", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(findNotJson(value), undefined);
      }),
    );
  });
});
