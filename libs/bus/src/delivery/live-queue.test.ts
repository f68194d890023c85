import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkedEvent } from "../event/event.ts";
import { positionOf } from "../event/position.ts";
import { testEvent } from "../testing/fixture.ts";
import { LiveQueue } from "./live-queue.ts";

const event = checkedEvent(testEvent({ namespace: "queue" }));
const handout = (sequence: number) => ({ event, sequence, position: positionOf("log", sequence), before: 0 });

describe("LiveQueue", () => {
  it("keeps the newest events and counts the dropped ones", () => {
    const queue = new LiveQueue(3);
    for (let sequence = 1; sequence <= 5; sequence++)
      assert.equal(queue.push(handout(sequence)), sequence <= 3);
    assert.equal(queue.takeDropped(), 2);
    assert.equal(queue.takeDropped(), 0);
    assert.deepEqual(
      [queue.shift(), queue.shift(), queue.shift(), queue.shift()].map((each) => each?.sequence),
      [3, 4, 5, undefined],
    );
  });

  it("for any pushes and shifts: returns each event in order, or counts it as dropped", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.boolean(), { maxLength: 200 }),
        (most, steps) => {
          const queue = new LiveQueue(most);
          let pushed = 0;
          let last = 0;
          for (const push of steps) {
            if (push) {
              queue.push(handout(++pushed));
              assert.ok(queue.size <= most);
              continue;
            }
            const dropped = queue.takeDropped();
            const event = queue.shift();
            if (event === undefined) assert.equal(last + dropped, pushed);
            else assert.equal(event.sequence, last + dropped + 1);
            last = event?.sequence ?? pushed;
          }
        },
      ),
    );
  });
});
