import { after, before, describe } from "node:test";
import { archiveConformance, blobConformance } from "@tutti/journal/testing";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { accounts, accountsConfiguration } from "./jetstream.fixture.ts";
import { blobsUnderTest, objectsUnderTest } from "./objects.fixture.ts";

const program = await natsServerProgram();

describe("archive and blobs on one NATS server", { skip: program.skip }, () => {
  let server: NatsServer;
  before(async () => {
    server = await startNatsServer({ configuration: accountsConfiguration(60) });
  });
  after(() => server[Symbol.asyncDispose]());
  const servers = (): string[] => [server.address];

  const nextAccount = accounts();

  archiveConformance(
    objectsUnderTest({ name: "NATS, copies lost", servers, nextAccount, losesCopies: true }),
  );
  blobConformance(blobsUnderTest("NATS", servers, nextAccount));
});
