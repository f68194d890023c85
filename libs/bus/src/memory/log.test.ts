import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkedEvent } from "../event/event.ts";
import { testEvent } from "../testing/fixture.ts";
import { MemoryLog } from "./log.ts";

const event = (bytes = 0) => checkedEvent(testEvent({ namespace: "log", data: new Uint8Array(bytes) }));
const unlimited = { eventsMax: 1_000_000, bytesMax: 1e12, ageMaxMs: 1e12 };

describe("MemoryLog", () => {
  it("numbers events from 1 and finds them by number", () => {
    const log = new MemoryLog(unlimited);
    assert.deepEqual([log.first, log.last], [1, 0]);
    const [one, two] = [event(), event()];
    assert.deepEqual([log.append(one, 0), log.append(two, 0)], [1, 2]);
    assert.deepEqual([log.at(0), log.at(1), log.at(2), log.at(3)], [undefined, one, two, undefined]);
  });

  it("drops the oldest events above the maximum count", () => {
    const log = new MemoryLog({ ...unlimited, eventsMax: 3 });
    for (let count = 0; count < 10; count++) log.append(event(), 0);
    assert.deepEqual([log.first, log.last, log.at(7)], [8, 10, undefined]);
  });

  it("drops the oldest when they are too large together, but never the newest", () => {
    const log = new MemoryLog({ ...unlimited, bytesMax: 10_000 });
    for (let count = 0; count < 5; count++) log.append(event(4_000), 0);
    assert.deepEqual([log.first, log.last], [4, 5]);
    log.append(event(50_000), 0);
    assert.deepEqual([log.first, log.last], [6, 6]);
  });

  it("drops events that are too old, on the next append or call of `retain`", () => {
    const log = new MemoryLog({ ...unlimited, ageMaxMs: 1_000 });
    log.append(event(), 0);
    log.append(event(), 600);
    log.append(event(), 1_500);
    assert.equal(log.first, 2);
    log.retain(9_000);
    assert.deepEqual([log.first, log.last], [3, 3]);
  });

  it("for any length and limit: has exactly the newest", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6_000 }),
        fc.integer({ min: 1, max: 3_000 }),
        (count, eventsMax) => {
          const log = new MemoryLog({ ...unlimited, eventsMax });
          const sample = event();
          for (let appended = 1; appended <= count; appended++) assert.equal(log.append(sample, 0), appended);
          assert.deepEqual([log.first, log.last], [Math.max(1, count - eventsMax + 1), count]);
          assert.equal(log.at(log.first), sample);
          assert.equal(log.at(log.first - 1), undefined);
          assert.equal(log.bytes, Math.min(count, eventsMax) * 600);
        },
      ),
      { numRuns: 20 },
    );
  });
});
