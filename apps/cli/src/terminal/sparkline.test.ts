import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawSparkline } from "./sparkline.ts";

describe("a sparkline", () => {
  it("goes from zero to the greatest value, with gaps", () => {
    assert.equal(drawSparkline([0, 1, 2, undefined, 4, 7, 8]), "▁▂▃ ▅██");
    assert.equal(drawSparkline([-1, 0, 1]), "▁▅█");
  });

  it("is flat where all values are zero, and empty where there are none", () => {
    assert.equal(drawSparkline([0, 0]), "▁▁");
    assert.equal(drawSparkline([undefined]), " ");
    assert.equal(drawSparkline([]), "");
  });
});
