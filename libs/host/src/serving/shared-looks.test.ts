import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IdSource, systemFoundation } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { changesOf, type Named } from "./named.ts";
import { WatchMemory } from "./watch-memory.ts";

const ids = new IdSource(systemFoundation());
const lookMs = 100;
const watchers = 2_500;

/** Returns an index with a look-up time of `lookMs`, and a list with this many names. */
function opened(names = 3) {
  const time = new VirtualTime();
  const memory = new WatchMemory(time, ids);
  const index = { looks: 0, running: 0, runningMax: 0, compared: 0 };
  const world = new Map(Array.from({ length: names }, (_, at) => [`n${at}`, { events: 1 }]));
  const named: Named<string> = {
    async entries() {
      index.looks++;
      index.runningMax = Math.max(index.runningMax, ++index.running);
      await new Promise<void>((resolve) => time.after(lookMs, resolve));
      index.running--;
      return new Map(world);
    },
    find(name) {
      index.compared++;
      return Promise.resolve(name);
    },
  };
  function watch(about: string) {
    const left = new AbortController();
    const watching = { cursor: "", about, principal: "ada", memory };
    const stream = changesOf(named, watching, { clock: time, timers: time }, left.signal);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { changed } of stream) seen.push(...changed);
    })();
    return { seen, leave: () => left.abort(), reading };
  }
  return { time, index, world, named, memory, watch };
}

describe("looks that watches share", () => {
  it("are as many for thousands of watches of one list as for one, and all see a change", async () => {
    const { time, index, world, watch } = opened();
    const all = Array.from({ length: watchers }, () => watch("list"));
    await time.advanceAsync(1_000);
    for (const { seen } of all) assert.deepEqual(seen, ["n0", "n1", "n2"]);
    const before = index.looks;
    world.set("n1", { events: 2 });
    await time.advanceAsync(10_000);
    for (const { seen } of all) assert.deepEqual(seen, ["n0", "n1", "n2", "n1"]);
    // A question rests four times as long as its look-up took.
    assert.ok(index.looks - before <= 10_000 / (lookMs * 5) + 1, `${index.looks - before} looks`);
    for (const { leave } of all) leave();
    await time.settle(Promise.all(all.map(({ reading }) => reading)));
  });

  it("run one after the other, also of different lists, and none is done for watches that have left", async () => {
    const { time, index, watch } = opened();
    const all = Array.from({ length: 50 }, (_, at) => watch(`list-${at}`));
    await time.advanceAsync(lookMs * 2);
    assert.equal(index.runningMax, 1);
    const { looks } = index;
    for (const { leave } of all) leave();
    await time.settle(Promise.all(all.map(({ reading }) => reading)));
    assert.ok(index.looks <= looks + 1, `${index.looks - looks} looks for nothing`);
  });

  it("come in portions, so that a reader that stalls after the first has cost no more", async () => {
    const { time, index, named, memory } = opened(1_000);
    const left = new AbortController();
    const watching = { cursor: "", about: "list", principal: "ada", memory };
    const stream = changesOf(named, watching, { clock: time, timers: time }, left.signal);
    const seen = new Set<string>();
    let { value } = await time.settle(stream.next());
    const [portion, compared] = [value?.changed.length ?? 0, index.compared];
    assert.ok(portion > 0 && portion <= 100, `${portion} names in the first reply`);
    assert.equal(compared, portion);
    assert.deepEqual([value?.live, value?.cursor], [false, ""]);
    await time.advanceAsync(60_000);
    assert.equal(index.compared, compared);
    for (; value !== undefined; { value } = await time.settle(stream.next())) {
      for (const name of value.changed) seen.add(name);
      if (value.live) break;
    }
    assert.equal(seen.size, 1_000);
    assert.notEqual(value?.cursor, "");
    left.abort();
  });

  it("continue from each portion of what changed while a reader was away", async () => {
    const { time, world, named, memory } = opened(120);
    const read = async (cursor: string, replies: number) => {
      const left = new AbortController();
      const watching = { cursor, about: "list", principal: "ada", memory };
      const stream = changesOf(named, watching, { clock: time, timers: time }, left.signal);
      const names: string[] = [];
      let last = cursor;
      for (let reply = 0; reply < replies; reply++) {
        const { value } = await time.settle(stream.next());
        names.push(...(value?.changed ?? []));
        last = value?.cursor || last;
      }
      left.abort();
      return { names, last };
    };
    const whole = await read("", 3);
    assert.equal(whole.names.length, 120);
    for (const name of world.keys()) world.set(name, { events: 2 });
    const portion = await read(whole.last, 1);
    const rest = await read(portion.last, 2);
    assert.ok(portion.names.length < 120);
    assert.equal(new Set([...portion.names, ...rest.names]).size, 120);
    assert.equal(portion.names.length + rest.names.length, 120, "no name comes twice");
  });

  it("continue after one that failed, whose watches fail with it", async () => {
    const time = new VirtualTime();
    const memory = new WatchMemory(time, ids);
    let calls = 0;
    const named: Named<string> = {
      entries: () =>
        ++calls === 1 ? Promise.reject(new Error("the disk is gone")) : Promise.resolve(new Map()),
      find: (name) => Promise.resolve(name),
    };
    const left = new AbortController();
    const next = (about: string) =>
      changesOf(
        named,
        { cursor: "", about, principal: "ada", memory },
        { clock: time, timers: time },
        left.signal,
      ).next();
    const failed = [next("one"), next("one")];
    const other = next("other");
    for (const each of failed) await assert.rejects(each, /the disk is gone/);
    assert.equal((await time.settle(other)).value?.live, true);
    assert.equal((await time.settle(next("one"))).value?.live, true);
    left.abort();
  });
});
