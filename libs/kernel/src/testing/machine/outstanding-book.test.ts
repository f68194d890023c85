import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OutstandingBook } from "./outstanding-book.ts";

describe("what is outstanding", () => {
  it("may be wanted otherwise under the same attempt, as long as it is outstanding", () => {
    const book = new OutstandingBook(() => "here");
    book.effect(1, 2, { priority: 1 });
    book.effect(1, 2, { priority: 9 });
    assert.deepEqual(book.effects, [{ number: 1, attempt: 2, effect: { priority: 9 } }]);
    book.settled(1);
    assert.throws(() => book.effect(1, 2, { priority: 9 }), /in an attempt above 2/);
    book.effect(1, 3, {});
  });
});
