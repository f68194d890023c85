import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { notOwnerOf } from "@tutti/kernel";
import { tableEpochOf } from "../src/ownership/index.ts";
import { Cluster, type ClusterOptions, service } from "./partition-owners.fixture.ts";

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

const never = new AbortController().signal;

describe("partition owners of a cluster", () => {
  cluster("give everything to the first process, and half of it to the second", async (cluster) => {
    const a = await cluster.join();
    await cluster.until(() => cluster.owners() === "aaaa", 1_000);
    const b = await cluster.join();
    await cluster.until(() => cluster.owners() === "bbaa", 3_000);
    assert.equal(a.runtime.starts + b.runtime.starts, 6);
    await cluster.time.advanceAsync(60_000);
    assert.equal(cluster.owners(), "bbaa");
    assert.equal(a.runtime.starts + b.runtime.starts, 6);
  });

  cluster("take over from a process that was killed in less than two seconds", async (cluster) => {
    const a = await cluster.join();
    const b = await cluster.join();
    await cluster.join();
    await cluster.until(() => new Set(cluster.owners()).size === 3);
    for (const [killed, pauseMs] of [
      [a, 0],
      [b, 250],
    ] as const) {
      await cluster.time.advanceAsync(5_000 + pauseMs);
      cluster.kill(killed);
      const elapsedMs = await cluster.until(() => !cluster.owners().includes("."), 2_000);
      assert.ok(elapsedMs > 800, `not before the lease is over: ${elapsedMs}`);
    }
    assert.equal(cluster.owners(), "cccc");
  });

  cluster("hand over what a leaving process has, without a moment in which two own it", async (cluster) => {
    const [a] = await cluster.pair();
    const leaving = cluster.shutDown(a);
    const elapsedMs = await cluster.until(() => cluster.owners() === "bbbb", 1_000);
    await leaving;
    assert.ok(elapsedMs < 300, `${elapsedMs} ms`);
    // No lease has to expire: the next process finds no other one.
    assert.deepEqual(
      [...a.partitionOwner.ownerships()].map(({ owner }) => owner?.instance.slice(0, 6)),
      Array(4).fill("proc_b"),
    );
  });

  cluster(
    "hand over a few at a time, so that none waits until all are loaded",
    async (cluster) => {
      const [a, b] = await cluster.pair();
      // One after the other, as on a core that is busy.
      let loading = Promise.resolve();
      const { own } = b.runtime;
      b.runtime.own = (partition, epoch) => {
        loading = loading.then(() => own.call(b.runtime, partition, epoch));
        return loading;
      };
      b.runtime.ownMs = 100;
      const leaving = cluster.shutDown(a);
      let unowned = 0;
      await cluster.until(() => {
        unowned = Math.max(unowned, [...cluster.owners()].filter((owner) => owner === ".").length);
        return cluster.owners() === "bbbbbbbb";
      });
      await leaving;
      assert.equal(unowned, 2);
    },
    { partitions: 8 },
  );

  cluster(
    "leave all the same when no process reports running work",
    async (cluster) => {
      const [a, b] = await cluster.pair();
      b.runtime.ownMs = 60_000;
      const leaving = cluster.shutDown(a);
      await cluster.until(() => a.partitionOwner.health().details?.["owned"] === 0, 1_500);
      await cluster.until(() => cluster.owners() === "bbbbbbbb", 70_000);
      await leaving;
    },
    { partitions: 8 },
  );

  cluster("leave nothing behind when the last one leaves, and start over with the next", async (cluster) => {
    const a = await cluster.join();
    await cluster.until(() => cluster.owners() === "aaaa");
    await cluster.shutDown(a);
    await cluster.join();
    const elapsedMs = await cluster.until(() => cluster.owners() === "bbbb", 1_000);
    assert.ok(elapsedMs < 200, `${elapsedMs} ms`);
    assert.equal(tableEpochOf(cluster.journals.epoch(0)), 3);
  });

  cluster(
    "move a hot set to an idle process by load, once",
    async (cluster) => {
      const [a, b] = await cluster.pair();
      for (const partition of [4, 5, 6, 7]) a.runtime.loads.set(partition, 0.2);
      const before = a.runtime.starts + b.runtime.starts;
      await cluster.until(
        () => [...cluster.owners().slice(4)].filter((owner) => owner === "b").length === 2,
        10_000,
      );
      for (const partition of [4, 5, 6, 7]) b.runtime.loads.set(partition, 0.2);
      await cluster.time.advanceAsync(60_000);
      // Two busy ones, and idle ones in the other direction, so that the numbers are even again.
      const busy = [...cluster.owners().slice(4)];
      assert.equal(busy.filter((owner) => owner === "a").length, 2);
      assert.ok(a.runtime.starts + b.runtime.starts - before <= 4, "moves that were not needed");
    },
    { partitions: 8 },
  );

  cluster("do not move partitions to and fro while their load swings", async (cluster) => {
    const [a, b] = await cluster.pair();
    const before = a.runtime.starts + b.runtime.starts;
    for (let round = 0; round < 60; round++) {
      for (const { runtime } of [a, b]) {
        for (let partition = 0; partition < 4; partition++) {
          runtime.loads.set(partition, (round + partition) % 2 === 0 ? 0.4 : 0.05);
        }
      }
      await cluster.time.advanceAsync(2_000);
    }
    const moves = a.runtime.starts + b.runtime.starts - before;
    assert.ok(moves <= 8, `${moves} moves in two minutes`);
  });
});

describe("a process that is about to receive a partition", () => {
  cluster(
    "prepares for it while its owner continues",
    async (cluster) => {
      const a = await cluster.join();
      await cluster.until(() => cluster.owners() === "aaaa");
      const b = await cluster.join();
      let prepared = 0;
      const { prepare } = b.runtime;
      b.runtime.prepare = async (partition) => {
        await prepare?.(partition);
        prepared++;
        assert.ok(a.partitionOwner.owns(service, partition), "its owner continues meanwhile");
      };
      await cluster.until(() => cluster.owners() === "bbaa", 5_000);
      assert.equal(prepared, 2);
    },
    { prepareMs: 800 },
  );

  cluster(
    "gets it all the same when getting ready lasts too long",
    async (cluster) => {
      await cluster.join();
      await cluster.until(() => cluster.owners() === "aaaa");
      await cluster.join();
      await cluster.until(() => cluster.owners() === "bbaa", 12_000);
    },
    { prepareMs: 1_000_000 },
  );

  cluster(
    "is not waited for when it dies, and the partition stays",
    async (cluster) => {
      const a = await cluster.join();
      await cluster.until(() => cluster.owners() === "aaaa");
      const b = await cluster.join();
      await cluster.until(
        () => [...a.partitionOwner.ownerships()].length === 4 && cluster.time.monotonic() > 500,
      );
      await cluster.time.advanceAsync(1_500);
      cluster.kill(b);
      await cluster.time.advanceAsync(10_000);
      assert.equal(cluster.owners(), "aaaa");
      assert.equal(a.runtime.starts, 4);
    },
    { prepareMs: 4_000 },
  );
});

describe("a process that was stopped for 30 seconds", () => {
  cluster("can neither write nor answer from memory, and comes back as another holder", async (cluster) => {
    const [a, b] = await cluster.pair();
    assert.equal(a.runtime.write(3), true);
    assert.equal(a.runtime.read(3), 1);
    a.life.stop();
    await cluster.until(() => b.partitionOwner.owns(service, 2) && b.partitionOwner.owns(service, 3), 2_000);
    assert.equal(b.runtime.write(3), true);
    await cluster.time.advanceAsync(30_000);
    // At its first instruction, before it has received anything:
    assert.equal(a.partitionOwner.owns(service, 3), true);
    assert.equal(a.runtime.read(3), undefined);
    assert.equal(a.runtime.write(3), false);
    a.life.resume();
    await cluster.until(() => cluster.owners() === "aabb", 10_000);
    assert.equal(a.partitionOwner.ownerOf(service, 0)?.instance, "proc_a-2");
    assert.equal(b.runtime.read(3), 2);
  });

  cluster("judges no process by missed messages", async (cluster) => {
    const [a, b] = await cluster.pair();
    // Both at once, as on a machine that sleeps: neither has declared the other gone.
    a.life.stop();
    b.life.stop();
    await cluster.time.advanceAsync(30_000);
    const before = [a.runtime.starts, b.runtime.starts];
    assert.deepEqual([a.runtime.read(3), b.runtime.read(0)], [undefined, undefined]);
    a.life.resume();
    b.life.resume();
    await cluster.time.advanceAsync(5_000);
    assert.deepEqual([a.runtime.starts, b.runtime.starts], before);
    assert.deepEqual([a.runtime.read(3), b.runtime.read(0)], [0, 0]);
  });
});

describe("a process that knows too little", () => {
  cluster("does not seal a journal behind its owner's successor", async (cluster) => {
    const [a, b] = await cluster.pair();
    const c = await cluster.join();
    await cluster.until(() => !cluster.owners().includes(".") && new Set(cluster.owners()).size === 3);
    const partition = cluster.owners().indexOf("a");
    // The busier one, which plans, does not get it. The other does, and is disconnected: it learns neither of the
    // assignment nor of its loss.
    b.runtime.loads.set(cluster.owners().indexOf("b"), 0.9);
    await cluster.time.advanceAsync(400);
    c.store.faults.failing = "cut";
    const leaving = cluster.shutDown(a);
    await cluster.until(() => b.partitionOwner.ownerOf(service, partition)?.instance === "proc_c-1", 1_000);
    await cluster.until(() => b.partitionOwner.owns(service, partition), 5_000);
    await leaving;
    assert.equal(b.runtime.write(partition), true);
    const sealed = cluster.journals.epoch(partition);
    c.store.faults.failing = "no";
    await cluster.time.advanceAsync(200);
    assert.equal(cluster.journals.epoch(partition), sealed);
    assert.equal(b.runtime.read(partition), 1);
    assert.equal(b.runtime.write(partition), true);
  });

  cluster("takes what it was given before it heard that it is there", async (cluster) => {
    const a = await cluster.join();
    await cluster.until(() => cluster.owners() === "aaaa");
    const b = cluster.open();
    b.store.faults.delayMs = 50;
    const starting = b.partitionOwner.start({ signal: never });
    // Two operations read the number of partitions of the cluster. The third writes its entry, and the answer is lost.
    await cluster.time.advanceAsync(120);
    b.store.faults.failing = "silent";
    await cluster.until(() => a.partitionOwner.ownerOf(service, 0)?.instance === "proc_b-1");
    b.store.faults.failing = "no";
    await cluster.time.settle(starting);
    await cluster.until(() => cluster.owners() === "bbaa", 3_000);
  });

  cluster("answers for nothing of the holder that it was, however long letting go takes", async (cluster) => {
    const [a, b] = await cluster.pair();
    a.runtime.disownMs = 5_000;
    a.life.stop();
    await cluster.until(() => b.partitionOwner.owns(service, 3), 2_000);
    assert.equal(b.runtime.write(3), true);
    await cluster.time.advanceAsync(5_000);
    a.life.resume();
    await cluster.until(() => a.partitionOwner.ownerOf(service, 0)?.instance === "proc_a-2", 3_000);
    assert.equal(a.runtime.owns(3), true);
    assert.equal(a.runtime.read(3), undefined);
  });
});

describe("while the ownership store is away", () => {
  cluster("owners continue, no process takes over, and none hammers the store", async (cluster) => {
    const [a, b] = await cluster.pair();
    const starts = [a.runtime.starts, b.runtime.starts];
    for (const { store } of [a, b]) store.faults.failing = "cut";
    const operations = cluster.keys.operations;
    await cluster.time.advanceAsync(6_000);
    assert.equal(cluster.owners(), "bbaa");
    assert.equal(a.runtime.write(3), true);
    // According to the lease alone it might have another owner by now, so a read has to ask the journal.
    assert.equal(a.runtime.read(3), undefined);
    assert.ok(
      cluster.keys.operations - operations < 60,
      `${cluster.keys.operations - operations} operations`,
    );
    for (const { store } of [a, b]) store.faults.failing = "no";
    await cluster.time.advanceAsync(5_000);
    assert.deepEqual([a.runtime.starts, b.runtime.starts], starts);
    assert.equal(a.runtime.read(3), 1);
  });

  cluster(
    "one process alone is cut off: it loses what it owns, and gets its share when it is back",
    async (cluster) => {
      const [a, b] = await cluster.pair();
      a.store.faults.failing = "cut";
      await cluster.until(() => b.partitionOwner.owns(service, 3), 2_000);
      assert.equal(a.runtime.read(3), undefined);
      assert.equal(a.runtime.write(3), false);
      a.store.faults.failing = "no";
      await cluster.until(() => cluster.owners() === "aabb", 10_000);
    },
  );

  cluster("lost answers are found out about, and nothing moves", async (cluster) => {
    const [a] = await cluster.pair();
    a.store.faults.failing = "silent";
    await cluster.time.advanceAsync(3_000);
    a.store.faults.failing = "no";
    await cluster.time.advanceAsync(3_000);
    assert.equal(cluster.owners(), "bbaa");
    assert.equal(a.partitionOwner.ownerOf(service, 3)?.instance, "proc_a-1");
  });

  cluster("a slow store makes everything slower, and no process loses a partition", async (cluster) => {
    const [a, b] = await cluster.pair();
    for (const { store } of [a, b]) store.faults.delayMs = 200;
    await cluster.time.advanceAsync(30_000);
    assert.equal(cluster.owners(), "bbaa");
    assert.notEqual(a.runtime.read(3), undefined);
  });

  cluster("a store that lost everything is filled again", async (cluster) => {
    const [a, b] = await cluster.pair();
    cluster.keys.lose();
    await cluster.time.advanceAsync(10_000);
    assert.match(cluster.owners(), /^(aabb|bbaa|abab|baba|abba|baab)$/);
    for (let partition = 0; partition < 4; partition++) {
      const owner = [a, b].find(({ partitionOwner }) => partitionOwner.owns(service, partition));
      assert.equal(owner?.runtime.write(partition), true);
    }
  });
});

describe("clocks that jump", () => {
  for (const byMs of [3_600_000, -3_600_000]) {
    cluster(`by ${byMs} ms move nothing and cost an owner one renewal`, async (cluster) => {
      const [a, b] = await cluster.pair();
      const starts = [a.runtime.starts, b.runtime.starts];
      cluster.time.jumpWallClock(byMs);
      assert.equal(a.runtime.read(3), undefined);
      await cluster.time.advanceAsync(400);
      assert.equal(a.runtime.read(3), 0);
      await cluster.time.advanceAsync(10_000);
      assert.deepEqual([a.runtime.starts, b.runtime.starts], starts);
    });
  }
});

describe("admission to a partition", () => {
  cluster("is given at once by its owner, and names the owner elsewhere", async (cluster) => {
    const [a, b] = await cluster.pair();
    assert.equal(a.partitionOwner.admit(service, 3, { epoch: 0, signal: never }), undefined);
    await assert.rejects(
      b.partitionOwner.admit(service, 3, { epoch: 0, signal: never }) ?? Promise.resolve(),
      (error) => {
        assert.deepEqual(notOwnerOf(error), {
          place: "bank/partition/3",
          owner: { instance: "proc_a-1", address: "proc_a:1", epoch: 1 },
        });
        return true;
      },
    );
  });

  cluster("waits at both ends of a move, and then goes where the partition went", async (cluster) => {
    const [a, b] = await cluster.pair();
    b.runtime.ownMs = 500;
    const leaving = cluster.shutDown(a);
    await cluster.until(() => !a.partitionOwner.owns(service, 3));
    const atOld = notOwnerOf(await refusal(a.partitionOwner.admit(service, 3, { epoch: 1, signal: never })));
    assert.deepEqual(atOld?.owner, { instance: "proc_b-1", address: "proc_b:1", epoch: 2 });
    const atNew = b.partitionOwner.admit(service, 3, { epoch: 2, signal: never });
    assert.ok(atNew !== undefined, "the new owner is still loading");
    await cluster.time.settle(atNew);
    assert.equal(b.partitionOwner.owns(service, 3), true);
    await leaving;
  });

  cluster("waits when the caller knows of a move that this process has not heard of", async (cluster) => {
    const [a, b] = await cluster.pair();
    b.store.faults.delayMs = 100;
    await cluster.time.advanceAsync(1_000);
    const leaving = cluster.shutDown(a);
    await cluster.until(() => a.partitionOwner.ownerOf(service, 3)?.instance === "proc_b-1");
    const known = a.partitionOwner.ownerOf(service, 3);
    const waiting = b.partitionOwner.admit(service, 3, { epoch: known?.epoch ?? 0, signal: never });
    await cluster.time.settle(waiting ?? Promise.resolve());
    assert.equal(b.partitionOwner.owns(service, 3), true);
    await leaving;
  });

  cluster("waits for a new owner of what a dead process had, instead of naming the dead", async (cluster) => {
    const a = await cluster.join();
    const b = await cluster.join();
    const c = await cluster.join();
    await cluster.until(() => new Set(cluster.owners()).size === 3);
    const partition = cluster.owners().indexOf("c");
    cluster.kill(c);
    await cluster.until(
      () => [a, b].some(({ partitionOwner }) => partitionOwner.ownerOf(service, partition) === undefined),
      2_000,
    );
    const waiting = [a, b].map(({ partitionOwner }) =>
      refusal(partitionOwner.admit(service, partition, { epoch: 1, signal: never })),
    );
    const outcomes = await cluster.time.settle(Promise.all(waiting));
    const owner = cluster.owners()[partition] === "a" ? "proc_a-1" : "proc_b-1";
    const named = outcomes.map((outcome) => notOwnerOf(outcome)?.owner?.instance);
    assert.deepEqual(named.toSorted(), [owner, undefined].toSorted());
  });

  cluster("ends when no caller waits for it any more", async (cluster) => {
    const a = await cluster.join();
    await cluster.until(() => cluster.owners() === "aaaa");
    const abandoning = new AbortController();
    const waiting = a.partitionOwner.admit(service, 3, { epoch: 0, signal: abandoning.signal });
    assert.equal(waiting, undefined);
    a.runtime.ownMs = 1_000;
    const b = await cluster.join();
    b.runtime.ownMs = 1_000;
    await cluster.until(() => cluster.owners().includes("."));
    const partition = cluster.owners().indexOf(".");
    const late = b.partitionOwner.admit(service, partition, { epoch: 9, signal: abandoning.signal });
    abandoning.abort(new Error("enough"));
    await assert.rejects(late ?? Promise.resolve(), /enough/);
  });
});

/** Returns the error of a failure, or undefined. */
function refusal(work: Promise<void> | undefined): Promise<unknown> {
  return (work ?? Promise.resolve()).then(
    () => undefined,
    (error: unknown) => error,
  );
}
