import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  contentOf,
  displayedBytesMax,
  externalValueOf,
  filesWithin,
  isDisplayable,
} from "./external-value.ts";

const sha256 = "ab".repeat(32);

describe("values that are no plain JSON", () => {
  it("are distinguished from plain JSON", () => {
    assert.deepEqual(externalValueOf({ $blob: { sha256, size: 5 }, mediaType: "text/plain" }), {
      ...{ kind: "blob", sha256, size: 5, mediaType: "text/plain" },
    });
    assert.deepEqual(externalValueOf({ $bytes: "AQ==", mediaType: "image/png" }), {
      ...{ kind: "bytes", base64: "AQ==", mediaType: "image/png" },
    });
    for (const plain of [null, "text", [1], { blob: 1 }, { $blob: "no" }])
      assert.equal(externalValueOf(plain), undefined);
  });

  it("are found within lists and objects, each by its place", () => {
    const file = (size: number) => ({ $blob: { sha256, size }, mediaType: "image/png" });
    const found = filesWithin({ pages: [{ scan: file(1) }, { scan: file(2) }], count: 2, none: null });
    assert.deepEqual(
      found.map(({ name, file: { size } }) => [name, size]),
      [
        ["pages.0.scan", 1],
        ["pages.1.scan", 2],
      ],
    );
    assert.deepEqual(filesWithin("text"), []);
    assert.equal(filesWithin(Array.from({ length: 200 }, () => file(1))).length, 100);
  });

  it("are shown if they are text and not too large", () => {
    assert.equal(isDisplayable({ size: 10, mediaType: "application/json" }), true);
    assert.equal(isDisplayable({ size: 10, mediaType: "image/png" }), false);
    assert.equal(isDisplayable({ size: displayedBytesMax + 1, mediaType: "text/plain" }), false);
  });

  it("are parsed if their media type is JSON and they are valid", () => {
    assert.deepEqual(contentOf('{"a":1}', "application/json"), { a: 1 });
    assert.equal(contentOf("{", "application/json"), "{");
    assert.equal(contentOf("1", "text/plain"), "1");
  });
});
