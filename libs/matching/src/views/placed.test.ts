import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Explanation, WaitCause } from "@tutti/contracts/types/v1";
import { placementsMax, placementsMs } from "../bounds.ts";
import { Arena, tokenOf } from "../testing/arena.ts";

function workOf(number: number) {
  return { namespace: "default", kind: "run", id: "run-1", task: `t${number}` };
}

/** Completes tasks at the one agent, in their order, until the results are durable. */
function work(arena: Arena, numbers: readonly number[]): void {
  const atOnce = 1_000;
  const sender = arena.sender();
  const agent = arena.agent("a", { credit: 1_000_000, slots: atOnce });
  for (let from = 0; from < numbers.length; from += atOnce) {
    const group = numbers.slice(from, from + atOnce);
    for (const number of group) sender.offer(number);
    arena.turn();
    for (const number of group) agent.sendResult(number);
    arena.turn();
    sender.durable(from + group.length);
  }
}

function splitOf(explanation: Explanation | undefined) {
  return explanation?.waits.map(({ cause, waitedMs, present }) => [cause, waitedMs, present]);
}

describe("a placement", () => {
  it("is explained for an hour after the task has left the pool, with the candidates, and then reported as dropped", () => {
    const arena = new Arena();
    const agents = [arena.agent("a"), arena.agent("b", { slots: 2 })];
    const sender = arena.sender();
    sender.offer(1);
    arena.turn();
    agents.find(({ taskNumbers }) => taskNumbers.length > 0)?.sendResult(1);
    arena.turn();
    sender.durable(1);
    assert.equal(arena.pool.explain(tokenOf(1), arena.nowMs), undefined);
    const explanation = arena.pool.explainWork(workOf(1), arena.nowMs);
    assert.match(
      explanation?.summary ?? "",
      /^Attempt 1 was given to [ab] at .*Of 2 agents alike 2 had room\.$/,
    );
    assert.deepEqual(explanation?.candidates.map(({ id }) => id).sort(), ["a", "b"]);
    assert.equal(explanation?.candidates.filter(({ chosen }) => chosen).length, 1);
    assert.equal(arena.pool.explainWork(workOf(2), arena.nowMs), undefined);
    assert.equal(arena.pool.placementsUnknownBeforeMs(arena.nowMs), 0);
    const placedMs = arena.nowMs;
    arena.nowMs += placementsMs + 1;
    assert.equal(arena.pool.explainWork(workOf(1), arena.nowMs), undefined);
    assert.equal(arena.pool.placementsUnknownBeforeMs(arena.nowMs), placedMs);
  });

  it("is kept up to a maximum, and the oldest are dropped first", () => {
    const arena = new Arena();
    const count = placementsMax + 1_000;
    work(
      arena,
      Array.from({ length: count }, (_, at) => at + 1),
    );
    assert.equal(arena.pool.explainWork(workOf(1_000), arena.nowMs), undefined);
    assert.notEqual(arena.pool.explainWork(workOf(1_001), arena.nowMs), undefined);
    assert.notEqual(arena.pool.explainWork(workOf(count), arena.nowMs), undefined);
    assert.equal(arena.pool.placementsUnknownBeforeMs(arena.nowMs), arena.nowMs);
  });
});

describe("the time that a task has waited", () => {
  const { WAIT_CAUSE_NO_CAPABILITY, WAIT_CAUSE_BUSY, WAIT_CAUSE_PAUSED, WAIT_CAUSE_LIMIT } = WaitCause;

  it("is split by cause, while it waits and when it was placed", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer(1);
    arena.pass(0);
    arena.pass(10_000);
    const agent = arena.agent("a");
    sender.offer(9, {}, { waitedMs: 60_000 });
    arena.turn();
    arena.pass(3_000);
    arena.pool.configure({ paused: true }, arena.nowMs);
    arena.turn();
    arena.pass(5_000);
    assert.deepEqual(splitOf(arena.pool.explain(tokenOf(1), arena.nowMs)), [
      [WAIT_CAUSE_PAUSED, 5_000, true],
      [WAIT_CAUSE_BUSY, 3_000, true],
      [WAIT_CAUSE_NO_CAPABILITY, 10_000, false],
    ]);
    arena.pool.configure({ paused: false }, arena.nowMs);
    agent.sendResult(9);
    arena.turn();
    arena.pass(2_000);
    assert.deepEqual(splitOf(arena.pool.explain(tokenOf(1), arena.nowMs)), [
      [WAIT_CAUSE_NO_CAPABILITY, 10_000, false],
      [WAIT_CAUSE_BUSY, 3_000, false],
      [WAIT_CAUSE_PAUSED, 5_000, false],
    ]);
  });

  it("is for a pause of the pool too, while no worker offers the capability", () => {
    const arena = new Arena();
    arena.sender().offer(1);
    arena.turn();
    arena.pool.configure({ paused: true }, arena.nowMs);
    arena.turn();
    arena.pass(5_000);
    const explanation = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.deepEqual(
      explanation?.waits.map(({ cause, present }) => [cause, present]),
      [
        [WAIT_CAUSE_NO_CAPABILITY, true],
        [WAIT_CAUSE_PAUSED, true],
      ],
    );
    assert.ok(explanation?.remedies.some(({ command }) => command === "tutti pool resume default"));
  });

  it("is not counted twice if the task waited for a limit of its own meanwhile", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const limits = [{ key: "api", maxConcurrent: 1 }];
    const agent = arena.agent("a", { slots: 2 });
    sender.offer(1, {}, { limits });
    arena.turn();
    sender.offer([2], {}, { limits });
    sender.offer([3, 4]);
    arena.turn();
    arena.pass(4_000);
    const waits = arena.pool.explain(tokenOf(2), arena.nowMs)?.waits ?? [];
    assert.deepEqual(
      waits.filter(({ present }) => present).map(({ cause, waitedMs }) => [cause, waitedMs])[0],
      [WAIT_CAUSE_LIMIT, 4_000],
    );
    assert.equal(waits.filter(({ present }) => !present).length, 0);
    agent.sendResult(1);
    agent.sendResult(3);
    arena.turn();
    assert.deepEqual(splitOf(arena.pool.explain(tokenOf(2), arena.nowMs)), [
      [WAIT_CAUSE_LIMIT, 4_000, false],
    ]);
  });
});
