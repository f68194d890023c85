import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Arena, type TestAgent, tokenOf } from "../testing/arena.ts";

/** Returns consecutive numbers from a first one. */
function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

/** Completes `count` tasks with one agent of one slot, one after the other. Returns their numbers. */
function work(arena: Arena, agent: TestAgent, count: number): number[] {
  const done: number[] = [];
  for (let step = 0; step < count; step++) {
    arena.turn();
    const number = agent.taskNumbers.at(-1);
    if (number === undefined || done.at(-1) === number) break;
    done.push(number);
    agent.sendResult(number);
  }
  return done;
}

describe("the order of tasks", () => {
  it("is that of readiness, a minute earlier for each point of priority, however late they were offered", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer(1, {}, { waitedMs: 10_000 });
    sender.offer(2, {}, { waitedMs: 20_000 });
    sender.offer(3, {}, { priority: 1 });
    sender.offer(4, {}, { priority: -1, waitedMs: 75_000 });
    sender.offer(5);
    const agent = arena.agent("a");
    assert.deepEqual(work(arena, agent, 5), [3, 2, 4, 1, 5]);
  });

  it("follows the due time of a task when it is near", () => {
    const arena = new Arena({ dueLeadMs: 600_000 });
    const sender = arena.sender();
    sender.offer(1, {}, { waitedMs: 60_000 });
    sender.offer(2, {}, { dueMs: 3_600_000 });
    sender.offer(3, {}, { dueMs: 480_000 });
    const agent = arena.agent("a");
    assert.deepEqual(work(arena, agent, 3), [3, 1, 2]);
  });

  it("lets a task that waits long enough overtake a more urgent task that arrives later", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer(1);
    arena.pass(301_000);
    sender.offer(2, {}, { priority: 5 });
    sender.offer(3, {}, { priority: 6 });
    const agent = arena.agent("a");
    assert.deepEqual(work(arena, agent, 3), [3, 1, 2]);
  });

  it("changes when a task's priority does, also between capabilities", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer(numbers(1, 3));
    sender.offer(numbers(11, 3), { capability: "other" });
    const agent = arena.agent("a", { capabilities: ["work@1.0.0", "other@1.0.0"] });
    sender.request({ priorities: [{ token: tokenOf(13), priority: 2 }] });
    sender.request({ priorities: [{ token: tokenOf(3), priority: 1 }] });
    sender.request({ priorities: [{ token: tokenOf(1), priority: -1 }] });
    assert.deepEqual(work(arena, agent, 6), [13, 3, 2, 11, 12, 1]);
  });

  it("changes when the pool lets tasks age faster", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer([1, 2], {}, { waitedMs: 60_000 });
    sender.offer([3, 4], {}, { priority: 3 });
    sender.offer(5, {}, { priority: 3, waitedMs: 30_000 });
    arena.pool.configure({ ageingMs: 10_000 }, arena.nowMs);
    const agent = arena.agent("a");
    assert.deepEqual(work(arena, agent, 5), [1, 2, 5, 3, 4]);
  });

  it("takes turns between profiles by their weights", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer(numbers(100, 40), { definition: "light", weight: 1 });
    sender.offer(numbers(200, 40), { definition: "heavy", weight: 3 });
    const agent = arena.agent("a");
    const done = work(arena, agent, 40);
    assert.equal(done.filter((number) => number >= 200).length, 30);
    assert.deepEqual(
      done.filter((number) => number < 200),
      numbers(100, 10),
    );
  });
});

describe("the turns of namespaces", () => {
  it("let a single task start within three although 100,000 tasks of another tenant wait", () => {
    const arena = new Arena({ window: 100_001, queuedMax: 1_000_000 });
    const flood = arena.sender("flood");
    flood.offer(numbers(1, 100_000), { namespace: "loud" });
    const agent = arena.agent("a", { credit: 2_000 });
    work(arena, agent, 1_000);
    arena.sender("quiet").offer(1_000_000, { namespace: "quiet" });
    const next = work(arena, agent, 3);
    assert.ok(next.includes(1_000_000), `within three of those that go next: ${next.join(", ")}`);
  });

  it("follow their weights, and no party saves turns by staying away", () => {
    const weights = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(weights, fc.integer({ min: 0, max: 40 }), ([one, other], alone) => {
        const arena = new Arena({ weights: { one, other } });
        const sender = arena.sender();
        const agent = arena.agent("a");
        sender.offer(numbers(1_000, 200), { namespace: "one" });
        work(arena, agent, alone);
        sender.offer(numbers(2_000, 200), { namespace: "other" });
        const done = work(arena, agent, 60);
        let ones = 0;
        for (const [at, number] of done.entries()) {
          if (number < 2_000) ones++;
          const fair = ((at + 1) * one) / (one + other);
          assert.ok(Math.abs(ones - fair) <= 2, `${ones} of ${at + 1}, ${fair} would be fair`);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("are not more for a tenant with many different demands", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const capabilities = numbers(0, 10).map((number) => `work${number}@1.0.0`);
    for (const number of numbers(0, 10))
      sender.offer(numbers(1_000 + number * 100, 50), { namespace: "many", capability: `work${number}` });
    sender.offer(numbers(9_000, 50), { namespace: "few", capability: "work0" });
    const agent = arena.agent("a", { capabilities, credit: 1_000 });
    const done = work(arena, agent, 60);
    assert.equal(done.filter((number) => number >= 9_000).length, 30);
  });

  it("are alike for any demands", () => {
    const requests = [
      { profile: {}, offer: {} },
      { profile: { capability: "other" }, offer: {} },
      { profile: { resources: { gpu: 1 } }, offer: {} },
      { profile: {}, offer: { onlyAgents: ["a"] } },
      { profile: {}, offer: { notAgents: ["a"] } },
      { profile: { resources: { gpu: 2 } }, offer: { notAgents: ["b"] } },
    ];
    const choices = fc.array(fc.nat(requests.length - 1), { minLength: 1, maxLength: 4 });
    const namespaces = ["red", "green", "blue"];
    fc.assert(
      fc.property(fc.tuple(choices, choices, choices), (drawn) => {
        const arena = new Arena({ window: 10_000 });
        const sender = arena.sender();
        const capabilities = ["work@1.0.0", "other@1.0.0"];
        const agents = ["a", "b"].map((id) =>
          arena.agent(id, { capabilities, credit: 1_000, resources: { gpu: 2 } }),
        );
        let next = 0;
        const offer = (at: number, count: number) => {
          // Each sender has a task that either agent can do.
          for (const choice of [0, ...(drawn[at] ?? [])]) {
            const { profile, offer: own } = requests[choice] ?? { profile: {}, offer: {} };
            const offered = numbers(next * 3, count).map((number) => next * 3 + 3 * (number - next * 3) + at);
            next += count;
            sender.offer(offered, { ...profile, namespace: namespaces[at] }, own);
          }
        };
        for (const at of [0, 1, 2]) offer(at, 100);
        const counts = [0, 0, 0];
        for (let step = 0; step < 120; step++) {
          arena.turn();
          for (const agent of agents) {
            const number = agent.taskNumbers.at(-1);
            if (number === undefined) continue;
            const of = number % 3;
            counts[of] = (counts[of] ?? 0) + 1;
            agent.sendResult(number);
          }
          assert.ok(Math.max(...counts) - Math.min(...counts) <= 4, counts.join(", "));
        }
      }),
      { numRuns: 40 },
    );
  });

  it("skip a queue without an able agent", () => {
    const arena = new Arena({ window: 20_000 });
    const sender = arena.sender();
    sender.offer(numbers(1, 10_000), { capability: "nobody" });
    sender.offer(numbers(20_001, 3));
    const agent = arena.agent("a");
    assert.deepEqual(work(arena, agent, 4), numbers(20_001, 3));
  });
});

describe("agents", () => {
  it("that are less loaded go first, by share of their slots, and among equals the least recently used", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const large = arena.agent("large", { slots: 4 });
    const small = arena.agent("small", { slots: 2 });
    sender.offer(numbers(1, 6));
    arena.turn();
    assert.deepEqual(large.taskNumbers, [1, 3, 5, 6]);
    assert.deepEqual(small.taskNumbers, [2, 4]);
  });

  it("of different cohorts get alike", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const old = arena.agent("old", { slots: 10, capabilities: ["work@1.0.0"] });
    const young = arena.agent("young", { slots: 10, capabilities: ["work@1.1.0"] });
    sender.offer(numbers(1, 10));
    arena.turn();
    assert.equal(old.taskNumbers.length, 5);
    assert.equal(young.taskNumbers.length, 5);
  });

  it("get no more tasks than their credit and their slots", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 3, credit: 2 });
    sender.offer(numbers(1, 6));
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    agent.sendFrame({ credit: 5 });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
    agent.sendResult(2);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4]);
  });
});

describe("the turns of sessions", () => {
  const session = (key: string, weight: number) => ({ share: { key, weight } });

  it("follow their weights, for any demands", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer(numbers(1_000, 100), { resources: { gpu: 1 } }, session("heavy", 3));
    sender.offer(numbers(2_000, 100), { capability: "other", resources: { gpu: 1 } }, session("light", 1));
    const agent = arena.agent("a", { capabilities: ["work@1.0.0", "other@1.0.0"], resources: { gpu: 1 } });
    const done = work(arena, agent, 100);
    const heavy = done.filter((number) => number < 2_000).length;
    assert.ok(Math.abs(heavy - 75) <= 1, `75 of 100 are of the one with the weight 3, found ${heavy}`);
  });

  it("count together as those of their namespace, for any number of sessions", () => {
    const arena = new Arena();
    const sender = arena.sender();
    for (let key = 0; key < 5; key++)
      sender.offer(numbers(1_000 + 100 * key, 40), { namespace: "many" }, session(`s${key}`, 1));
    sender.offer(numbers(5_000, 40), { namespace: "one" });
    const agent = arena.agent("a");
    const done = work(arena, agent, 60);
    const many = done.filter((number) => number < 5_000).length;
    assert.ok(Math.abs(many - 30) <= 2, `half of 60 are of the namespace with five sessions, found ${many}`);
  });

  it("follow their weights behind a shared limit", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const limits = [{ key: "key", maxConcurrent: 1 }];
    sender.offer(numbers(1_000, 100), {}, { ...session("heavy", 4), limits });
    sender.offer(numbers(2_000, 100), {}, { ...session("light", 1), limits });
    const agent = arena.agent("a", { slots: 4 });
    const done = work(arena, agent, 50);
    const heavy = done.filter((number) => number < 2_000).length;
    assert.ok(Math.abs(heavy - 40) <= 1, `40 of 50 are of the one with the weight 4, found ${heavy}`);
  });

  it("give tasks without a session one turn among them", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer(numbers(1_000, 60));
    sender.offer(numbers(2_000, 60), {}, session("heavy", 2));
    const agent = arena.agent("a");
    const done = work(arena, agent, 60);
    const heavy = done.filter((number) => number >= 2_000).length;
    assert.ok(Math.abs(heavy - 40) <= 1, `40 of 60 are of the one with the weight 2, found ${heavy}`);
  });
});
