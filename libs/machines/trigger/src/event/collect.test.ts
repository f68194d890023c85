import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StartTriggered } from "../index.ts";
import { codeOf, driven, factsOf, item, plan, post, settleAll, toStart } from "../trigger.fixture.ts";

const eventsOf = (driver: ReturnType<typeof driven>) =>
  driver.effects.flatMap(({ effect }) =>
    (effect as StartTriggered).starts.map(({ items }) => items.map(({ eventId }) => eventId)),
  );

describe("events that wait for others", () => {
  it("a debounced group starts one run, with its last event, after the quiet period", () => {
    const driver = driven(plan({}, { debounceMs: 1_000 }));
    post(driver, item(1));
    driver.advance(900);
    post(driver, item(2), item(3));
    driver.advance(999);
    assert.deepEqual(eventsOf(driver), []);
    driver.advance(2);
    assert.deepEqual(eventsOf(driver), [["e3"]]);
  });

  it("a group that is never quiet starts after the maximum", () => {
    const driver = driven(plan({}, { debounceMs: 1_000, debounceMaxMs: 2_500 }));
    for (let number = 1; number <= 5; number++) {
      post(driver, item(number));
      driver.advance(600);
    }
    assert.deepEqual(eventsOf(driver), [["e5"]]);
  });

  it("3,000 events of one debounced group start one run", () => {
    const driver = driven(plan({}, { debounceMs: 1_000 }));
    for (let from = 0; from < 3_000; from += 1_000)
      post(driver, ...Array.from({ length: 1_000 }, (_, at) => item(from + at)));
    driver.advance(1_001);
    assert.deepEqual(eventsOf(driver), [["e2999"]]);
  });

  it("a batch starts when it is full, and the rest after its wait", () => {
    const driver = driven(plan({}, { batchSize: 2, batchWaitMs: 5_000 }));
    post(driver, item(1), item(2), item(3));
    assert.deepEqual(eventsOf(driver), [["e1", "e2"]]);
    settleAll(driver);
    driver.advance(5_001);
    assert.deepEqual(eventsOf(driver), [["e3"]]);
  });

  it("groups are collected separately", () => {
    const driver = driven(plan({}, { batchSize: 2 }));
    post(driver, item(1, { group: "a" }), item(2, { group: "b" }), item(3, { group: "a" }));
    assert.deepEqual(eventsOf(driver), [["e1", "e3"]]);
  });

  it("a duplicate event is collected once", () => {
    const driver = driven(plan({}, { batchSize: 2 }));
    post(driver, item(1));
    assert.deepEqual(post(driver, item(1)), { duplicates: [0] });
    assert.deepEqual(toStart(driver), []);
  });

  it("an event beyond the waiting limit is refused, and can be sent again", () => {
    const driver = driven(plan({}, { batchSize: 1_000 }));
    const large = (number: number) => item(number, { event: new Uint8Array(9 * 1_048_576) });
    post(driver, large(1));
    assert.equal(codeOf(post(driver, large(2))), "trigger.full");
    assert.equal(factsOf(driver).waitingCount, 1);
  });
});
