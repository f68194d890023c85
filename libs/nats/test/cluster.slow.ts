import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { natsErrors, openBucket } from "../src/index.ts";
import { connectionTo, natsServerProgram, startNatsCluster } from "../src/testing/index.ts";

const program = await natsServerProgram();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("Bucket on a cluster that loses a server", { skip: program.skip }, () => {
  it("goes on with another server when its own is lost, and a watch misses nothing", async () => {
    await using servers = await startNatsCluster();
    await using connection = await connectionTo(servers.map((server) => server.address));
    const bucket = await openBucket(connection, { name: "watched", replicas: 3 });
    const changes = bucket.watch()[Symbol.asyncIterator]();
    assert.equal((await changes.next()).value?.kind, "snapshot-end");
    const { state } = connection;
    assert.ok(state.kind === "connected");
    const mine = servers.find((server) => server.address === state.server);
    await mine?.down("kill");
    const revision = await untilWritten(() => bucket.put("a", bytes("1")));
    const { value } = await changes.next();
    assert.deepEqual([value?.kind, value?.revision], ["put", revision]);
  });
});

async function untilWritten(write: () => Promise<number>): Promise<number> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!natsErrors.unavailable.is(error)) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
