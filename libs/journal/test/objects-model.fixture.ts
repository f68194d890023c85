import { after, before, describe, it } from "node:test";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { Comparison } from "./archive-model.fixture.ts";
import { accounts, accountsConfiguration } from "./jetstream.fixture.ts";
import { objectsUnderTest } from "./objects.fixture.ts";

const { skip } = await natsServerProgram();

/** Does the same operations on the archive in NATS and on the simple one in memory. */
export function modelOfObjects(seeds: readonly number[], steps: number): void {
  describe("the archive in NATS", { skip }, () => {
    const nextAccount = accounts();
    let server: NatsServer;
    before(async () => {
      server = await startNatsServer({ configuration: accountsConfiguration(2 * seeds.length) });
    });
    after(() => server[Symbol.asyncDispose]());

    for (const losesCopies of [true, false])
      for (const seed of seeds) {
        const copies = losesCopies ? "lost" : "kept";
        it(`matches the model after the same random steps, copies ${copies}, from seed ${seed}`, async () => {
          const servers = (): string[] => [server.address];
          const underTest = objectsUnderTest({ name: "", servers, nextAccount, losesCopies });
          await new Comparison(seed, (feed) => underTest.open({ partitions: 1, feed })).run(steps);
        });
      }
  });
}
