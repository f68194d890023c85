import { after, before, describe } from "node:test";
import { journalConformance } from "@tutti/journal/testing";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { accountsConfiguration, jetstreamUnderTest } from "./jetstream.fixture.ts";

const program = await natsServerProgram();

describe("journal on one NATS server", { skip: program.skip }, () => {
  let server: NatsServer;
  before(async () => {
    server = await startNatsServer({ configuration: accountsConfiguration(40) });
  });
  after(() => server[Symbol.asyncDispose]());

  journalConformance(jetstreamUnderTest("JetStream", program.skip, () => [server.address]));
});
