import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { histories, play } from "./histories.fixture.ts";

describe("the history of a durable function", () => {
  for (const [name, history] of histories())
    for (const isHot of history.onlyHot === true ? [true] : [true, false])
      it(`${name}, made by ${isHot ? "one worker" : "a worker per turn"}`, async () => {
        const played = await play(history, isHot);
        assert.equal(played.length, history.turns.length);
        for (const [index, turn] of history.turns.entries()) {
          const { fails: found = [], ...rest } = played[index] ?? {};
          const { fails: messageParts = [], ...expected } = turn;
          assert.deepEqual(rest, expected, `turn ${index + 1}`);
          const message = found.join(" ");
          for (const part of messageParts) assert.ok(message.includes(part), `${message} has ${part}`);
        }
      });
});
