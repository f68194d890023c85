import { connectionTo, natsAccount, natsServerProgram } from "@tutti/nats/testing";
import { NatsBus } from "../src/nats/index.ts";
import { type BusFixture, busConformance } from "../src/testing/index.ts";

const program = await natsServerProgram();

busConformance({
  name: "NATS",
  skip: program.skip,
  async open({ eventsMax } = {}): Promise<BusFixture> {
    const { address, settings } = await natsAccount();
    const [one, two] = [
      await connectionTo([address], { settings }),
      await connectionTo([address], { settings }),
    ];
    const stream = eventsMax === undefined ? {} : { eventsMax };
    const [bus, other] = [new NatsBus({ connection: one, stream }), new NatsBus({ connection: two, stream })];
    const { signal } = new AbortController();
    await bus.start({ signal });
    await other.start({ signal });
    return {
      bus,
      other,
      async [Symbol.asyncDispose]() {
        await Promise.all([bus.stop(signal), other.stop(signal)]);
        await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
      },
    };
  },
});
