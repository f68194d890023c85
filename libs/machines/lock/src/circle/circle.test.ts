import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AcquirePermits } from "@tutti/contracts/session/v1";
import { MachineDriver, seededChance } from "@tutti/kernel/testing";
import { acquire, deadlocks, giveWay, lock, lockStatus, release, setPermits } from "../index.ts";
import { masterService, workOf } from "../testing/index.ts";
import { commonEntries, nameOfWork, type ObservedLock, observationOf } from "./observation.ts";
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

  request(
    work: string,
    name: string,
    fields: { permits?: number; shared?: boolean; priority?: number } = {},
  ) {
    const holder = `${work}-${name}`;
    const body = { holder, work: workOf(work), waitMs: 60_000, leaseMs: 3_600_000, ...fields };
    this.driver.execute(keyOf(name), acquire, AcquirePermits.create(body as AcquirePermits));
    this.driver.advance(1);
  }

  observe(): readonly ObservedLock[] {
    return this.names.map((name) => {
      const state = this.driver.state(keyOf(name), lock);
      const at = { key: keyOf(name), nowMs: this.driver.nowMs };
      const found = lockStatus.answer(state, { waitsMax: 1_000 }, at);
      return observationOf("default", name, found as Exclude<typeof found, { code: string }>);
    });
  }

  /**
   * Every work that waits for nothing releases all its locks, until nothing changes. Returns those that still
   * wait.
   */
  releaseUnblocked(): ReadonlySet<string> {
    for (;;) {
      const locks = this.observe();
      const waiting = new Set(locks.flatMap(({ waits }) => waits.map(({ node }) => node)));
      const free = locks.flatMap(({ name, holds }) =>
        holds.filter(({ node }) => !waiting.has(node)).map(({ node }) => [name, node] as const),
      );
      if (free.length === 0) return waiting;
      for (const [name, node] of free) this.release(node, name);
    }
  }

  release(node: string, name: string): void {
    this.driver.execute(keyOf(name), release, {
      holder: `${node.replace("session ", "")}-${name}`,
      token: 0,
    });
  }
}

describe("deadlocks over locks", () => {
  it("are found if two sessions wait for each other, and the last one to start gives way", () => {
    const town = new Town({ red: 1, blue: 1 });
    town.request("one", "red");
    town.request("two", "blue");
    town.request("one", "blue");
    town.request("two", "red");
    const [found, ...others] = findDeadlocks(town.observe());
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

  for (const [title, fields, victim, because] of [
    ["the least urgent", { one: { priority: -1 } }, "one", "its priority is the lowest"],
    ["of equals the one that started last", {}, "three", "it started last"],
  ] as const)
    it(`choose as victim ${title}`, () => {
      const town = new Town({ a: 1, b: 1, c: 1 });
      const requests: Readonly<Record<string, { priority?: number }>> = fields;
      for (const [work, name] of [
        ["one", "a"],
        ["two", "b"],
        ["three", "c"],
      ] as const)
        town.request(work, name);
      for (const [work, name] of [
        ["one", "b"],
        ["two", "c"],
        ["three", "a"],
      ] as const)
        town.request(work, name, requests[work]);
      const [found] = findDeadlocks(town.observe());
      assert.equal(found?.circle[0]?.waiter?.id, victim);
      assert.ok(found.reason.endsWith(because), found.reason);
      assert.equal(found.circle.length, 3);
    });

  it("are not found while one of several holders of a semaphore can continue", () => {
    const town = new Town({ slots: 2, red: 1 });
    town.request("one", "slots");
    town.request("free", "slots");
    town.request("two", "red");
    town.request("one", "red");
    town.request("two", "slots");
    assert.deepEqual(findDeadlocks(town.observe()), []);
    town.request("free", "red");
    assert.equal(findDeadlocks(town.observe()).length, 1);
  });

  it("are found if a line blocks, and if a session waits for itself", () => {
    const town = new Town({ doc: 1, red: 1 });
    town.request("reader", "doc", { shared: true });
    town.request("late", "red");
    town.request("writer", "doc");
    town.request("late", "doc", { shared: true });
    town.request("reader", "red");
    assert.match(findDeadlocks(town.observe())[0]?.reason ?? "", /which session writer waits for before it/);
    const alone = new Town({ red: 1 });
    alone.request("one", "red");
    const body = { holder: "again", work: workOf("one"), waitMs: 1_000 };
    alone.driver.execute(keyOf("red"), acquire, AcquirePermits.create(body as AcquirePermits));
    assert.equal(findDeadlocks(alone.observe())[0]?.circle.length, 1);
  });

  it("are reported only if they are seen twice, unchanged", () => {
    const town = new Town({ red: 1, blue: 1 });
    town.request("one", "red");
    town.request("two", "blue");
    town.request("one", "blue");
    const first = town.observe();
    // Both never wait at the same time: one releases red before two requests it, and acquires it again.
    town.release("session one", "blue");
    town.release("session one", "red");
    town.request("three", "red");
    town.request("two", "red");
    const second = town.observe();
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
    assert.deepEqual(findDeadlocks(commonEntries(false1, second)), []);
  });

  it("are exactly the waits that never end when all others finish, and end when the victims give way", () => {
    let stuckTowns = 0;
    for (let seed = 0; seed < 300; seed++) {
      const town = randomTown(seed);
      const locks = town.observe();
      const expected = stuckWorks(locks);
      if (expected.size > 0) stuckTowns++;
      const found = findDeadlocks(locks);
      assert.equal(found.length > 0, expected.size > 0);
      assert.deepEqual([...town.releaseUnblocked()].sort(), [...expected].sort(), `seed ${seed}`);
      for (const { circle } of found) {
        const [victim] = circle;
        assert.ok(victim?.waiter);
        town.driver.execute(keyOf(victim.lock), giveWay, { ticket: victim.ticket, message: "x" });
        for (const name of town.names) town.release(nameOfWork(victim.waiter), name);
      }
      assert.deepEqual([...town.releaseUnblocked()], [], `seed ${seed}: all end`);
    }
    assert.ok(stuckTowns > 30, `${stuckTowns} towns were stuck`);
  });
});

function randomTown(seed: number): Town {
  const chance = seededChance(seed);
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(chance.random() * items.length)] ?? assert.fail();
  const town = new Town({ a: pick([1, 1, 2]), b: 1, c: pick([1, 3]), d: 1 });
  const works = ["w1", "w2", "w3", "w4", "w5"];
  for (let step = 0; step < 14; step++)
    town.request(pick(works), pick(town.names), {
      ...{ permits: pick([1, 1, 1, 2]), shared: pick([true, false, false]), priority: pick([0, 0, 1]) },
    });
  return town;
}
