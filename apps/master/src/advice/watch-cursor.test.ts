import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Recommendation } from "@tutti/contracts/intelligence/v1";
import { cursorOf, markOf, marksIn } from "./watch-cursor.ts";

const of = (recommendationId: string, title = "") => Recommendation.create({ recommendationId, title });

describe("the cursor of a watch of recommendations", () => {
  const [one, other] = [of("order.cache"), of("mail.cache")];

  it("has the recommendations that the caller has, as they were", () => {
    const marks = marksIn(cursorOf([one, other].map(markOf)), 2);
    assert.deepEqual(
      [one, other, of("order.cache", "changed")].map((each) => marks.has(markOf(each))),
      [true, true, false],
    );
  });

  it("starts with a snapshot if a recommendation is gone, if there are too many, or if the cursor is invalid", () => {
    assert.equal(marksIn(cursorOf([one, other].map(markOf)), 1).size, 0);
    const many = Array.from({ length: 501 }, (_, at) => markOf(of(`order.${at}`)));
    assert.equal(cursorOf(many), "");
    assert.ok(cursorOf(many.slice(1)).length < 4_096);
    assert.equal(marksIn(cursorOf(many.slice(1)), 500).size, 500);
    for (const cursor of ["", "a", "x", "a1234567", `b${markOf(one)}`, `a${markOf(one)}!`])
      assert.equal(marksIn(cursor, 10).size, 0, cursor);
  });
});
