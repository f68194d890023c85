import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawSparkline } from "./sparkline.ts";

describe("a sparkline", () => {
  it("scales to the greatest value, with gaps for missing values", () => {
    assert.equal(drawSparkline([0, 1, 2, undefined, 4, 7, 8]), "▁▂▃ ▅██");
    assert.equal(drawSparkline([-1, 0, 1]), "▁▅█");
  });

  it("is flat if all values are zero, and empty without values", () => {
    assert.equal(drawSparkline([0, 0]), "▁▁");
    assert.equal(drawSparkline([undefined]), " ");
    assert.equal(drawSparkline([]), "");
  });
});
