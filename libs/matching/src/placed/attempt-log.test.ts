import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorDetail, Payload } from "@tutti/contracts/types/v1";
import { attemptsRetainedMax } from "../bounds.ts";
import { strategyNamed } from "../strategies/strategies.ts";
import { Arena, tokenOf } from "../testing/arena.ts";

const halfHourMs = 1_800_000;

describe("the attempts that agents of a pool had", () => {
  it("have their times by the clock of the pool, and how they ended", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 3 });
    const startMs = arena.nowMs;
    sender.offer([1, 2, 3], { definition: "order" }, { priority: 3, waitedMs: 20 });
    arena.pass(0);
    arena.pass(40);
    agent.sendResult(1);
    arena.pass(10);
    agent.sendResult(3, { $case: "failed", value: failure });
    agent.busy(2);
    arena.pass(0);
    const { attempts, last } = arena.pool.placedAttempts(0, 10, arena.nowMs);
    assert.equal(last, 3);
    assert.deepEqual(
      attempts.map(({ sequence, taskId, end, errorCode, assignedMs, endedMs, offeredMs, readyMs }) => [
        ...[sequence, taskId, end, errorCode],
        ...[readyMs - startMs, offeredMs - startMs, assignedMs - startMs, endedMs - startMs],
      ]),
      [
        [1, "t1", "completed", "", -20, 0, 0, 40],
        [2, "t3", "failed", "bank.closed", -20, 0, 0, 50],
        [3, "t2", "busy", "", -20, 0, 0, 50],
      ],
    );
    assert.deepEqual([attempts[0]?.slots, attempts[0]?.priority, attempts[0]?.agentId], [3, 3, "a"]);
    assert.equal(attempts[0]?.profile.definition, "order");
    assert.equal(attempts[0]?.choices, undefined);
  });

  it("have the size of the input: inline, of a payload, and of content in the store", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 4 });
    const inputs = [
      undefined,
      { $case: "inlineInput", value: new Uint8Array(12) },
      {
        $case: "inputPayload",
        value: Payload.fromPartial({ body: { $case: "inline", value: new Uint8Array(34) } }),
      },
      {
        $case: "inputPayload",
        value: Payload.fromPartial({ body: { $case: "blob", value: { size: 70_000 } } }),
      },
    ] as const;
    for (const [at, input] of inputs.entries()) sender.offer([at + 1], {}, { input });
    arena.pass(0);
    for (const at of inputs.keys()) agent.sendResult(at + 1);
    arena.pass(0);
    const { attempts } = arena.pool.placedAttempts(0, 10, arena.nowMs);
    assert.deepEqual(
      attempts.map(({ taskId, inputBytes }) => [taskId, inputBytes]),
      [
        ["t1", 0],
        ["t2", 12],
        ["t3", 34],
        ["t4", 70_000],
      ],
    );
  });

  it("name the strategy that chose the agent, even if the strategy changes before they end", () => {
    const arena = new Arena({ strategy: strategyNamed("fastest") });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 3 });
    sender.offer([1]);
    arena.pass(0);
    arena.pool.configure({ strategy: strategyNamed("cheapest") }, arena.nowMs);
    sender.offer([2]);
    arena.pass(10);
    for (const number of [1, 2]) agent.sendResult(number);
    arena.pass(0);
    const { attempts } = arena.pool.placedAttempts(0, 10, arena.nowMs);
    assert.deepEqual(
      attempts.map(({ taskId, strategy }) => [taskId, strategy]),
      [
        ["t1", "fastest"],
        ["t2", "cheapest"],
      ],
    );
  });

  it("distinguish a lost agent from a cancelled task", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer([1, 2], {}, { share: { key: "session-1", weight: 2, reservationIds: [] } });
    arena.pass(0);
    sender.request({ cancels: [{ token: tokenOf(1), reason: "stop", graceMs: 0 }] });
    arena.pass(5);
    agent.link.terminate("it is gone", arena.nowMs);
    arena.pass(0);
    const { attempts } = arena.pool.placedAttempts(0, 10, arena.nowMs);
    assert.deepEqual(
      attempts.map(({ taskId, end, choices }) => [taskId, end, choices?.share?.key]),
      [
        ["t1", "cancelled", "session-1"],
        ["t2", "lost", "session-1"],
      ],
    );
  });

  it("are kept for a second reader, and dropped half an hour after they were read", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    const after = (sequence: number, most = 10) =>
      arena.pool.placedAttempts(sequence, most, arena.nowMs).attempts.map((each) => each.sequence);
    sender.offer([1, 2]);
    arena.pass(0);
    agent.sendResult(1);
    agent.sendResult(2);
    arena.pass(0);
    assert.deepEqual([after(0, 1), after(1), after(2), after(0)], [[1], [2], [], [1, 2]]);
    arena.nowMs += halfHourMs;
    assert.deepEqual([after(1), arena.pool.placedAttempts(0, 10, arena.nowMs).last], [[], 2]);
  });

  it("are limited in number, and a gap in the sequence shows dropped ones", () => {
    const arena = new Arena({ window: 100_000 });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 100, credit: 1_000_000 });
    const count = attemptsRetainedMax + 100;
    for (let first = 1; first <= count; first += 100) {
      const numbers = Array.from({ length: Math.min(100, count - first + 1) }, (_, at) => first + at);
      sender.offer(numbers);
      arena.turn();
      for (const number of numbers) agent.sendResult(number);
      arena.turn();
      sender.durable(sender.received.results.length);
    }
    const { attempts, last } = arena.pool.placedAttempts(0, 1, arena.nowMs);
    assert.deepEqual([attempts[0]?.sequence, last], [101, count]);
  });
});

const failure = ErrorDetail.fromPartial({ code: "bank.closed" });
