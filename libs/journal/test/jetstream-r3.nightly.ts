import { after, before, describe } from "node:test";
import { journalConformance } from "@tutti/journal/testing";
import { type NatsCluster, natsServerProgram, startNatsCluster } from "@tutti/nats/testing";
import { accountsConfiguration, jetstreamUnderTest } from "./jetstream.fixture.ts";

const program = await natsServerProgram();

describe("journal on a cluster of three NATS servers", { skip: program.skip }, () => {
  let cluster: NatsCluster;
  before(async () => {
    cluster = await startNatsCluster({ configuration: accountsConfiguration(40) });
  });
  after(() => cluster?.[Symbol.asyncDispose]());
  const servers = () => cluster.map((server) => server.address);

  journalConformance(jetstreamUnderTest("JetStream at R3", program.skip, servers, { replicas: 3 }));
});
