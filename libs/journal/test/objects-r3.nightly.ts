import { after, before, describe } from "node:test";
import { ArchiveThread } from "@tutti/journal";
import { archiveConformance, blobConformance } from "@tutti/journal/testing";
import { type NatsCluster, natsServerProgram, startNatsCluster } from "@tutti/nats/testing";
import { accounts, accountsConfiguration } from "./jetstream.fixture.ts";
import { blobsUnderTest, objectsUnderTest } from "./objects.fixture.ts";
import { modelOfObjects } from "./objects-model.fixture.ts";

const program = await natsServerProgram();

describe("archive and blobs on a cluster of three NATS servers", { skip: program.skip }, () => {
  const nextAccount = accounts();
  const thread = new ArchiveThread();
  const host = thread.host("/nowhere");
  let cluster: NatsCluster;
  before(async () => {
    cluster = await startNatsCluster({ configuration: accountsConfiguration(120) });
  });
  after(async () => {
    await host.close();
    await cluster?.[Symbol.asyncDispose]();
  });
  const servers = (): string[] => cluster.map((server) => server.address);
  const common = { servers, nextAccount, replicas: 3 };

  archiveConformance(
    objectsUnderTest({ ...common, name: "NATS at R3, with a thread", losesCopies: false, thread }),
  );
  blobConformance(blobsUnderTest("NATS at R3", servers, nextAccount, 3));
});

modelOfObjects([100, 101, 102], 60);
