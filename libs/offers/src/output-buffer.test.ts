import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OutputBuffer } from "./output-buffer.ts";

const key = { namespace: "default", kind: "run", id: "r" };
const piece = (index: number, text = "x") => ({
  ...{ token: new Uint8Array(16), index, chunk: Buffer.from(text), channel: "", mediaType: "" },
});
const start = { attempt: 0, index: 0 };

describe("partial outputs", () => {
  it("are returned from a position on, once each, in order", () => {
    const buffer = new OutputBuffer();
    for (const index of [0, 1, 1, 0, 2]) buffer.add(key, "a", 1, piece(index));
    assert.deepEqual(
      buffer.from(key, "a", start).map(({ index }) => index),
      [0, 1, 2],
    );
    assert.deepEqual(
      buffer.from(key, "a", { attempt: 1, index: 2 }).map(({ index }) => index),
      [2],
    );
    assert.equal(buffer.hasMore(key, "a", { attempt: 1, index: 3 }), false);
    assert.equal(buffer.hasMore(key, "a", { attempt: 1, index: 2 }), true);
    assert.equal(buffer.hasMore(key, "b", start), false);
  });

  it("of a later attempt replace those of an earlier attempt, and late pieces are dropped", () => {
    const buffer = new OutputBuffer();
    buffer.add(key, "a", 1, piece(0, "old"));
    buffer.add(key, "a", 2, piece(0, "new"));
    buffer.add(key, "a", 1, piece(1, "late"));
    assert.deepEqual(
      buffer.from(key, "a", { attempt: 1, index: 1 }).map(({ chunk }) => Buffer.from(chunk).toString()),
      ["new"],
    );
  });

  it("stay below their limits: the oldest pieces are removed first, then the tasks without recent output", () => {
    const buffer = new OutputBuffer({ taskBytesMax: 1_000, bytesMax: 2_500 });
    for (const task of ["a", "b", "c"])
      for (let index = 0; index < 10; index++) buffer.add(key, task, 1, piece(index, "x".repeat(100)));
    assert.deepEqual(buffer.from(key, "a", start), []);
    assert.deepEqual(
      buffer.from(key, "c", start).map(({ index }) => index),
      [7, 8, 9],
    );
    assert.ok(buffer.bytes <= 2_500);
  });
});
