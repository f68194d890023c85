import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Chunk, gather, nothing } from "./chunks.ts";

const chunk = (text: string, given: Partial<Chunk> = {}): Chunk => ({
  chunk: Buffer.from(text).toString("base64"),
  attempt: 1,
  ...given,
});

describe("partial output", () => {
  it("is put together by channel, in the order in which it came", () => {
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

  it("of a later attempt replaces that of earlier ones, which count no more", () => {
    const again = gather(gather(nothing, [chunk("first")]), [chunk("second", { attempt: 2 }), chunk("late")]);
    assert.deepEqual([again.attempt, again.channels.get("")], [2, "second"]);
  });

  it("shows the end of a very long text, and names the omitted size", () => {
    const { channels, left } = gather(nothing, [chunk("x".repeat(150_000)), chunk("y".repeat(150_000))]);
    assert.equal(channels.get("")?.length, 200_000);
    assert.equal(left, 100_000);
  });

  it("names bytes that are no text, and keeps markup as text", () => {
    const { channels } = gather(nothing, [chunk("<b>"), chunk("\u0001", { mediaType: "image/png" })]);
    assert.equal(channels.get(""), "<b>[1 bytes of image/png]\n");
  });
});
