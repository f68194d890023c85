import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorIn, OutputText } from "./logs.ts";

const chunk = (text: string | Buffer, more: object = {}) => ({
  ...{ attempt: 1, channel: "log", chunk: Buffer.from(text).toString("base64") },
  ...more,
});

describe("the lines of an output", () => {
  it("are assembled from pieces that end anywhere, even within a character", () => {
    const text = new OutputText();
    const euro = Buffer.from("1 €\nrest");
    const lines = [euro.subarray(0, 3), euro.subarray(3)].flatMap((piece) => text.add(chunk(piece)));
    assert.deepEqual(
      [...lines, ...text.rest()],
      [
        { attempt: 1, channel: "log", text: "1 €" },
        { attempt: 1, channel: "log", text: "rest" },
      ],
    );
    assert.deepEqual(text.rest(), []);
  });

  it("are separated by channel, and a later attempt replaces the unfinished line of an earlier attempt", () => {
    const text = new OutputText();
    text.add(chunk("open", { channel: "stdout" }));
    text.add(chunk("lost"));
    const lines = text.add(chunk("new\n", { attempt: 2 }));
    assert.deepEqual(
      [...lines, ...text.rest()],
      [
        { attempt: 2, channel: "log", text: "new" },
        { attempt: 1, channel: "stdout", text: "open" },
      ],
    );
  });

  it("show the size of content that is not text", () => {
    const [line] = new OutputText().add(chunk("123", { mediaType: "image/png" }));
    assert.equal(line?.text, "(3 bytes of image/png)");
  });
});

describe("the error of an event", () => {
  it("has its code once", () => {
    const textOf = (code: string, message: string) => errorIn({ error: { code, message } });
    assert.equal(textOf("ENOENT", "ENOENT: no such file"), "ENOENT: no such file");
    assert.equal(textOf("Error", "card declined"), "Error: card declined");
    assert.equal(textOf("timeout", ""), "timeout");
    assert.equal(errorIn({}), "");
  });
});
