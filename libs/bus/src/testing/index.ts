export { busConformance } from "./conformance.ts";
export { type BusFixture, type BusUnderTest, Collector, freshNamespace, testEvent } from "./fixture.ts";
