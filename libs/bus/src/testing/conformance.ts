import { after, before, describe } from "node:test";
import { durableTests } from "./conformance/durable.ts";
import { eventTests } from "./conformance/events.ts";
import { laggingTests } from "./conformance/lagging.ts";
import { orderTests } from "./conformance/order.ts";
import { retryTests } from "./conformance/retry.ts";
import type { BusFixture, BusUnderTest, Opened } from "./fixture.ts";

/** The contract of a bus. Run it on each implementation. */
export function busConformance(underTest: BusUnderTest): void {
  describe(`bus (${underTest.name})`, { skip: underTest.skip ?? false }, () => {
    let fixture: BusFixture | undefined;
    before(async () => {
      fixture = await underTest.open();
    });
    after(() => fixture?.[Symbol.asyncDispose]());
    const opened = (): Opened => {
      if (fixture === undefined) throw new Error("the bus is opened before the tests run");
      return fixture;
    };
    eventTests(opened);
    durableTests(opened);
    orderTests(opened);
    retryTests(opened);
    laggingTests(opened, underTest);
  });
}
