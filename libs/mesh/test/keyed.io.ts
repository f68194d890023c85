/** Calls that go to the only owner of their object. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CallContext, errorFromUnknown, kernelErrors, notOwner, type Owner } from "@tutti/kernel";
import { recordingMetrics, until } from "@tutti/kernel/testing";
import { InProcessNetwork, MemoryOwnership, Mesh, meshErrors } from "../src/index.ts";
import { type Note, note, noteHandlers, noteService } from "../src/testing/index.ts";
import { all, errorOf } from "./notes.ts";
import { quietFoundation } from "./pairs.ts";

const place = new MemoryOwnership({ partitions: 1 }).placeOf({
  service: "notes",
  namespace: "default",
  kind: "note",
  id: "k1",
});

interface Process {
  readonly mesh: Mesh;
  /** Table of owners of this process. */
  readonly table: MemoryOwnership;
  readonly owner: (epoch: number) => Owner;
  /** Number of keyed calls that have reached it. */
  hops: number;
  /** The epochs of ownership that these calls were sent with. */
  readonly epochs: (number | undefined)[];
}

type Cluster = readonly [Process, Process];

/** Two processes that may own, and a caller with its own table. */
async function withCluster(
  transport: "in-process" | "grpc",
  run: (processes: Cluster, client: Mesh, table: MemoryOwnership) => Promise<void>,
  { metrics = recordingMetrics(), hasNews = true } = {},
): Promise<void> {
  const network = new InProcessNetwork();
  const open = async (): Promise<Process> => {
    const table = new MemoryOwnership({ partitions: 1 });
    const mesh = new Mesh({
      foundation: quietFoundation,
      freeze: true,
      settings: { transport, listen: "127.0.0.1:0" },
      ...(transport === "in-process" && { network }),
    });
    const guarded = (request: Note, { ownerEpoch }: Pick<CallContext, "ownerEpoch">): Note => {
      process.hops++;
      process.epochs.push(ownerEpoch);
      const owner = table.ownerOf(place);
      if (owner?.instance !== instanceOf(mesh)) throw notOwner(place, owner);
      return note({ ...request, text: instanceOf(mesh) });
    };
    mesh.serve(
      noteService,
      noteHandlers({
        change: guarded,
        get: guarded,
        put: guarded,
        async *edit(requests, context) {
          for await (const request of requests) yield guarded(request, context);
        },
      }),
    );
    const owner = (epoch: number) => ({ instance: instanceOf(mesh), address: mesh.address, epoch });
    const process: Process = { mesh, table, owner, hops: 0, epochs: [] };
    await mesh.start();
    return process;
  };
  const cluster: Cluster = [await open(), await open()];
  // A caller without updates asks the first process.
  const fallback = () => (hasNews ? undefined : cluster[0].owner(0));
  const table = new MemoryOwnership({ partitions: 1, fallback });
  const client = new Mesh({
    foundation: { ...quietFoundation, metrics },
    ownership: table,
    settings: {
      ...{ transport, retry: { backoffMs: 5, reserve: 20 }, timeouts: { discoveryMs: 20_000 } },
      ...(transport === "grpc" && { peers: { notes: cluster.map(({ mesh }) => mesh.address) } }),
    },
    ...(transport === "in-process" && { network }),
  });
  try {
    await run(cluster, client, table);
  } finally {
    for (const mesh of [client, cluster[0].mesh, cluster[1].mesh]) await mesh.stop();
  }
}

function instanceOf(mesh: Mesh): string {
  return mesh.instances[0]?.id ?? "";
}

function learn(tables: readonly MemoryOwnership[], owner: Owner): void {
  for (const table of tables) table.learn(place, owner);
}

for (const transport of ["in-process", "grpc"] as const) {
  describe(`a keyed call, ${transport}`, () => {
    it("goes to the owner", () =>
      withCluster(transport, async ([a, b], client, table) => {
        learn([a.table, b.table, table], b.owner(1));
        const reply = await client.client(noteService).change(note({ key: "k1" }));
        assert.equal(reply.text, instanceOf(b.mesh));
        assert.deepEqual([a.hops, b.hops], [0, 1]);
      }));

    it("sends the epoch of the owner only if the request has an id", () =>
      withCluster(transport, async ([a, b], client, table) => {
        learn([a.table, b.table, table], b.owner(5));
        for (const key of ["k1", ""]) await client.client(noteService).change(note({ key }));
        assert.deepEqual(b.epochs, [5, 0]);
      }));

    it("follows a stale guess once, and then knows better", () =>
      withCluster(transport, async ([a, b], client, table) => {
        learn([a.table, b.table, table], a.owner(1));
        learn([a.table, b.table], b.owner(2));
        const notes = client.client(noteService);
        assert.equal((await notes.change(note({ key: "k1" }))).text, instanceOf(b.mesh));
        assert.deepEqual([a.hops, b.hops], [1, 1]);
        assert.deepEqual(table.ownerOf(place), b.owner(2));
        await notes.change(note({ key: "k1" }));
        assert.deepEqual([a.hops, b.hops], [1, 2]);
      }));

    it("follows the named owner if the caller assumes another number of places", () =>
      withCluster(transport, async ([a, b], client, table) => {
        learn([a.table, b.table], b.owner(7));
        // A number that a client without any information assumes.
        const staleTable = new MemoryOwnership({ partitions: 16, fallback: () => a.owner(0) });
        Object.assign(table, { placeOf: staleTable.placeOf.bind(staleTable), ownerOf: () => a.owner(0) });
        for (const key of ["k1", "k2", "k3"]) {
          const reply = await client.client(noteService).change(note({ key }), { timeoutMs: 5_000 });
          assert.equal(reply.text, instanceOf(b.mesh));
        }
        assert.deepEqual([a.hops, b.hops], [3, 3]);
      }));

    it("retries the named owner, which does not know its ownership yet, if the caller assumes another place", () =>
      withCluster(transport, async ([a, b], client, table) => {
        learn([a.table], b.owner(7));
        const staleTable = new MemoryOwnership({ partitions: 16, fallback: () => a.owner(0) });
        Object.assign(table, { placeOf: staleTable.placeOf.bind(staleTable), ownerOf: () => a.owner(0) });
        const calling = client.client(noteService).change(note({ key: "k1" }), { timeoutMs: 20_000 });
        await until("a hop to b", () => b.hops > 0);
        learn([b.table], b.owner(7));
        assert.equal((await calling).text, instanceOf(b.mesh));
      }));

    it("waits for the table if the redirect leads to a process that is not the owner either", () =>
      withCluster(transport, async ([a, b], client, table) => {
        // A hands over to B, which has not taken over yet.
        learn([table, a.table], a.owner(1));
        learn([a.table], b.owner(2));
        const calling = client.client(noteService).change(note({ key: "k1" }));
        await until("a hop to b", () => b.hops > 0);
        learn([b.table, table], b.owner(3));
        assert.equal((await calling).text, instanceOf(b.mesh));
        assert.deepEqual([a.hops, b.hops], [1, 2]);
      }));

    it("that was redirected to a dead owner finds the next one, which the table names before the owner knows", () =>
      withCluster(transport, async ([a, b], client, table) => {
        const dead = { instance: "gone", address: "127.0.0.1:1", epoch: 2 };
        learn([table, a.table], a.owner(1));
        learn([a.table], dead);
        const calling = client.client(noteService).change(note({ key: "k1" }), { idempotencyKey: "once" });
        await until("a hop to a", () => a.hops > 0);
        learn([table], b.owner(3));
        await until("a hop to b", () => b.hops > 0);
        // Nothing changes in the table of the caller.
        learn([b.table], b.owner(3));
        assert.equal((await calling).text, instanceOf(b.mesh));
      }));

    it("waits while no owner is known, and fails at its deadline", () =>
      withCluster(transport, async ([a, b], client, table) => {
        const notes = client.client(noteService);
        const late = await errorOf(notes.change(note({ key: "k1" }), { timeoutMs: 30 }));
        assert.ok(meshErrors.noOwner.is(late) || kernelErrors.deadlineExceeded.is(late), late.code);
        const calling = notes.change(note({ key: "k1" }));
        learn([a.table, b.table, table], a.owner(1));
        assert.equal((await calling).text, instanceOf(a.mesh));
      }));

    it("finds the new owner when the old one has died", () =>
      withCluster(transport, async ([a, b], client, table) => {
        learn([a.table, b.table, table], a.owner(1));
        const notes = client.client(noteService);
        await notes.change(note({ key: "k1" }));
        await a.mesh.stop();
        const calling = notes.change(note({ key: "k1" }));
        learn([b.table, table], b.owner(2));
        assert.equal((await calling).text, instanceOf(b.mesh));
      }));

    it("of a stream is led by its first request, which reaches the owner too", () =>
      withCluster(transport, async ([a, b], client, table) => {
        learn([a.table, b.table, table], a.owner(1));
        learn([a.table, b.table], b.owner(2));
        async function* requests() {
          yield note({ key: "k1", count: 1 });
          yield note({ key: "k1", count: 2 });
        }
        const replies = await all(client.client(noteService).edit(requests()));
        assert.deepEqual(
          replies.map(({ count, text }) => [count, text]),
          [
            [1, instanceOf(b.mesh)],
            [2, instanceOf(b.mesh)],
          ],
        );
        assert.deepEqual([a.hops, b.hops], [1, 2]);
      }));

    it("stops waiting when its caller gives up", () =>
      withCluster(transport, async (_cluster, client) => {
        const controller = new AbortController();
        const calling = errorOf(
          client.client(noteService).change(note({ key: "k1" }), { signal: controller.signal }),
        );
        controller.abort();
        assert.equal((await calling).code, kernelErrors.cancelled.code);
      }));
  });
}

describe("a keyed call to a dead owner whose lease still runs", () => {
  it("waits for the next owner, in any number and also without a key", () =>
    withCluster("grpc", async ([, b], client, table) => {
      const dead = { instance: "gone", address: "127.0.0.1:1", epoch: 1 };
      learn([table], dead);
      const notes = client.client(noteService);
      // More calls than the retry budget and the breaker would let through.
      const calling = Array.from({ length: 100 }, () =>
        notes.change(note({ key: "k1" }), { timeoutMs: 30_000 }),
      );
      await errorOf(notes.change(note({ key: "k1" }), { timeoutMs: 300 }));
      learn([b.table, table], b.owner(2));
      const texts = new Set((await Promise.all(calling)).map(({ text }) => text));
      assert.deepEqual([...texts], [instanceOf(b.mesh)]);
    }));

  it("is rejected before its deadline, with a retry delay, while no process takes over", () =>
    withCluster("grpc", async (_cluster, client, table) => {
      learn([table], { instance: "gone", address: "127.0.0.1:1", epoch: 1 });
      const refused = await errorOf(
        client.client(noteService).change(note({ key: "k1" }), { timeoutMs: 400 }),
      );
      assert.deepEqual(
        [refused.code, refused.status, refused.retry, refused.retryAfterMs],
        [meshErrors.ownerAway.code, "UNAVAILABLE", "elsewhere", 1_000],
      );
    }));
});

describe("a keyed call to a dead owner, without news of the next one", () => {
  const afterDeath = (run: (client: Mesh) => Promise<void>) =>
    withCluster(
      "grpc",
      async ([a, b], client, table) => {
        learn([a.table, b.table], b.owner(1));
        await client.client(noteService).change(note({ key: "k1" }));
        assert.deepEqual(table.ownerOf(place), b.owner(1));
        await b.mesh.stop();
        const learning = setTimeout(() => learn([a.table], a.owner(2)), 100);
        await run(client);
        clearTimeout(learning);
        assert.equal(table.ownerOf(place)?.instance, instanceOf(a.mesh));
      },
      { hasNews: false },
    );

  it("finds the next owner", () =>
    afterDeath(async (client) => {
      const notes = client.client(noteService);
      await Promise.all(
        Array.from({ length: 20 }, () => notes.change(note({ key: "k1" }), { timeoutMs: 30_000 })),
      );
    }));

  it("finds the next owner when a stream is reopened, also after the breaker has opened", () =>
    afterDeath(async (client) => {
      const opened = () =>
        all(
          client.client(noteService).edit(
            (async function* () {
              yield note({ key: "k1" });
            })(),
          ),
        );
      const refused = new Set<string>();
      for (let tries = 0; tries < 100; tries++) {
        const error = await opened().then(() => undefined, errorFromUnknown);
        if (error === undefined) return;
        refused.add(error.code);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.fail(`refused each time: ${[...refused]}`);
    }));
});

describe("a call to any instance about a key that one instance owns", () => {
  it("is redirected to the owner by the caller, with one extra hop, which is counted", () => {
    const metrics = recordingMetrics();
    const scenario = async ([a, b]: Cluster, client: Mesh) => {
      learn([a.table, b.table], b.owner(1));
      const notes = client.client(noteService);
      for (let calls = 1; calls <= 20; calls++) {
        assert.equal((await notes.get(note({ key: "k1" }))).text, instanceOf(b.mesh));
        assert.equal(b.hops, calls);
      }
      assert.ok(a.hops > 0, "it was asked now and then");
      const labels = { service: noteService.name, method: "Get" };
      assert.equal(metrics.value("tutti_mesh_redirects_total", labels), a.hops);
    };
    return withCluster("in-process", scenario, { metrics });
  });

  it("is not sent to and fro", () =>
    withCluster("in-process", async ([a, b], client) => {
      learn([a.table], b.owner(1));
      learn([b.table], a.owner(1));
      const error = await errorOf(client.client(noteService).get(note({ key: "k1" }), { timeoutMs: 200 }));
      assert.equal(error.code, meshErrors.ownerAway.code);
      assert.ok(a.hops + b.hops <= 16, `${a.hops + b.hops} hops`);
    }));

  it("reaches the owner that a rejection named, by its address if it is known by another id", () =>
    withCluster("grpc", async ([a, b], client) => {
      learn([a.table, b.table], b.owner(1));
      const owner = { ...b.owner(1), instance: "the id of its process" };
      for (let calls = 0; calls < 20; calls++) {
        const { text } = await client.client(noteService).get(note({ key: "k1" }), { owner });
        assert.equal(text, instanceOf(b.mesh));
      }
      assert.equal(a.hops, 0);
    }));

  it("fails if the requested instance is unknown", () =>
    withCluster("in-process", async (_processes, client) => {
      const options = { instance: "gone", timeoutMs: 200 };
      const error = await errorOf(client.client(noteService).get(note({ key: "k1" }), options));
      assert.equal(error.code, meshErrors.instanceAway.code);
      assert.match(error.message, /^Instance gone of notes not found/);
    }));

  const dead = (epoch: number) => ({ instance: "gone", address: "127.0.0.1:1", epoch });

  for (const order of [
    ["asked", "owner", "caller"],
    ["asked", "caller", "owner"],
    ["owner", "asked", "caller"],
    ["owner", "caller", "asked"],
    ["caller", "asked", "owner"],
    ["caller", "owner", "asked"],
  ])
    it(`waits without a key for the next owner after a dead one, reported first to ${order.join(", then to ")}`, () =>
      withCluster("grpc", async ([a, b], client, table) => {
        learn([a.table, b.table, table], dead(1));
        const notes = client.client(noteService);
        const calling = Promise.all(
          Array.from({ length: 20 }, () => notes.put(note({ text: "once" }), { timeoutMs: 30_000 })),
        );
        let areAnswered = false;
        const answered = calling.then((replies) => {
          areAnswered = true;
          return new Set(replies.map(({ text }) => text));
        });
        const tables: Readonly<Record<string, MemoryOwnership>> = {
          ...{ asked: a.table, owner: b.table, caller: table },
        };
        for (const role of order) {
          const before = a.hops + b.hops;
          // Each change is learned while calls arrive and are redirected.
          await until("20 more hops", () => areAnswered || a.hops + b.hops >= before + 20);
          learn([tables[role] as MemoryOwnership], b.owner(2));
        }
        assert.deepEqual([...(await answered)], [instanceOf(b.mesh)]);
      }));

  it("waits while no owner is named, and is answered by the first owner", () =>
    withCluster("in-process", async ([a, b], client) => {
      const calling = client.client(noteService).put(note({ text: "once" }), { timeoutMs: 30_000 });
      // Far more hops than the attempts of a call.
      await until("nine hops", () => a.hops + b.hops >= 9);
      learn([a.table, b.table], a.owner(1));
      assert.equal((await calling).text, instanceOf(a.mesh));
    }));

  it("is rejected with a retry delay before its deadline, while no process replaces the dead owner", () =>
    withCluster("grpc", async ([a, b], client) => {
      for (const isNamed of [true, false]) {
        if (isNamed) learn([a.table, b.table], dead(1));
        else for (const { table } of [a, b]) table.release(place);
        const refused = await errorOf(client.client(noteService).put(note(), { timeoutMs: 400 }));
        assert.deepEqual(
          [refused.code, refused.status, refused.retry, refused.retryAfterMs],
          [meshErrors.ownerAway.code, "UNAVAILABLE", "elsewhere", 1_000],
        );
      }
    }));
});

describe("a process alone", () => {
  it("owns every key that is called", async () => {
    const mesh = new Mesh({ foundation: quietFoundation, settings: { transport: "in-process" } });
    let served = 0;
    mesh.serve(noteService, noteHandlers({ change: (request) => note({ ...request, count: ++served }) }));
    await mesh.client(noteService).change(note({ key: "any" }));
    assert.equal(served, 1);
    await mesh.stop();
  });
});
