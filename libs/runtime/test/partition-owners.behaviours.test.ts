/**
 * Processes of two releases: when newer behaviours are activated, and which process owns which partitions from then on.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Cluster,
  type ClusterOptions,
  raiseAfterMs,
  service,
  type TestProcess,
} from "./partition-owners.fixture.ts";

function cluster(
  title: string,
  run: (cluster: Cluster) => Promise<void>,
  options: ClusterOptions = {},
): void {
  it(title, async () => {
    const cluster = new Cluster(options);
    try {
      await run(cluster);
    } finally {
      await cluster.close();
    }
  });
}

const inForce = ({ partitionOwner }: TestProcess): number =>
  partitionOwner.behavioursAllowed(service).get("account") ?? 1;

describe("a newer behaviour in a cluster", () => {
  cluster("is not allowed as long as one process is of the older release", async (cluster) => {
    await cluster.join();
    const b = await cluster.join(2);
    await cluster.time.advanceAsync(20 * raiseAfterMs);
    assert.equal(inForce(b), 1);
    assert.deepEqual([...cluster.owners()].sort(), [..."aabb"]);
  });

  cluster(
    "is allowed when the last older one is gone for a while, and all processes learn of it",
    async (cluster) => {
      const a = await cluster.join();
      const [b, c] = [await cluster.join(2), await cluster.join(2)];
      await cluster.until(() => new Set(cluster.owners()).size === 3);
      await cluster.shutDown(a);
      await cluster.time.advanceAsync(raiseAfterMs - 1_500);
      assert.equal(inForce(b), 1);
      await cluster.until(() => inForce(b) === 2 && inForce(c) === 2, 5_000);
      assert.deepEqual([b.runtime.raised, c.runtime.raised], [1, 1]);
      assert.equal(cluster.owners().includes("."), false);
    },
  );

  cluster("waits for one of the older release that only restarts", async (cluster) => {
    const a = await cluster.join();
    const b = await cluster.join(2);
    for (let round = 0; round < 5; round++) {
      const older = cluster.alive.find((process) => process !== b) ?? a;
      cluster.kill(older);
      await cluster.time.advanceAsync(raiseAfterMs - 2_000);
      await cluster.join();
      await cluster.time.advanceAsync(1_000);
    }
    assert.equal(inForce(b), 1);
  });

  cluster("is the highest that all of them have", async (cluster) => {
    await cluster.join(2);
    const b = await cluster.join(3);
    await cluster.until(() => inForce(b) > 1);
    assert.equal(inForce(b), 2);
  });

  cluster(
    "is not allowed while it is held, though all processes have it",
    async (cluster) => {
      const a = await cluster.join(2);
      await cluster.time.advanceAsync(20 * raiseAfterMs);
      assert.equal(inForce(a), 1);
    },
    { holdsBehaviour: true },
  );

  cluster(
    "keeps what an older process starts with nothing, which says so, and lets it leave",
    async (cluster) => {
      const a = await cluster.join(2);
      await cluster.until(() => inForce(a) === 2 && cluster.owners() === "aaaa");
      const b = await cluster.join();
      await cluster.time.advanceAsync(60_000);
      assert.equal(cluster.owners(), "aaaa");
      assert.equal(b.runtime.starts, 0);
      const { level, reason } = b.partitionOwner.health();
      assert.equal(level, "degraded");
      assert.match(reason, /bank go to processes of a newer release.*account 2.*Run that release here too/);
      assert.equal(a.partitionOwner.health().level, "healthy");
      await cluster.shutDown(b);
      assert.equal(inForce(a), 2);
    },
  );

  cluster("is never left to a process that cannot read it, also without another process", async (cluster) => {
    const a = await cluster.join(2);
    await cluster.until(() => inForce(a) === 2 && cluster.owners() === "aaaa");
    const b = await cluster.join();
    cluster.kill(a);
    await cluster.time.advanceAsync(20_000);
    assert.deepEqual([cluster.owners(), b.runtime.starts], ["....", 0]);
    await cluster.join(2);
    await cluster.until(() => cluster.owners() === "cccc", 5_000);
  });

  cluster(
    "that only a leaving process can read is given to no other, and the process may leave",
    async (cluster) => {
      const a = await cluster.join(2);
      await cluster.until(() => inForce(a) === 2 && cluster.owners() === "aaaa");
      await cluster.join();
      await cluster.shutDown(a);
      await cluster.time.advanceAsync(5_000);
      assert.equal(cluster.owners(), "....");
    },
  );
});
