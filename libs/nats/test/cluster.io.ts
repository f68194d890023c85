import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@tutti/kernel/testing";
import { natsErrors, openBucket, type Written } from "../src/index.ts";
import { connectionTo, type NatsCluster, natsServerProgram, startNatsCluster } from "../src/testing/index.ts";

const program = await natsServerProgram();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const { signal } = new AbortController();

describe("Bucket on a cluster of three", { skip: program.skip }, () => {
  let servers: NatsCluster;
  before(async () => {
    servers = await startNatsCluster();
  });
  after(() => servers?.[Symbol.asyncDispose]());

  it("never accepts two writers with the same revision, at any server", async () => {
    const connections = await Promise.all(servers.map((server) => connectionTo([server.address])));
    const buckets = await Promise.all(
      connections.map((connection) => openBucket(connection, { name: "leases", replicas: 3 }, signal)),
    );
    let revision = 0;
    for (const bucket of buckets) revision = await retried(() => bucket.put("lease", bytes("0")));
    let decided = 0;
    for (let round = 0; round < 300; round++) {
      const outcomes = await Promise.all(
        buckets.map((bucket, writer) =>
          bucket.update("lease", bytes(String(writer)), revision).catch(unknownOutcome),
        ),
      );
      const winners = outcomes.filter((outcome) => outcome?.written === true);
      assert.ok(winners.length <= 1, `round ${round}: ${winners.length} writers succeeded`);
      const [winner] = winners;
      if (winner !== undefined) decided++;
      const known = winner?.written === true ? winner.revision : undefined;
      revision = known ?? (await retried(async () => (await buckets[0]?.get("lease"))?.revision ?? 0));
    }
    assert.ok(decided > 200, `${decided} of 300 rounds had a winner`);
    await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
  });

  it("continues with another server if its own fails, and a watch misses no change", async () => {
    await using connection = await connectionTo(servers.map((server) => server.address));
    const bucket = await openBucket(connection, { name: "watched", replicas: 3 }, signal);
    const changes = bucket.watch()[Symbol.asyncIterator]();
    assert.equal((await changes.next()).value?.kind, "snapshot-end");
    const { state } = connection;
    assert.ok(state.kind === "connected");
    await servers.find((server) => server.address === state.server)?.down("kill");
    const revision = await retried(() => bucket.put("a", bytes("1")));
    const { value } = await changes.next();
    // A repetition of a change that had taken effect unseen is a separate change.
    assert.ok(value?.kind === "put" && value.revision <= revision);
  });
});

function unknownOutcome(error: unknown): Written | undefined {
  if (natsErrors.unavailable.is(error)) return undefined;
  throw error;
}

/** Repeats an unavailable operation, as a caller would. */
const retried = <T>(work: () => Promise<T>): Promise<T> => eventually(work, natsErrors.unavailable.is);
