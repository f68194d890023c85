import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IdSource, systemFoundation } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { changesOf, type Named } from "./named.ts";
import { WatchMemory } from "./watch-memory.ts";

const ids = new IdSource(systemFoundation());
const lookupMs = 100;
const watchers = 2_500;

/** Returns an index with a look-up time of `lookupMs`, and a list with this many names. */
function opened(names = 3) {
  const time = new VirtualTime();
  const memory = new WatchMemory(time, ids);
  const index = { lookups: 0, running: 0, runningMax: 0, compared: 0 };
  const world = new Map(Array.from({ length: names }, (_, at) => [`n${at}`, { events: 1 }]));
  const named: Named<string> = {
    async entries() {
      index.lookups++;
      index.runningMax = Math.max(index.runningMax, ++index.running);
      await new Promise<void>((resolve) => time.after(lookupMs, resolve));
      index.running--;
      return new Map(world);
    },
    find(name) {
      index.compared++;
      return Promise.resolve(name);
    },
  };
  function watch(about: string) {
    const stopping = new AbortController();
    const watching = { cursor: "", about, principal: "ada", memory };
    const stream = changesOf(named, watching, { clock: time, timers: time }, stopping.signal);
    const received: string[] = [];
    const reading = (async () => {
      for await (const { changed } of stream) received.push(...changed);
    })();
    return { received: received, leave: () => stopping.abort(), reading };
  }
  return { time, index, world, named, memory, watch };
}

describe("shared look-ups of watches", () => {
  it("are as few for thousands of watches of a list as for one, and every watch sees a change", async () => {
    const { time, index, world, watch } = opened();
    const all = Array.from({ length: watchers }, () => watch("list"));
    await time.advanceAsync(1_000);
    for (const { received } of all) assert.deepEqual(received, ["n0", "n1", "n2"]);
    const before = index.lookups;
    world.set("n1", { events: 2 });
    await time.advanceAsync(10_000);
    for (const { received } of all) assert.deepEqual(received, ["n0", "n1", "n2", "n1"]);
    // A question rests four times as long as its look-up took.
    assert.ok(index.lookups - before <= 10_000 / (lookupMs * 5) + 1, `${index.lookups - before} looks`);
    for (const { leave } of all) leave();
    await time.settle(Promise.all(all.map(({ reading }) => reading)));
  });

  it("run one at a time across lists, and not for watches that have ended", async () => {
    const { time, index, watch } = opened();
    const all = Array.from({ length: 50 }, (_, at) => watch(`list-${at}`));
    await time.advanceAsync(lookupMs * 2);
    assert.equal(index.runningMax, 1);
    const { lookups } = index;
    for (const { leave } of all) leave();
    await time.settle(Promise.all(all.map(({ reading }) => reading)));
    assert.ok(index.lookups <= lookups + 1, `${index.lookups - lookups} looks for nothing`);
  });

  it("return portions, so that a reader that stalls after the first costs no further comparisons", async () => {
    const { time, index, named, memory } = opened(1_000);
    const stopping = new AbortController();
    const watching = { cursor: "", about: "list", principal: "ada", memory };
    const stream = changesOf(named, watching, { clock: time, timers: time }, stopping.signal);
    const received = new Set<string>();
    let { value } = await time.settle(stream.next());
    const [portion, compared] = [value?.changed.length ?? 0, index.compared];
    assert.ok(portion > 0 && portion <= 100, `${portion} names in the first reply`);
    assert.equal(compared, portion);
    assert.deepEqual([value?.live, value?.cursor], [false, ""]);
    await time.advanceAsync(60_000);
    assert.equal(index.compared, compared);
    for (; value !== undefined; { value } = await time.settle(stream.next())) {
      for (const name of value.changed) received.add(name);
      if (value.live) break;
    }
    assert.equal(received.size, 1_000);
    assert.notEqual(value?.cursor, "");
    stopping.abort();
  });

  it("resume after each portion with the changes that the reader missed", async () => {
    const { time, world, named, memory } = opened(120);
    const read = async (cursor: string, replies: number) => {
      const stopping = new AbortController();
      const watching = { cursor, about: "list", principal: "ada", memory };
      const stream = changesOf(named, watching, { clock: time, timers: time }, stopping.signal);
      const names: string[] = [];
      let last = cursor;
      for (let reply = 0; reply < replies; reply++) {
        const { value } = await time.settle(stream.next());
        names.push(...(value?.changed ?? []));
        last = value?.cursor || last;
      }
      stopping.abort();
      return { names, last };
    };
    const complete = await read("", 3);
    assert.equal(complete.names.length, 120);
    for (const name of world.keys()) world.set(name, { events: 2 });
    const portion = await read(complete.last, 1);
    const rest = await read(portion.last, 2);
    assert.ok(portion.names.length < 120);
    assert.equal(new Set([...portion.names, ...rest.names]).size, 120);
    assert.equal(portion.names.length + rest.names.length, 120, "no name comes twice");
  });

  it("continue after a failed look-up, which fails only its own watches", async () => {
    const time = new VirtualTime();
    const memory = new WatchMemory(time, ids);
    let calls = 0;
    const named: Named<string> = {
      entries: () =>
        ++calls === 1 ? Promise.reject(new Error("the disk is gone")) : Promise.resolve(new Map()),
      find: (name) => Promise.resolve(name),
    };
    const stopping = new AbortController();
    const next = (about: string) =>
      changesOf(
        named,
        { cursor: "", about, principal: "ada", memory },
        { clock: time, timers: time },
        stopping.signal,
      ).next();
    const failed = [next("one"), next("one")];
    const other = next("other");
    for (const each of failed) await assert.rejects(each, /the disk is gone/);
    assert.equal((await time.settle(other)).value?.live, true);
    assert.equal((await time.settle(next("one"))).value?.live, true);
    stopping.abort();
  });
});
