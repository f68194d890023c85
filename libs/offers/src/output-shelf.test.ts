import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OutputShelf } from "./output-shelf.ts";

const key = { namespace: "default", kind: "run", id: "r" };
const piece = (index: number, text = "x") => ({
  ...{ token: new Uint8Array(16), index, chunk: Buffer.from(text), channel: "", mediaType: "" },
});
const start = { attempt: 0, index: 0 };

describe("partial outputs", () => {
  it("are given from a place on, once each, in order", () => {
    const shelf = new OutputShelf();
    for (const index of [0, 1, 1, 0, 2]) shelf.add(key, "a", 1, piece(index));
    assert.deepEqual(
      shelf.from(key, "a", start).map(({ index }) => index),
      [0, 1, 2],
    );
    assert.deepEqual(
      shelf.from(key, "a", { attempt: 1, index: 2 }).map(({ index }) => index),
      [2],
    );
    assert.equal(shelf.hasMore(key, "a", { attempt: 1, index: 3 }), false);
    assert.equal(shelf.hasMore(key, "a", { attempt: 1, index: 2 }), true);
    assert.equal(shelf.hasMore(key, "b", start), false);
  });

  it("of a later attempt replace those before, and late pieces of an earlier one are nothing", () => {
    const shelf = new OutputShelf();
    shelf.add(key, "a", 1, piece(0, "old"));
    shelf.add(key, "a", 2, piece(0, "new"));
    shelf.add(key, "a", 1, piece(1, "late"));
    assert.deepEqual(
      shelf.from(key, "a", { attempt: 1, index: 1 }).map(({ chunk }) => Buffer.from(chunk).toString()),
      ["new"],
    );
  });

  it("take no more room than they may: the oldest pieces go, then the most silent tasks", () => {
    const shelf = new OutputShelf({ taskBytesMax: 1_000, bytesMax: 2_500 });
    for (const task of ["a", "b", "c"])
      for (let index = 0; index < 10; index++) shelf.add(key, task, 1, piece(index, "x".repeat(100)));
    assert.deepEqual(shelf.from(key, "a", start), []);
    assert.deepEqual(
      shelf.from(key, "c", start).map(({ index }) => index),
      [7, 8, 9],
    );
    assert.ok(shelf.bytes <= 2_500);
  });
});
