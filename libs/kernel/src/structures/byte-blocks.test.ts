import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ByteBlocks } from "./byte-blocks.ts";

describe("ByteBlocks", () => {
  it("has texts of any length next to each other", () => {
    const blocks = new ByteBlocks();
    const texts = ["", "ä€𝄞", "\ud800", "a", "x".repeat(300_000), "y".repeat(30_000)];
    texts.push(...Array.from({ length: 30_000 }, (_, number) => `ü${number}`));
    const pieces = texts.map((text) => blocks.textOf(text));
    const read = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
    assert.equal(
      texts.findIndex((text, at) => read(pieces[at]) !== text.toWellFormed()),
      -1,
    );
  });

  it("gives zeroed memory that no other piece has", () => {
    const blocks = new ByteBlocks();
    const pieces = Array.from({ length: 2_000 }, (_, number) => blocks.take(number % 700));
    assert.ok(pieces.every((piece) => piece.every((byte) => byte === 0)));
    for (const [number, piece] of pieces.entries()) piece.fill(number);
    assert.ok(pieces.every((piece, number) => piece.every((byte) => byte === number % 256)));
    assert.deepEqual([blocks.take(0).length, blocks.take(40_000).length], [0, 40_000]);
  });

  it("shares blocks", () => {
    const blocks = new ByteBlocks();
    const memories = new Set(Array.from({ length: 2_000 }, () => blocks.take(200).buffer));
    assert.equal(memories.size, 2);
  });
});
