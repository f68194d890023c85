import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AcquirePermits } from "@tutti/contracts/session/v1";
import { MachineDriver, seededChance } from "@tutti/kernel/testing";
import { acquire, deadlocks, giveWay, lock, release, setPermits, standing } from "../index.ts";
import { masterService, workOf } from "../testing/index.ts";
import { nameOfWork, type SeenLock, seen, seenTwice } from "./picture.ts";
import { stuckWorks } from "./stuck.ts";
import { findDeadlocks } from "./victims.ts";

const keyOf = (id: string) => ({ namespace: "default", kind: "lock", id });

/** Works that acquire locks, and release their locks when they wait for nothing. */
class Town {
  readonly driver = new MachineDriver({ machines: [lock, deadlocks], service: masterService });
  readonly names: readonly string[];

  constructor(permits: Readonly<Record<string, number>>) {
    this.names = Object.keys(permits);
    for (const [name, count] of Object.entries(permits))
      this.driver.execute(keyOf(name), setPermits, { permits: count });
  }

  want(work: string, name: string, given: { permits?: number; shared?: boolean; priority?: number } = {}) {
    const holder = `${work}-${name}`;
    const wish = { holder, work: workOf(work), waitMs: 60_000, leaseMs: 3_600_000, ...given };
    this.driver.execute(keyOf(name), acquire, AcquirePermits.create(wish as AcquirePermits));
    this.driver.advance(1);
  }

  look(): readonly SeenLock[] {
    return this.names.map((name) => {
      const state = this.driver.state(keyOf(name), lock);
      const at = { key: keyOf(name), nowMs: this.driver.nowMs };
      const found = standing.answer(state, { waitsMax: 1_000 }, at);
      return seen("default", name, found as Exclude<typeof found, { code: string }>);
    });
  }

  /**
   * Every work that waits for nothing releases all its locks, until nothing changes. Returns those that still
   * wait.
   */
  settle(): ReadonlySet<string> {
    for (;;) {
      const locks = this.look();
      const waiting = new Set(locks.flatMap(({ waits }) => waits.map(({ node }) => node)));
      const free = locks.flatMap(({ name, holds }) =>
        holds.filter(({ node }) => !waiting.has(node)).map(({ node }) => [name, node] as const),
      );
      if (free.length === 0) return waiting;
      for (const [name, node] of free) this.leave(node, name);
    }
  }

  leave(node: string, name: string): void {
    this.driver.execute(keyOf(name), release, {
      holder: `${node.replace("session ", "")}-${name}`,
      token: 0,
    });
  }
}

describe("deadlocks over locks", () => {
  it("are found where two wait for each other, and the one that started last gives way", () => {
    const town = new Town({ red: 1, blue: 1 });
    town.want("one", "red");
    town.want("two", "blue");
    town.want("one", "blue");
    town.want("two", "red");
    const [found, ...others] = findDeadlocks(town.look());
    assert.deepEqual(others, []);
    assert.deepEqual(
      found?.circle.map(({ waiter, lock: name, holder }) => [waiter?.id, name, holder?.id]),
      [
        ["two", "red", "one"],
        ["one", "blue", "two"],
      ],
    );
    assert.equal(
      found?.reason,
      "session two waits for the lock red, which session one holds, and session one waits for the lock blue, which session two holds: session two gives way, because it started last",
    );
  });

  for (const [what, given, victim, because] of [
    ["the least urgent", { one: { priority: -1 } }, "one", "its priority is the lowest"],
    ["of equals the one that started last", {}, "three", "it started last"],
  ] as const)
    it(`take from ${what}`, () => {
      const town = new Town({ a: 1, b: 1, c: 1 });
      const wishes: Readonly<Record<string, { priority?: number }>> = given;
      for (const [work, name] of [
        ["one", "a"],
        ["two", "b"],
        ["three", "c"],
      ] as const)
        town.want(work, name);
      for (const [work, name] of [
        ["one", "b"],
        ["two", "c"],
        ["three", "a"],
      ] as const)
        town.want(work, name, wishes[work]);
      const [found] = findDeadlocks(town.look());
      assert.equal(found?.circle[0]?.waiter?.id, victim);
      assert.ok(found.reason.endsWith(because), found.reason);
      assert.equal(found.circle.length, 3);
    });

  it("are none while one of several holders of a semaphore continues", () => {
    const town = new Town({ slots: 2, red: 1 });
    town.want("one", "slots");
    town.want("free", "slots");
    town.want("two", "red");
    town.want("one", "red");
    town.want("two", "slots");
    assert.deepEqual(findDeadlocks(town.look()), []);
    town.want("free", "red");
    assert.equal(findDeadlocks(town.look()).length, 1);
  });

  it("are found where a line blocks, and where a work waits for itself", () => {
    const town = new Town({ doc: 1, red: 1 });
    town.want("reader", "doc", { shared: true });
    town.want("late", "red");
    town.want("writer", "doc");
    town.want("late", "doc", { shared: true });
    town.want("reader", "red");
    assert.match(findDeadlocks(town.look())[0]?.reason ?? "", /which session writer waits for before it/);
    const alone = new Town({ red: 1 });
    alone.want("one", "red");
    const wish = { holder: "again", work: workOf("one"), waitMs: 1_000 };
    alone.driver.execute(keyOf("red"), acquire, AcquirePermits.create(wish as AcquirePermits));
    assert.equal(findDeadlocks(alone.look())[0]?.circle.length, 1);
  });

  it("are only what was seen twice, the same both times", () => {
    const town = new Town({ red: 1, blue: 1 });
    town.want("one", "red");
    town.want("two", "blue");
    town.want("one", "blue");
    const first = town.look();
    // Both never wait at the same time: one releases red before two requests it, and acquires it again.
    town.leave("session one", "blue");
    town.leave("session one", "red");
    town.want("three", "red");
    town.want("two", "red");
    const second = town.look();
    const mixed = [
      ...first.filter(({ name }) => name === "blue"),
      ...second.filter(({ name }) => name === "red"),
    ];
    const false1 = mixed.map((each) =>
      each.name === "red"
        ? { ...each, holds: first.flatMap((known) => (known.name === "red" ? known.holds : [])) }
        : each,
    );
    assert.equal(findDeadlocks(false1).length, 1, "seen at different times, it looks like one");
    assert.deepEqual(findDeadlocks(seenTwice(false1, second)), []);
  });

  it("are exactly those that never end when all others finish, and end when the victims give way", () => {
    let stuckTowns = 0;
    for (let seed = 0; seed < 300; seed++) {
      const town = randomTown(seed);
      const locks = town.look();
      const expected = stuckWorks(locks);
      if (expected.size > 0) stuckTowns++;
      const found = findDeadlocks(locks);
      assert.equal(found.length > 0, expected.size > 0);
      assert.deepEqual([...town.settle()].sort(), [...expected].sort(), `seed ${seed}`);
      for (const { circle } of found) {
        const [victim] = circle;
        assert.ok(victim?.waiter);
        town.driver.execute(keyOf(victim.lock), giveWay, { ticket: victim.ticket, message: "x" });
        for (const name of town.names) town.leave(nameOfWork(victim.waiter), name);
      }
      assert.deepEqual([...town.settle()], [], `seed ${seed}: all end`);
    }
    assert.ok(stuckTowns > 30, `${stuckTowns} towns were stuck`);
  });
});

function randomTown(seed: number): Town {
  const chance = seededChance(seed);
  const one = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(chance.random() * items.length)] ?? assert.fail();
  const town = new Town({ a: one([1, 1, 2]), b: 1, c: one([1, 3]), d: 1 });
  const works = ["w1", "w2", "w3", "w4", "w5"];
  for (let step = 0; step < 14; step++)
    town.want(one(works), one(town.names), {
      ...{ permits: one([1, 1, 1, 2]), shared: one([true, false, false]), priority: one([0, 0, 1]) },
    });
  return town;
}
