import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type NatsConnection, openBucket } from "../src/index.ts";
import { connectionTo, type NatsServer, natsServerProgram, startNatsCluster } from "../src/testing/index.ts";

const program = await natsServerProgram();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("Bucket on a cluster of three", { skip: program.skip }, () => {
  let servers: readonly NatsServer[] & AsyncDisposable;
  let connections: readonly (NatsConnection & AsyncDisposable)[];
  before(async () => {
    servers = await startNatsCluster();
    connections = await Promise.all(servers.map((server) => connectionTo([server.address])));
  });
  after(async () => {
    await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
    await servers[Symbol.asyncDispose]();
  });

  it("never lets two writers succeed that saw the same revision, whichever server they talk to", async () => {
    const buckets = await Promise.all(
      connections.map((connection) => openBucket(connection, { name: "leases", replicas: 3 })),
    );
    let revision = 0;
    for (let round = 0; round < 100; round++) {
      const outcomes = await Promise.all(
        buckets.map((bucket, who) =>
          revision === 0
            ? bucket.create("lease", bytes(String(who)))
            : bucket.update("lease", bytes(String(who)), revision),
        ),
      );
      const winners = outcomes.filter((outcome) => outcome.written);
      assert.equal(winners.length, 1, `round ${round}`);
      revision = winners[0]?.revision ?? 0;
    }
    assert.equal((await buckets[0]?.get("lease"))?.revision, revision);
  });
});
