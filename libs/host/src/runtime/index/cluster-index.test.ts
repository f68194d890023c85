import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SearchIndexReply, SearchIndexRequest } from "@tutti/contracts/runtime/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type IndexEntry, MemoryArchive, MemoryArchiveStore, type Search } from "@tutti/journal";
import { stableHash, systemClock } from "@tutti/kernel";
import { recordingLogger, seededChance, until, VirtualTime } from "@tutti/kernel/testing";
import type { PartitionState, PartitionStatus } from "@tutti/runtime";
import { SolePartitionOwner } from "@tutti/runtime/ownership";
import { everything } from "../../serving/machine-calls.ts";
import { ClusterIndex, CurrentIndex } from "./cluster-index.ts";
import { requestOf, searchIn } from "./index-wire.ts";
import { searchIndex } from "./search-index.ts";

const partitions = 8;
const service = "bank";
const all: Search = { ...everything, namespace: "", kinds: [], limit: 7, cursor: "" };

type Random = () => number;

describe("the index of partitions that several processes own", () => {
  for (const { order, labels = [] } of [
    { order: "started-ascending" },
    { order: "started-descending" },
    { order: "ended-descending", labels: [{ kind: "equals", name: "colour", values: ["red", "blue"] }] },
    { order: "started-ascending", labels: [{ kind: "absent", name: "colour" }] },
    { order: "started-ascending", labels: [{ kind: "not", name: "colour", values: ["red"] }] },
    { order: "started-descending", labels: [{ kind: "exists", name: "colour" }] },
  ] satisfies Partial<Search>[]) {
    const search = { ...all, order, labels };
    it(`is as one, ${order}${labels.map(({ kind }) => `, label ${kind}`).join()}`, async () => {
      const { processes, expected } = await cluster(1);
      assert.deepEqual(await pages(processes[0] as Process, search), await expected(search));
    });
  }

  for (let seed = 1; seed <= 30; seed++)
    it(`includes each partition once, even if partitions move during the listing: ${seed}`, async () => {
      const { processes, expected, move } = await cluster(seed);
      const queried = processes[seed % processes.length] as Process;
      const found = await pages(queried, all, move);
      assert.deepEqual(found, await expected(all));
    });
});

describe("the index of one process", () => {
  const open = () => {
    const indexed = Promise.withResolvers<void>();
    const searches: Search[] = [];
    const archive = {
      search: async (search: Search) => {
        searches.push(search);
        return { entries: [], cursor: "", indexedToMs: time.now() };
      },
    };
    const time = new VirtualTime();
    const lag = { indexLagMs: 0 };
    const runtime = { indexed: () => indexed.promise, indexLagMs: () => lag.indexLagMs };
    const index = new CurrentIndex(runtime, archive, { clock: time, timers: time });
    return { index, searches, indexed, time, lag };
  };

  it("waits until all records that were durable at the request are indexed", async () => {
    const { index, searches, indexed, time } = open();
    const page = index.search(all);
    await time.flush();
    assert.equal(searches.length, 0);
    indexed.resolve();
    await page;
    assert.equal(searches.length, 1);
    assert.equal(time.nextDueMs, undefined);
  });

  it("answers from the current index if the wait takes too long", async () => {
    const { index, searches, time } = open();
    const page = index.search(all);
    await time.advanceAsync(5_000);
    await page;
    assert.equal(searches.length, 1);
  });

  it("names the time up to which its page is complete, if it lags", async () => {
    const { index, time, lag } = open();
    lag.indexLagMs = 3_000;
    const nowMs = time.now();
    const { indexedToMs } = await index.search({ ...all, mayLag: true });
    assert.equal(indexedToMs, nowMs - 3_000);
  });

  for (const option of [{ mayLag: true }, { cursor: "of the first page" }] as const)
    it(`does not wait for a request with ${Object.keys(option).join()}`, async () => {
      const { index, searches } = open();
      const search: Search = { ...all, ...option };
      await index.search(search);
      assert.deepEqual(searches, [search]);
      const { mayLag = false } = search;
      assert.equal(searchIn(requestOf(search, 0)).mayLag, mayLag);
    });
});

describe("the index of a single process that has just started", () => {
  const service = "bank";
  const open = async () => {
    const time = new VirtualTime();
    const logger = recordingLogger();
    const owner = new SolePartitionOwner(2, {
      ...{ timers: time, chance: seededChance(1), logger },
      ...{ process: "p", address: () => "" },
    });
    const loads = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const states: PartitionState[] = [];
    const runtime = {
      ...{ service, partitions: 2 },
      indexed: async () => {},
      own: (partition: number) => loads[partition]?.promise ?? Promise.resolve(),
      disown: async () => {},
      partitionStatuses: () => states.map((state, partition) => ({ partition, state }) as PartitionStatus),
      indexLagMs: () => 0,
    };
    owner.host(runtime);
    const searches: Search[] = [];
    const archive = {
      search: async (search: Search) => {
        searches.push(search);
        return { entries: [], cursor: "", indexedToMs: 0 };
      },
    };
    const sole = { runtime, partitionOwner: owner };
    const index = new CurrentIndex(runtime, archive, { clock: time, timers: time }, sole);
    const start = () => void owner.start({ signal: new AbortController().signal });
    return { time, index, searches, loads, states, start };
  };

  for (const mayLag of [false, true])
    it(`waits until all partitions are loaded${mayLag ? ", even if it may lag" : ""}`, async () => {
      const { time, index, searches, loads, start } = await open();
      const page = index.search({ ...all, mayLag });
      start();
      loads[0]?.resolve();
      await time.flush();
      assert.equal(searches.length, 0);
      loads[1]?.resolve();
      await page;
      assert.equal(searches.length, 1);
      assert.equal(time.nextDueMs, undefined);
    });

  it("answers without a partition whose load takes too long", async () => {
    const { time, index, searches, loads, start } = await open();
    start();
    loads[0]?.resolve();
    const page = index.search(all);
    await time.advanceAsync(4_000);
    assert.equal(searches.length, 0);
    await time.advanceAsync(1_000);
    await page;
    assert.equal(searches.length, 1);
  });

  it("does not wait for a partition that failed to load", async () => {
    const { time, index, searches, loads, states, start } = await open();
    start();
    states.push("running", "failed");
    loads[0]?.resolve();
    await time.flush();
    await index.search(all);
    assert.equal(searches.length, 1);
  });
});

interface Process {
  readonly archive: MemoryArchive;
  readonly index: ClusterIndex;
}

async function pages(
  { index }: Process,
  search: Search,
  between: () => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let cursor = "";
  do {
    const page = await index.search({ ...search, cursor });
    ids.push(...page.entries.map(({ key }) => key.id));
    assert.ok(page.entries.length <= search.limit);
    ({ cursor } = page);
    await between();
  } while (cursor !== "");
  return ids;
}

/** Three processes with one store and random owners: a partition may move at any time, even during a search. */
async function cluster(seed: number) {
  const draw = numbers(seed);
  const store = new MemoryArchiveStore();
  const options = { clock: systemClock, store, partitions, source: { read: () => Promise.resolve([]) } };
  const owners = Array.from({ length: partitions }, () => Math.floor(draw() * 3));
  const runtimeOf = { service, partitions, partitionOf, partitionStatuses: () => [], indexLagMs: () => 0 };
  const archives = [0, 1, 2].map(() => new MemoryArchive(options as never));
  let epoch = 1;
  let moved = Promise.resolve();
  const move = (): Promise<void> => {
    moved = moved.then(movePartition);
    return moved;
  };
  const movePartition = async (): Promise<void> => {
    const partition = Math.floor(draw() * partitions);
    const from = owners[partition] ?? 0;
    const to = Math.floor(draw() * 3);
    if (from === to) return;
    owners[partition] = -1;
    await archives[from]?.partition(partition).release(epoch);
    await archives[to]?.partition(partition).opening(++epoch);
    owners[partition] = to;
  };
  const partitionOwnerOf = (process: number) => ({
    owns: (_: string, partition: number) => owners[partition] === process,
    ownerOf: (_: string, partition: number) => {
      const owner = owners[partition] ?? -1;
      return owner < 0 ? undefined : ({ address: owner === process ? "" : `process ${owner}` } as never);
    },
    admit: async () => {},
  });
  const processes: Process[] = archives.map((archive, number) => ({
    archive,
    index: new ClusterIndex({
      ...{ runtime: runtimeOf, partitionOwner: partitionOwnerOf(number), own: archive },
      peers: {
        searchIndex: async (request) => {
          if (draw() < 0.5) await move();
          const owner = await settled(() => owners[request.partition ?? 0] ?? -1);
          const dependencies = {
            runtime: runtimeOf,
            partitionOwner: partitionOwnerOf(owner),
            archive: archives[owner],
          };
          const sent = SearchIndexRequest.decode(
            SearchIndexRequest.encode(SearchIndexRequest.fromPartial(request)).finish(),
          );
          const found = searchIndex(dependencies as never, sent, {
            signal: AbortSignal.timeout(5_000),
          } as never);
          if (draw() < 0.5) await move();
          return SearchIndexReply.decode(SearchIndexReply.encode(await found).finish());
        },
      },
    }),
  }));
  await fill(archives, owners);
  const single = new MemoryArchive(options as never);
  const expected = async (search: Search) =>
    (await single.search({ ...search, limit: 1_000 })).entries.map(({ key }) => key.id);
  return { processes, move, expected };
}

async function settled(owner: () => number): Promise<number> {
  return until("an owner", owner, (found) => found >= 0);
}

async function fill(archives: readonly MemoryArchive[], owners: readonly number[]): Promise<void> {
  const entries = Array.from({ length: 60 }, (_, number) => entryOf(number));
  for (const [process, archive] of archives.entries())
    for (let partition = 0; partition < partitions; partition++) {
      if (owners[partition] !== process) {
        await archive.partition(partition).release(0);
        continue;
      }
      await archive.partition(partition).opening(1);
      const its = entries.filter(({ key }) => partitionOf(key) === partition);
      await archive.partition(partition).commit(1, {
        coveredTo: 1,
        partitionSnapshot: undefined,
        snapshots: its.map(({ key, incarnation }) => ({
          ...{ key, incarnation, snapshot: new Uint8Array(), dueMs: 0, outstanding: false },
        })),
        entries: its.map((entry, index) => ({ ...entry, incarnation: index + 1 })),
      });
    }
}

function entryOf(number: number): IndexEntry {
  const colours = ["red", "blue", "green"];
  const colour = colours[number % 5];
  return {
    key: { namespace: number % 7 === 0 ? "other" : "default", kind: "account", id: `a${number}` },
    ...{ incarnation: 1, definition: "account", events: 3, last: { batch: 1, index: 0 } },
    status: WorkStatus.WORK_STATUS_RUNNING,
    labels: colour === undefined ? {} : { colour },
    // Several at one moment, so that the partition decides.
    startMs: 1_000 + Math.floor(number / 4),
    endMs: 0,
    startedBy: new Uint8Array([1, 2]),
    ...{ keepUntilMs: 0, idKeptUntilMs: 0 },
  };
}

function partitionOf({ namespace, kind, id }: IndexEntry["key"]): number {
  return stableHash(namespace, kind, id) % partitions;
}

/** Returns reproducible numbers between 0 and 1 for a seed. */
function numbers(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
