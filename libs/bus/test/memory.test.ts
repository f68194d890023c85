import { MemoryBus } from "../src/index.ts";
import { busConformance } from "../src/testing/index.ts";

busConformance({
  name: "memory",
  async open({ eventsMax } = {}) {
    const bus = new MemoryBus(eventsMax === undefined ? {} : { retention: { eventsMax } });
    bus.start();
    return {
      bus,
      other: bus,
      [Symbol.asyncDispose]: () => bus.stop(new AbortController().signal),
    };
  },
});
