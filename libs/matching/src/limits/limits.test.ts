import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaitCause } from "@tutti/contracts/types/v1";
import { Arena, type Sender, tokenOf } from "../testing/arena.ts";

function limited(
  sender: Sender,
  numbers: number | number[],
  key: string,
  max: number,
  capability = "work",
): void {
  sender.offer(numbers, { capability }, { limits: [{ key, maxConcurrent: max }] });
}

describe("a limit on tasks with the same key", () => {
  it("allows its maximum at once, and starts the next task when one ends in any way", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    limited(sender, [1, 2, 3, 4, 5, 6], "key", 2);
    sender.offer(7);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 7]);
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 7, 3]);
    sender.request({ cancels: [{ token: tokenOf(2), reason: "" }] });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 7, 3, 4]);
    const other = arena.agent("b", { slots: 9 });
    agent.link.terminate("killed", arena.nowMs);
    arena.turn();
    assert.deepEqual(other.taskNumbers, [5, 6]);
  });

  it("is not held by waiting tasks: a task that finds an agent starts, even if others came before it", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    limited(sender, [1, 2], "key", 1, "nobody");
    limited(sender, [3, 4], "key", 1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3]);
    agent.sendResult(3);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3, 4]);
    const late = arena.agent("b", { capabilities: ["nobody@1.0.0"], slots: 9 });
    arena.turn();
    assert.deepEqual(late.taskNumbers, []);
    agent.sendResult(4);
    arena.turn();
    assert.deepEqual(late.taskNumbers, [1]);
  });

  it("releases another task when the released task is recalled, or finds another limit full", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 3 });
    const both = {
      limits: [
        { key: "first", maxConcurrent: 1 },
        { key: "second", maxConcurrent: 1 },
      ],
    };
    limited(sender, 1, "first", 1);
    limited(sender, 2, "second", 1);
    arena.turn();
    sender.offer([3, 4], {}, both);
    limited(sender, [5, 6], "first", 1);
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 5]);
    agent.sendResult(2);
    agent.sendResult(5);
    sender.request({ recalls: [tokenOf(3)] });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 5, 4]);
    agent.sendResult(4);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 5, 4, 6]);
  });

  it("belongs to a namespace, until the pool has a rule for the key: then all share it", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    const limits = [{ key: "api", maxConcurrent: 1 }];
    sender.offer(1, { namespace: "blue" }, { limits });
    sender.offer(2, { namespace: "red" }, { limits });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    const rule = { key: "api*", maxConcurrent: 1, rate: undefined, description: "theirs" };
    assert.equal(arena.pool.setLimit(rule, arena.nowMs), undefined);
    const shared = [{ key: "api-2", maxConcurrent: 5 }];
    sender.offer(3, { namespace: "blue" }, { limits: shared });
    sender.offer(4, { namespace: "red" }, { limits: shared });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
    assert.equal(arena.pool.setLimit({ ...rule, maxConcurrent: 2 }, arena.nowMs), undefined);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4]);
    assert.equal(arena.pool.removeLimit("api*", arena.nowMs), undefined);
    assert.match(arena.pool.removeLimit("api*", arena.nowMs)?.message ?? "", /Limit `api\*` not found/);
  });

  it("takes turns between namespaces, however many tasks of one namespace wait", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const rule = { key: "api", maxConcurrent: 1, rate: undefined, description: "" };
    arena.pool.setLimit(rule, arena.nowMs);
    const agent = arena.agent("a", { slots: 9 });
    const limits = [{ key: "api", maxConcurrent: 9 }];
    const flood = Array.from({ length: 500 }, (_, at) => at + 1);
    sender.offer(flood, { namespace: "loud" }, { limits });
    arena.turn();
    sender.offer([1_001, 1_002], { namespace: "quiet" }, { limits });
    const done: number[] = [];
    for (let step = 0; step < 6; step++) {
      arena.turn();
      const number = agent.taskNumbers.at(-1) ?? 0;
      done.push(number);
      agent.sendResult(number);
    }
    assert.ok(done.indexOf(1_001) <= 2 && done.indexOf(1_001) > 0, done.join(", "));
    assert.ok(done.indexOf(1_002) <= 4 && done.indexOf(1_002) > 0, done.join(", "));
  });

  it("applies a rate: a burst at once, then one task per interval", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 99 });
    const limits = [{ key: "mail", rate: { count: 4, perMs: 1_000, burst: 2 } }];
    sender.offer([1, 2, 3, 4, 5], {}, { limits });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    arena.pass(249);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    arena.pass(2);
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
    arena.pass(500);
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4, 5]);
    for (const number of agent.taskNumbers) agent.sendResult(number);
    arena.turn();
    sender.durable(5);
    arena.pass(2_000);
    assert.deepEqual(arena.pool.limits(arena.nowMs), []);
  });

  it("starts every task in time at rates whose intervals are not exact at the times of today", () => {
    for (const [count, perMs, burst] of [
      [3, 7, 2],
      [15, 1_000, 2],
      [60, 1_000, 2],
      [90, 1_000, 4],
    ] as const) {
      const arena = new Arena();
      arena.nowMs = 1_790_000_000_000;
      const sender = arena.sender();
      const agent = arena.agent("a", { slots: 99 });
      const limits = [{ key: "mail", rate: { count, perMs, burst } }];
      sender.offer([1, 2, 3, 4, 5, 6], {}, { limits });
      arena.turn();
      assert.equal(agent.taskNumbers.length, burst, `burst of ${count} per ${perMs} ms`);
      arena.pass(Math.ceil((6 * perMs) / count));
      assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4, 5, 6], `${count} per ${perMs} ms`);
    }
  });

  it("converts the starts that are paid for when a rule changes the rate", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 99 });
    const limits = [{ key: "mail", rate: { count: 1, perMs: 3_600_000, burst: 1 } }];
    sender.offer([1, 2, 3], {}, { limits });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    const rate = { count: 1, perMs: 1_000, burst: 1 };
    arena.pool.setLimit({ key: "mail", maxConcurrent: 0, rate, description: "" }, arena.nowMs);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    arena.pass(1_001);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    arena.pool.setLimit(
      { key: "mail", maxConcurrent: 0, rate: { ...rate, perMs: 4_000 }, description: "" },
      arena.nowMs,
    );
    arena.pass(1_001);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    arena.pass(4_000);
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
  });

  it("converts the starts that are paid for when a later task names another rate", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 99 });
    const limitsOf = (perMs: number) => [{ key: "mail", rate: { count: 1, perMs, burst: 1 } }];
    sender.offer([1], {}, { limits: limitsOf(3_600_000) });
    arena.turn();
    sender.offer([2], {}, { limits: limitsOf(1_000) });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    arena.pass(1_001);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
  });

  it("does not count an attempt that an agent was too busy to start", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const a = arena.agent("a");
    const limits = [{ key: "k", maxConcurrent: 1, rate: { count: 1, perMs: 60_000, burst: 1 } }];
    sender.offer(1, {}, { limits });
    arena.turn();
    a.busy(1, 9_000);
    const b = arena.agent("b");
    arena.turn();
    assert.deepEqual(b.taskNumbers, [1]);
  });

  it("is shown with its holders and its waiting tasks", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a", { slots: 9 });
    limited(sender, [1, 2, 3], "key", 1);
    arena.turn();
    const [view] = arena.pool.limits(arena.nowMs);
    assert.deepEqual([view?.key, view?.maxConcurrent, view?.queued, view?.running], ["key", 1, 2, 1]);
    assert.deepEqual(
      view?.holders.map(({ task }) => task),
      ["t1"],
    );
    const [wait] = arena.pool.explain(tokenOf(2), arena.nowMs)?.waits ?? [];
    assert.equal(wait?.cause, WaitCause.WAIT_CAUSE_LIMIT);
    assert.match(wait?.message ?? "", /limit key is full: 1 of 1/);
    assert.deepEqual(
      wait?.holders.map(({ task }) => task),
      ["t1"],
    );
  });

  it("bounds the amount of a resource in addition to the number of tasks, and shows the amounts", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9, resources: { memory: 100, gpu: 9 } });
    const limits = [{ key: "blue", maxConcurrent: 4, resources: { memory: 4, gpu: 1 } }];
    const needing = (memory: number) => ({ resources: { memory } });
    sender.offer([1], needing(3), { limits });
    sender.offer([2], needing(2), { limits });
    sender.offer([3, 4, 5], needing(0.5), { limits });
    sender.offer([6], needing(9), { limits: [{ key: "red", resources: { memory: 9 } }] });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 6, 3, 4]);
    const [wait] = arena.pool.explain(tokenOf(2), arena.nowMs)?.waits ?? [];
    assert.match(
      wait?.message ?? "",
      /limit blue allows 4 memory at once. 4 are in use, and the task requests 2/,
    );
    const views = arena.pool
      .limits(arena.nowMs)
      .map(({ key, resource, maxAmount, amount, running, queued }) =>
        [key, resource, maxAmount, amount, running, queued].join(" "),
      );
    assert.deepEqual(views, [
      "blue  0 0 3 0",
      "blue gpu 1 0 3 0",
      "blue memory 4 4 3 2",
      "red memory 9 9 1 0",
    ]);
    agent.sendResult(3);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 6, 3, 4, 5], "half of it is not enough for two");
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 6, 3, 4, 5, 2]);
    for (const number of [4, 5, 2, 6]) agent.sendResult(number);
    arena.turn();
    sender.durable(6);
    arena.pass(1);
    assert.deepEqual(arena.pool.limits(arena.nowMs), []);
  });

  it("applies a larger amount of a resource as soon as a later task sets it", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9, resources: { memory: 100 } });
    const bringing = (memory: number) => ({ limits: [{ key: "blue", resources: { memory } }] });
    sender.offer([1, 2], { resources: { memory: 3 } }, bringing(4));
    sender.offer([3], { resources: { memory: 5 } }, bringing(4));
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    agent.sendResult(1);
    arena.turn();
    agent.sendResult(2);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2], "what asks for more than all of it waits");
    sender.offer([4], { resources: { memory: 1 } }, bringing(6));
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 4]);
    agent.sendResult(4);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 4, 3]);
  });

  it("is refused without a valid key, concurrency or rate", () => {
    const arena = new Arena();
    const rule = { key: "k", maxConcurrent: 0, rate: undefined, description: "" };
    assert.match(arena.pool.setLimit(rule, 0)?.message ?? "", /a concurrency or a rate, got neither/);
    assert.match(arena.pool.setLimit({ ...rule, maxConcurrent: 0.5 }, 0)?.message ?? "", /integer/);
    const rate = { count: 0, perMs: 1, burst: 0 };
    assert.match(arena.pool.setLimit({ ...rule, rate }, 0)?.message ?? "", /rate above 0/);
    assert.match(arena.pool.setLimit({ ...rule, key: "" }, 0)?.message ?? "", /1 to 1000 characters/);
  });
});
