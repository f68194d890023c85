import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Chunk, gather, nothing } from "./chunks.ts";

const chunk = (text: string, changes: Partial<Chunk> = {}): Chunk => ({
  chunk: Buffer.from(text).toString("base64"),
  attempt: 1,
  ...changes,
});

describe("partial output", () => {
  it("is joined by channel, in order of arrival", () => {
    const { channels } = gather(gather(nothing, [chunk("Hel"), chunk("oops", { channel: "err" })]), [
      chunk("lo ♪"),
    ]);
    assert.deepEqual(
      [...channels],
      [
        ["", "Hello ♪"],
        ["err", "oops"],
      ],
    );
  });

  it("of a later attempt replaces earlier output, and late output of earlier attempts is ignored", () => {
    const second = gather(gather(nothing, [chunk("first")]), [
      chunk("second", { attempt: 2 }),
      chunk("late"),
    ]);
    assert.deepEqual([second.attempt, second.channels.get("")], [2, "second"]);
  });

  it("shows the end of a very long text, and names the omitted size", () => {
    const { channels, dropped } = gather(nothing, [chunk("x".repeat(150_000)), chunk("y".repeat(150_000))]);
    assert.equal(channels.get("")?.length, 200_000);
    assert.equal(dropped, 100_000);
  });

  it("shows binary data as its size and media type, and keeps markup as text", () => {
    const { channels } = gather(nothing, [chunk("<b>"), chunk("\u0001", { mediaType: "image/png" })]);
    assert.equal(channels.get(""), "<b>[1 bytes of image/png]\n");
  });
});
