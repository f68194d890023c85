import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IdSource, systemFoundation } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import fc from "fast-check";
import { changesOf, type Named } from "./named.ts";
import type { Listed } from "./shared-lookups.ts";
import { WatchMemory } from "./watch-memory.ts";

const ids = new IdSource(systemFoundation());
const memoryOn = (time: VirtualTime, bounds = {}) =>
  new WatchMemory(time, ids, { retentionMs: 60_000, watchesMax: 100, removedMax: 100, ...bounds });

/** The existing names, each with its number of events. Those with an odd number do not match. */
type World = Map<string, number>;

interface Item {
  readonly name: string;
  readonly events: number;
}

const listed = (world: World): Named<Item> => ({
  entries: () => Promise.resolve(new Map([...world].map(([name, events]) => [name, { events }]))),
  find(name) {
    const events = world.get(name) ?? 1;
    return Promise.resolve(events % 2 === 0 ? { name, events } : undefined);
  },
});

const expectedOf = (world: World) => [...world].filter(([, events]) => events % 2 === 0).sort();

/** The watching caller, with the replies that it received. */
class Watcher {
  readonly known = new Map<string, number>();
  cursor = "";
  /** Reported states that it knew already. */
  doubled = 0;
  started = 0;
  readonly #memory: WatchMemory;
  readonly #time: VirtualTime;
  readonly #world: World;
  #stream: ReturnType<typeof changesOf<Item, Listed>> | undefined;
  #broken = new AbortController();
  #isSnapshot = false;

  constructor(memory: WatchMemory, time: VirtualTime, world: World) {
    this.#memory = memory;
    this.#time = time;
    this.#world = world;
  }

  /** Breaks the stream. The last replies may be lost. */
  break(): void {
    this.#broken.abort();
    this.#stream = undefined;
  }

  async read(isAcknowledged: boolean): Promise<void> {
    let isFirst = false;
    if (this.#stream === undefined) {
      isFirst = true;
      this.#broken = new AbortController();
      const watching = { cursor: this.cursor, about: "all", principal: "ada", memory: this.#memory };
      const named = listed(this.#world);
      this.#stream = changesOf(
        named,
        watching,
        { clock: this.#time, timers: this.#time },
        this.#broken.signal,
      );
    }
    const next = this.#stream.next();
    const { value } = await this.#time.settle(next);
    if (!isAcknowledged || value === undefined) return;
    // The rule of the contracts: live at once after a cursor is the rest of the known items.
    if (isFirst) this.#isSnapshot = this.cursor === "" || !value.live;
    if (isFirst && this.#isSnapshot) {
      this.started++;
      this.known.clear();
    }
    for (const { name, events } of value.changed) {
      if (this.known.get(name) === events) this.doubled++;
      this.known.set(name, events);
    }
    for (const name of value.removed) this.known.delete(name);
    if (value.cursor !== "") this.cursor = value.cursor;
  }
}

describe("a watch of a list", () => {
  it("loses and repeats no entry, wherever its stream breaks", async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ what: fc.constant("set" as const), name: fc.nat(5), by: fc.nat(1) }),
      },
      { weight: 1, arbitrary: fc.record({ what: fc.constant("remove" as const), name: fc.nat(5) }) },
      { weight: 3, arbitrary: fc.record({ what: fc.constant("read" as const), isTaken: fc.constant(true) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant("lost" as const) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant("break" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const time = new VirtualTime();
        const world: World = new Map([["n0", 2]]);
        const watcher = new Watcher(memoryOn(time), time, world);
        await watcher.read(true);
        let events = 2;
        for (const each of steps) {
          events += 2;
          if (each.what === "set") world.set(`n${each.name}`, events + each.by);
          else if (each.what === "remove") world.delete(`n${each.name}`);
          else if (each.what === "read") await watcher.read(true);
          else {
            if (each.what === "lost") await watcher.read(false);
            watcher.break();
          }
        }
        watcher.break();
        await watcher.read(true);
        assert.deepEqual([...watcher.known].sort(), expectedOf(world));
        assert.equal(watcher.doubled, 0);
        assert.equal(watcher.started, 1, "it never started again");
        watcher.break();
      }),
      { numRuns: 200 },
    );
  });

  for (const [reason, spoil] of [
    ["it was broken off for longer than it is kept", (time: VirtualTime) => time.advanceAsync(60_001)],
    ["its process is another one", () => Promise.resolve()],
  ] as const)
    it(`restarts when ${reason}, and reports it`, async () => {
      const time = new VirtualTime();
      const world: World = new Map([["n0", 2]]);
      const memory = memoryOn(time);
      const watcher = new Watcher(memory, time, world);
      await watcher.read(true);
      watcher.break();
      await new Promise(setImmediate);
      await spoil(time);
      const after = reason.includes("process") ? memoryOn(time) : memory;
      world.delete("n0");
      const watching = { cursor: watcher.cursor, about: "all", principal: "ada", memory: after };
      const broken = new AbortController();
      const stream = changesOf(listed(world), watching, { clock: time, timers: time }, broken.signal);
      const first = await time.settle(stream.next());
      assert.equal(first.value?.live, false);
      const second = await time.settle(stream.next());
      assert.deepEqual([second.value?.live, second.value?.changed], [true, []]);
      assert.notEqual(second.value?.cursor, "");
      broken.abort();
    });

  it("is not resumed by a watch of another list", () => {
    const memory = memoryOn(new VirtualTime());
    const { reported } = memory.open("one", "");
    const cursor = reported.nextCursor();
    assert.equal(memory.open("one", cursor).isResumed, true);
    assert.equal(memory.open("other", cursor).isResumed, false);
    for (const odd of ["a", "b1.1", `${cursor}9`, cursor.replace(/\d+$/, "0"), "x".repeat(4_096)])
      assert.equal(memory.open("one", odd).isResumed, false, odd);
  });

  it("is not resumed if too many others exist, or if its removals were forgotten", async () => {
    const time = new VirtualTime();
    const memory = memoryOn(time, { watchesMax: 2, removedMax: 1 });
    const { reported } = memory.open("one", "");
    for (const name of ["a", "b"]) reported.report(name, 2);
    const first = reported.nextCursor();
    assert.deepEqual(
      reported.dropRemoved(() => false),
      ["a", "b"],
    );
    const second = reported.nextCursor();
    assert.equal(memory.open("one", first).isResumed, false, "of one removal nothing is known");
    assert.equal(memory.open("one", second).isResumed, false, "two others are kept");
  });
});
