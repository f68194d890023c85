import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hold } from "@tutti/contracts/agent/v1";
import { ErrorDetail, RetryClass, WaitCause } from "@tutti/contracts/types/v1";
import { Arena, numberOf, type Sender, type TestAgent } from "../testing/arena.ts";

const settings = { breakAfterFailures: 3 };

function failing(retry: RetryClass = RetryClass.RETRY_CLASS_SAME_KEY) {
  return { $case: "failed" as const, value: ErrorDetail.fromPartial({ code: "hands.broken", retry }) };
}

/** One agent that fails every task, and one that completes every task. */
class Pair {
  readonly arena = new Arena(settings);
  readonly sender: Sender = this.arena.sender();
  readonly bad: TestAgent = this.arena.agent("bad");
  readonly good: TestAgent = this.arena.agent("good");
  #offered = 0;

  /** Each task is finished by its agent before the next one is offered. */
  play(tasks: number, retry?: RetryClass): void {
    for (let task = 0; task < tasks; task++) {
      this.sender.offer(++this.#offered);
      this.arena.turn();
      this.finishAssigned(retry);
    }
  }

  finishAssigned(retry?: RetryClass): void {
    for (const { token } of this.bad.assigned.splice(0)) this.bad.sendResult(numberOf(token), failing(retry));
    for (const { token } of this.good.assigned.splice(0)) this.good.sendResult(numberOf(token));
    this.arena.turn();
  }

  get failed(): number {
    return this.sender.results.filter(([, outcome]) => outcome === "hands.broken").length;
  }

  get held(): boolean {
    return this.arena.pool.agent("bad", this.arena.nowMs)?.hold === Hold.HOLD_FAILING;
  }
}

describe("the breaker of an agent", () => {
  it("opens after several failures in a row, and the remaining tasks go to healthy agents", () => {
    const pair = new Pair();
    pair.play(100);
    assert.equal(pair.failed, 3);
    assert.ok(pair.held);
    assert.ok(
      pair.bad.frames.some(({ held }) => held?.hold === Hold.HOLD_FAILING),
      "the agent is notified",
    );
  });

  it("lets one attempt through after a pause, and stays open longer each time that attempt fails", () => {
    const pair = new Pair();
    pair.play(10);
    const pauses: number[] = [];
    for (let round = 0; round < 3; round++) {
      const fromMs = pair.arena.nowMs;
      while (pair.held) pair.arena.pass(100);
      pauses.push(pair.arena.nowMs - fromMs);
      const before = pair.failed;
      pair.play(10);
      assert.equal(pair.failed - before, 1, "on trial it is given one attempt");
    }
    assert.deepEqual(pauses, [1_000, 2_000, 4_000]);
  });

  it("closes after an attempt succeeds", () => {
    const pair = new Pair();
    const { arena, sender, bad } = pair;
    pair.play(10);
    arena.pass(1_000);
    sender.offer(500, {}, { onlyAgents: ["bad"] });
    arena.turn();
    bad.sendResult(500);
    bad.assigned.length = 0;
    arena.turn();
    const before = pair.failed;
    pair.play(10);
    assert.equal(pair.failed - before, 3);
  });

  it("is closed by the release of the agent", () => {
    const pair = new Pair();
    pair.play(10);
    assert.equal(pair.arena.pool.release("bad", "mended", pair.arena.nowMs), undefined);
    assert.ok(!pair.held);
    const before = pair.failed;
    pair.play(10);
    assert.equal(pair.failed - before, 3);
  });

  it("never opens for permanent errors, for the only agent, or if all agents fail alike", () => {
    const theirFault = new Pair();
    theirFault.play(20, RetryClass.RETRY_CLASS_NEVER);
    assert.ok(!theirFault.held);

    const arena = new Arena(settings);
    const sender = arena.sender();
    const agents = ["a", "b", "c", "d"].map((id) => arena.agent(id));
    for (let task = 1; task <= 200; task++) {
      sender.offer(task);
      arena.turn();
      for (const agent of agents)
        for (const { token } of agent.assigned.splice(0)) agent.sendResult(numberOf(token), failing());
      arena.turn();
    }
    assert.equal(sender.results.length, 200, "half of them still fail");

    const alone = new Arena(settings);
    const only = alone.agent("only");
    const its = alone.sender();
    for (let task = 1; task <= 20; task++) {
      its.offer(task);
      alone.turn();
      only.sendResult(task, failing());
      alone.turn();
    }
    assert.equal(its.results.length, 20);
  });

  it("counts attempts that timed out", () => {
    const arena = new Arena({ ...settings, graceMs: 0 });
    const sender = arena.sender();
    arena.agent("hangs");
    arena.agent("good", { capabilities: ["work@1.0.0"] });
    for (let task = 1; task <= 3; task++) {
      sender.offer(task, { timeouts: { runMs: 100 } }, { onlyAgents: ["hangs"] });
      arena.turn();
      arena.pass(200);
    }
    assert.equal(arena.pool.agent("hangs", arena.nowMs)?.hold, Hold.HOLD_FAILING);
  });

  it("is a wait cause next to busy agents, and remains in the wait history", () => {
    const pair = new Pair();
    const { arena, sender, good } = pair;
    pair.play(3);
    pair.play(3);
    assert.ok(pair.held);
    sender.offer([900, 901]);
    arena.turn();
    arena.pass(400);
    const work = { namespace: "default", kind: "run", id: "run-1", task: "t901" };
    const waiting = arena.pool.explainWork(work, arena.nowMs);
    assert.deepEqual(
      waiting?.waits.map(({ cause, present }) => [cause, present]),
      [
        [WaitCause.WAIT_CAUSE_BREAKER, true],
        [WaitCause.WAIT_CAUSE_BUSY, true],
      ],
    );
    assert.ok(waiting?.waits[0]?.endTime !== undefined, "it says until when");
    assert.equal(waiting?.remedies[0]?.command, "tutti agent release bad");
    good.sendResult(900);
    arena.turn();
    const placed = arena.pool.explainWork(work, arena.nowMs);
    assert.deepEqual(
      placed?.waits.map(({ cause, waitedMs }) => [cause, waitedMs]),
      [[WaitCause.WAIT_CAUSE_BREAKER, 400]],
    );
  });
});
