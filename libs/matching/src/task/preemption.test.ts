import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Arena, type TestAgent, tokenOf } from "../testing/arena.ts";

const preemption = { priorityDifference: 10, graceMs: 1_000, spareAfterMs: 60_000 };
const stopped = { $case: "stopped" as const, value: { message: "it was asked to" } };
const stop = (agent: TestAgent, number: number) =>
  agent.sendFrame({ results: [{ token: tokenOf(number), outcome: stopped }] });

describe("running work", () => {
  it("yields to sufficiently more urgent work, and is queued again without a failure", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer([1], {}, { priority: 5 });
    sender.offer([2], {}, { priority: 0 });
    arena.turn();
    sender.offer([3], {}, { priority: 10 });
    arena.turn();
    assert.deepEqual(agent.cancelled, [2]);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    stop(agent, 2);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
    assert.deepEqual(sender.results, []);
    agent.sendResult(3);
    arena.turn();
    arena.pass(10);
    // The task is assigned again with its old token, once its agent has received the end.
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 2]);
    agent.sendResult(2);
    arena.turn();
    assert.deepEqual(sender.results, [
      [3, "inlineOutput"],
      [2, "inlineOutput"],
    ]);
  });

  it("yields to no work of another namespace, however urgent", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1], { namespace: "quiet" });
    arena.turn();
    sender.offer([2], { namespace: "loud" }, { priority: 1_000 });
    arena.turn();
    assert.deepEqual([agent.taskNumbers, agent.cancelled], [[1], []]);
  });

  it("that is done before it has ended for others is done", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1]);
    arena.turn();
    sender.offer([2], {}, { priority: 50 });
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(sender.results, [[1, "inlineOutput"]]);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
  });

  it("that fails by itself during preemption has failed", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1]);
    arena.turn();
    sender.offer([2], {}, { priority: 50 });
    arena.turn();
    const failed = { $case: "failed" as const, value: { code: "work.broken", message: "no ink" } };
    agent.sendFrame({ results: [{ token: tokenOf(1), outcome: failed }] });
    arena.turn();
    arena.pass(10);
    assert.deepEqual(sender.results, [[1, "work.broken"]]);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
  });

  it("starts again with the state that it saved", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1]);
    arena.turn();
    agent.sendFrame({ progress: [{ token: tokenOf(1), saved: new Uint8Array([7]) }] });
    sender.offer([2], {}, { priority: 50 });
    arena.turn();
    stop(agent, 1);
    arena.turn();
    agent.sendResult(2);
    arena.pass(10);
    assert.deepEqual(
      agent.assigned.map(({ saved }) => [...saved]),
      [[], [], [7]],
    );
  });

  it("does not yield to slightly more urgent work, if another slot is free, after a long run, or without preemption", () => {
    const cases = [
      [{ preemption }, 9, 0, 1],
      [{ preemption }, 50, 0, 2],
      [{ preemption }, 50, 61_000, 1],
      [{}, 100, 0, 1],
    ] as const;
    for (const [settings, priority, ranMs, slots] of cases) {
      const arena = new Arena({ leaseMs: 1e7, suspectMs: 1e6, ...settings });
      const sender = arena.sender();
      const agent = arena.agent("a", { slots });
      sender.offer([1]);
      arena.turn();
      arena.nowMs += ranMs;
      agent.sendFrame({});
      sender.offer([2], {}, { priority });
      arena.turn();
      assert.deepEqual(agent.cancelled, [], JSON.stringify({ priority, ranMs, slots }));
    }
  });

  it("yields once for each more urgent task, the least urgent first", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agents = ["a", "b", "c"].map((id) => arena.agent(id));
    for (const [number, priority] of [
      [1, 3],
      [2, 1],
      [3, 2],
    ] as const)
      sender.offer([number], {}, { priority });
    arena.turn();
    sender.offer([4, 5], {}, { priority: 60 });
    arena.turn();
    assert.deepEqual(agents.flatMap(({ cancelled }) => cancelled).sort(), [2, 3]);
  });

  it("that loses its agent during preemption is queued again", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1]);
    arena.turn();
    sender.offer([2], {}, { priority: 50 });
    arena.turn();
    agent.link.terminate("it goes", arena.nowMs);
    arena.pass(1);
    const other = arena.agent("b", { slots: 2 });
    arena.turn();
    assert.deepEqual(other.taskNumbers, [2, 1]);
    assert.deepEqual(sender.results, []);
  });

  it("reports its result exactly once, however often it yielded", () => {
    const act = fc.record({
      kind: fc.constantFrom("answer", "give up", "leave", "offer", "pass"),
      at: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const arena = new Arena({ preemption: { ...preemption, priorityDifference: 2 } });
        const sender = arena.sender();
        let agents = [arena.agent("a", { slots: 2 }), arena.agent("b")];
        const answered = new Set<unknown>();
        const open = (agent: TestAgent) => agent.assigned.filter((assigned) => !answered.has(assigned));
        let offered = 0;
        let joined = 0;
        for (const { kind, at } of acts) {
          const agent = agents[at % agents.length] as TestAgent;
          const assigned = open(agent)[at % Math.max(1, open(agent).length)];
          if (kind === "pass") arena.pass(at * 20);
          else if (kind === "offer") sender.offer([++offered], {}, { priority: at });
          else if (kind === "leave") {
            agent.link.terminate("it goes", arena.nowMs);
            agents = agents.filter((other) => other !== agent);
            agents.push(arena.agent(`agent-${joined++}`, { slots: 1 + (at % 3) }));
          } else if (assigned !== undefined) {
            answered.add(assigned);
            const outcome =
              kind === "give up" ? stopped : { $case: "inlineOutput" as const, value: new Uint8Array() };
            agent.sendFrame({ results: [{ token: assigned.token, outcome }] });
          }
          arena.turn();
        }
        for (let round = 0; round < 200; round++) {
          for (const agent of agents)
            for (const assigned of open(agent)) {
              answered.add(assigned);
              const outcome = { $case: "inlineOutput" as const, value: new Uint8Array() };
              agent.sendFrame({ results: [{ token: assigned.token, outcome }] });
            }
          arena.pass(20);
        }
        const numbers = sender.results.map(([one]) => one).toSorted((one, other) => one - other);
        assert.deepEqual(
          numbers,
          Array.from({ length: offered }, (_, at) => at + 1),
        );
        for (const view of arena.pool.agents(arena.nowMs)) assert.equal(view.attempts, 0, view.agentId);
      }),
      { numRuns: 200 },
    );
  });
});
