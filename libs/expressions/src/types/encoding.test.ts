import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeType, TypeEncoder } from "./encoding.ts";
import { listOf, mapOf, nullable, objectOf, type Type, types } from "./type.ts";

describe("a type as JSON", () => {
  it("is the same when it is read again", () => {
    const type = objectOf({
      a: types.int,
      b: nullable(types.string),
      c: listOf(mapOf(types.string, types.dyn)),
      d: objectOf({}, types.bool),
    });
    assert.deepEqual(decodeType(JSON.parse(JSON.stringify(new TypeEncoder(100).encode(type)))), type);
    assert.deepEqual(decodeType("nonsense"), types.dyn);
  });

  it("has a limited size even if its parts double at every level", () => {
    let type: Type = types.int;
    for (let level = 0; level < 30; level++) type = objectOf({ l: type, r: type });
    const text = JSON.stringify(new TypeEncoder(10_000).encode(type));
    assert.ok(text.length < 60_000);
  });

  it("shares one limit of size between all types", () => {
    const encoder = new TypeEncoder(3);
    assert.deepEqual(encoder.encode(listOf(types.int)), ["list", "int"]);
    assert.deepEqual(encoder.encode(listOf(types.int)), ["list", "dyn"]);
    assert.deepEqual(encoder.encode(types.int), "dyn");
  });
});
