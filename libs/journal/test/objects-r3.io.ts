import { after, before, describe, it } from "node:test";
import { ArchiveThread } from "@tutti/journal";
import { archiveConformance, blobConformance } from "@tutti/journal/testing";
import {
  type NatsCluster,
  type NatsServer,
  natsServerProgram,
  startNatsCluster,
  startNatsServer,
} from "@tutti/nats/testing";
import { Comparison } from "./archive-model.fixture.ts";
import { accounts, accountsConfiguration } from "./jetstream.fixture.ts";
import { blobsUnderTest, objectsUnderTest } from "./objects.fixture.ts";

const program = await natsServerProgram();

describe("archive and blobs on a cluster of three NATS servers", { skip: program.skip }, () => {
  const nextAccount = accounts();
  const thread = new ArchiveThread();
  const kept = thread.host("/nowhere");
  let cluster: NatsCluster;
  before(async () => {
    cluster = await startNatsCluster({ configuration: accountsConfiguration(120) });
  });
  after(async () => {
    await kept.close();
    await cluster[Symbol.asyncDispose]();
  });
  const servers = (): string[] => cluster.map((server) => server.address);
  const common = { servers, nextAccount, replicas: 3 };

  archiveConformance(objectsUnderTest({ ...common, name: "NATS at R3, copies lost", losesCopies: true }));
  archiveConformance(
    objectsUnderTest({ ...common, name: "NATS at R3, with a thread", losesCopies: false, thread }),
  );
  blobConformance(blobsUnderTest("NATS at R3", servers, nextAccount, 3));
});

describe("the archive in NATS", { skip: program.skip }, () => {
  const nextAccount = accounts();
  let server: NatsServer;
  before(async () => {
    server = await startNatsServer({ configuration: accountsConfiguration(60) });
  });
  after(() => server[Symbol.asyncDispose]());

  for (const losesCopies of [true, false]) {
    it(`looks like the plain one whatever is done to both, copies ${losesCopies ? "lost" : "kept"}`, async () => {
      const servers = (): string[] => [server.address];
      const underTest = objectsUnderTest({ name: "", servers, nextAccount, losesCopies });
      for (let seed = 100; seed < 110; seed++) {
        await new Comparison(seed, (feed) => underTest.open({ partitions: 1, feed })).run(150);
      }
    });
  }
});
