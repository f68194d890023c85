import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Arena, type TestAgent, tokenOf } from "../testing/arena.ts";

const preemption = { priorityDifference: 10, graceMs: 1_000, spareAfterMs: 60_000 };
const gaveUp = { $case: "stopped" as const, value: { message: "it was asked to" } };
const giveUp = (agent: TestAgent, number: number) =>
  agent.say({ results: [{ token: tokenOf(number), outcome: gaveUp }] });

describe("running work", () => {
  it("gives way to what is more urgent by enough, and waits again without having failed", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer([1], {}, { priority: 5 });
    sender.offer([2], {}, { priority: 0 });
    arena.turn();
    sender.offer([3], {}, { priority: 10 });
    arena.turn();
    assert.deepEqual(agent.cancelled, [2]);
    assert.deepEqual(agent.given, [1, 2]);
    giveUp(agent, 2);
    arena.turn();
    assert.deepEqual(agent.given, [1, 2, 3]);
    assert.deepEqual(sender.results, []);
    agent.answer(3);
    arena.turn();
    arena.pass(10);
    // The task is assigned again with its old token, once its agent has received the end.
    assert.deepEqual(agent.given, [1, 2, 3, 2]);
    agent.answer(2);
    arena.turn();
    assert.deepEqual(sender.results, [
      [3, "inlineOutput"],
      [2, "inlineOutput"],
    ]);
  });

  it("gives way to nothing of another namespace, however urgent that is", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1], { namespace: "quiet" });
    arena.turn();
    sender.offer([2], { namespace: "loud" }, { priority: 1_000 });
    arena.turn();
    assert.deepEqual([agent.given, agent.cancelled], [[1], []]);
  });

  it("that is done before it has ended for others is done", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1]);
    arena.turn();
    sender.offer([2], {}, { priority: 50 });
    arena.turn();
    agent.answer(1);
    arena.turn();
    assert.deepEqual(sender.results, [[1, "inlineOutput"]]);
    assert.deepEqual(agent.given, [1, 2]);
  });

  it("that failed by itself before it was asked to end has failed", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1]);
    arena.turn();
    sender.offer([2], {}, { priority: 50 });
    arena.turn();
    const failed = { $case: "failed" as const, value: { code: "work.broken", message: "no ink" } };
    agent.say({ results: [{ token: tokenOf(1), outcome: failed }] });
    arena.turn();
    arena.pass(10);
    assert.deepEqual(sender.results, [[1, "work.broken"]]);
    assert.deepEqual(agent.given, [1, 2]);
  });

  it("starts again with the state that it saved", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1]);
    arena.turn();
    agent.say({ progress: [{ token: tokenOf(1), saved: new Uint8Array([7]) }] });
    sender.offer([2], {}, { priority: 50 });
    arena.turn();
    giveUp(agent, 1);
    arena.turn();
    agent.answer(2);
    arena.pass(10);
    assert.deepEqual(
      agent.assigned.map(({ saved }) => [...saved]),
      [[], [], [7]],
    );
  });

  it("does not give way to what is hardly more urgent, to what finds room, after it ran for long, or where it is off", () => {
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
      agent.say({});
      sender.offer([2], {}, { priority });
      arena.turn();
      assert.deepEqual(agent.cancelled, [], JSON.stringify({ priority, ranMs, slots }));
    }
  });

  it("of which one gives way for each that is more urgent, the least urgent first", () => {
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

  it("that loses its agent while it gives way waits again", () => {
    const arena = new Arena({ preemption });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer([1]);
    arena.turn();
    sender.offer([2], {}, { priority: 50 });
    arena.turn();
    agent.link.end("it goes", arena.nowMs);
    arena.pass(1);
    const other = arena.agent("b", { slots: 2 });
    arena.turn();
    assert.deepEqual(other.given, [2, 1]);
    assert.deepEqual(sender.results, []);
  });

  it("is heard of exactly once, however often it gave way", () => {
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
        const open = (agent: TestAgent) => agent.assigned.filter((one) => !answered.has(one));
        let offered = 0;
        let joined = 0;
        for (const { kind, at } of acts) {
          const agent = agents[at % agents.length] as TestAgent;
          const assigned = open(agent)[at % Math.max(1, open(agent).length)];
          if (kind === "pass") arena.pass(at * 20);
          else if (kind === "offer") sender.offer([++offered], {}, { priority: at });
          else if (kind === "leave") {
            agent.link.end("it goes", arena.nowMs);
            agents = agents.filter((one) => one !== agent);
            agents.push(arena.agent(`agent-${joined++}`, { slots: 1 + (at % 3) }));
          } else if (assigned !== undefined) {
            answered.add(assigned);
            const outcome =
              kind === "give up" ? gaveUp : { $case: "inlineOutput" as const, value: new Uint8Array() };
            agent.say({ results: [{ token: assigned.token, outcome }] });
          }
          arena.turn();
        }
        for (let round = 0; round < 200; round++) {
          for (const agent of agents)
            for (const assigned of open(agent)) {
              answered.add(assigned);
              const outcome = { $case: "inlineOutput" as const, value: new Uint8Array() };
              agent.say({ results: [{ token: assigned.token, outcome }] });
            }
          arena.pass(20);
        }
        const heard = sender.results.map(([one]) => one).toSorted((one, other) => one - other);
        assert.deepEqual(
          heard,
          Array.from({ length: offered }, (_, at) => at + 1),
        );
        for (const view of arena.pool.agents(arena.nowMs)) assert.equal(view.attempts, 0, view.agentId);
      }),
      { numRuns: 200 },
    );
  });
});
