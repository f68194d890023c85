import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentState, type Result } from "@tutti/contracts/agent/v1";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { Arena, numberOf, type Sender, type TestAgent, tokenOf } from "../testing/arena.ts";

const mayBeDoubled = { mayBeDoubled: true };
const good: Result["outcome"] = { $case: "inlineOutput", value: new Uint8Array([1]) };
const bad: Result["outcome"] = {
  $case: "failed",
  value: ErrorDetail.fromPartial({ code: "users.own", message: "it went wrong" }),
};

/** Twelve tasks of 100 ms set the usual time. Number 100 has started at `slow`, and `quick` is free. */
function scene(settings: ConstructorParameters<typeof Arena>[0] = {}) {
  const arena = new Arena(settings);
  const sender = arena.sender();
  const slow = arena.agent("slow", { slots: 1 });
  for (let number = 1; number <= 12; number++) {
    sender.offer(number, mayBeDoubled);
    arena.turn();
    arena.nowMs += 100;
    slow.sendResult(number);
    arena.turn();
  }
  sender.offer(100, mayBeDoubled);
  arena.turn();
  const quick = arena.agent("quick", { slots: 1 });
  arena.turn();
  return { arena, sender, slow, quick };
}

const lastToken = (agent: TestAgent) => agent.assigned.at(-1)?.token ?? new Uint8Array();
const sendResult = (agent: TestAgent, token: Uint8Array, outcome: Result["outcome"]) =>
  agent.sendFrame({ results: [{ token, outcome, runMs: 1 }] });
const of100 = (sender: Sender) => sender.results.filter(([number]) => number === 100);

describe("a second copy", () => {
  it("starts at another agent when an attempt takes longer than usual, and its result counts for the attempt", () => {
    const { arena, sender, slow, quick } = scene();
    assert.deepEqual(quick.taskNumbers, []);
    arena.pass(400);
    const token = lastToken(quick);
    assert.equal(quick.taskNumbers.length, 1);
    assert.notDeepEqual(token, tokenOf(100));
    assert.equal(quick.assigned[0]?.taskId, "t100");
    sendResult(quick, token, good);
    arena.turn();
    assert.deepEqual(of100(sender), [[100, "inlineOutput"]]);
    assert.deepEqual(slow.cancelled, [100]);
    // Later answers of the slower agent are ignored, and its slot is free again.
    slow.sendResult(100);
    sender.offer(101);
    arena.turn();
    assert.deepEqual(of100(sender).length, 1);
    assert.ok([...slow.taskNumbers, ...quick.taskNumbers].includes(101));
  });

  it("is ended when the first attempt is done before it", () => {
    const { arena, sender, slow, quick } = scene();
    arena.pass(400);
    slow.sendResult(100);
    arena.turn();
    assert.deepEqual(of100(sender), [[100, "inlineOutput"]]);
    assert.deepEqual(quick.cancelled, [numberOf(lastToken(quick))]);
    sendResult(quick, lastToken(quick), good);
    arena.turn();
    assert.equal(of100(sender).length, 1);
  });

  it("continues for both when the first attempt fails, or its agent is lost", () => {
    for (const end of ["fails", "is lost"] as const) {
      const { arena, sender, slow, quick } = scene();
      arena.pass(400);
      if (end === "fails") slow.sendResult(100, bad);
      else slow.link.terminate("it goes", arena.nowMs);
      arena.turn();
      assert.deepEqual(of100(sender), [], end);
      sendResult(quick, lastToken(quick), good);
      arena.turn();
      assert.deepEqual(of100(sender), [[100, "inlineOutput"]], end);
    }
  });

  it("that fails or is lost is not reported while the first attempt runs", () => {
    for (const end of ["fails", "is lost"] as const) {
      const { arena, sender, slow, quick } = scene();
      arena.pass(400);
      if (end === "fails") sendResult(quick, lastToken(quick), bad);
      else quick.link.terminate("it goes", arena.nowMs);
      arena.turn();
      assert.deepEqual(of100(sender), [], end);
      slow.sendResult(100);
      arena.turn();
      assert.deepEqual(of100(sender), [[100, "inlineOutput"]], end);
    }
  });

  it("that fails after the first attempt failed is reported to the sender", () => {
    const { arena, sender, slow, quick } = scene();
    arena.pass(400);
    slow.sendResult(100, bad);
    sendResult(quick, lastToken(quick), bad);
    arena.turn();
    assert.deepEqual(of100(sender), [[100, "users.own"]]);
  });

  it("that is lost after the first attempt was is the attempt's loss", () => {
    const { arena, sender, slow, quick } = scene();
    arena.pass(400);
    slow.link.terminate("it goes", arena.nowMs);
    quick.link.terminate("it goes", arena.nowMs);
    arena.turn();
    assert.deepEqual(of100(sender), [[100, "matching.lost"]]);
  });

  it("does not start for a preempted attempt, which is queued again once when its agent has stopped it", () => {
    const { arena, sender, slow, quick } = scene({
      preemption: { priorityDifference: 10, graceMs: 1_000, spareAfterMs: 60_000 },
    });
    sender.offer(101, mayBeDoubled, { priority: 50 });
    arena.turn();
    sender.offer(102, mayBeDoubled, { priority: 50 });
    arena.turn();
    assert.deepEqual([quick.taskNumbers, slow.cancelled], [[101], [100]]);
    quick.sendResult(101);
    arena.turn();
    quick.sendResult(102);
    arena.pass(900);
    assert.deepEqual(quick.taskNumbers, [101, 102], "nothing for its slot");
    sendResult(slow, tokenOf(100), { $case: "stopped", value: { message: "it was asked to" } });
    arena.pass(10);
    assert.equal([...slow.taskNumbers, ...quick.taskNumbers].filter((number) => number === 100).length, 2);
  });

  it("continues alone when the first agent returns without the attempt, which does not wait then", () => {
    const { arena, sender, slow, quick } = scene();
    arena.pass(400);
    assert.equal(quick.taskNumbers.length, 1);
    slow.link.markDisconnected(arena.nowMs);
    const rejoined = arena.agent("slow", { slots: 1 });
    arena.turn();
    assert.deepEqual(rejoined.taskNumbers, [], "its copy is running");
    sendResult(quick, lastToken(quick), good);
    arena.turn();
    assert.deepEqual(of100(sender), [[100, "inlineOutput"]]);
    arena.pass(5_000);
    assert.deepEqual([rejoined.taskNumbers, of100(sender).length], [[], 1]);
  });

  it("does not start for tasks that do not allow it, that have a limit, or if it is switched off", () => {
    const cases = [
      [{}, {}, {}],
      [{}, mayBeDoubled, { limits: [{ key: "door", maxConcurrent: 5 }] }],
      [{ doubling: { enabled: false, quantile: 0.95, maxShare: 0.1 } }, mayBeDoubled, {}],
      [{ doubling: { enabled: true, quantile: 0.95, maxShare: 0 } }, mayBeDoubled, {}],
    ] as const;
    for (const [settings, profile, offer] of cases) {
      const { arena, sender, slow, quick } = scene(settings);
      slow.sendResult(100);
      arena.turn();
      quick.sendResult(200);
      sender.offer(102, profile, offer);
      arena.turn();
      arena.pass(3_000);
      assert.equal(slow.taskNumbers.filter((number) => number === 102).length + quick.taskNumbers.length, 1);
    }
  });

  it("waits for a slot that no other task needs", () => {
    const { arena, sender, slow, quick } = scene();
    sender.offer([101, 102]);
    arena.turn();
    assert.deepEqual(quick.taskNumbers, [101]);
    arena.pass(1_000);
    quick.sendResult(101);
    arena.turn();
    assert.deepEqual(quick.taskNumbers, [101, 102]);
    quick.sendResult(102);
    arena.pass(1_000);
    assert.equal(quick.taskNumbers.length, 3);
    slow.sendResult(100);
    arena.turn();
    assert.deepEqual(of100(sender), [[100, "inlineOutput"]]);
  });

  it("ends with the attempt when that is cancelled, or runs out of time", () => {
    const { arena, sender, quick } = scene();
    arena.pass(400);
    sender.request({ cancels: [{ token: tokenOf(100), reason: "enough", graceMs: 0 }] });
    arena.turn();
    assert.equal(quick.cancelled.length, 1);
    assert.deepEqual(of100(sender), []);
  });

  it("confirms the result to its agent only after the sender has made it durable", () => {
    const { arena, sender, quick } = scene();
    arena.pass(400);
    const before = quick.durable;
    sendResult(quick, lastToken(quick), good);
    arena.turn();
    assert.equal(quick.durable, before);
    sender.durable(sender.received.results.length);
    arena.turn();
    assert.ok(quick.durable > before);
  });

  it("reports each attempt to its sender exactly once, for any answers of agents", () => {
    const act = fc.record({
      kind: fc.constantFrom("answer", "fail", "busy", "leave", "pass", "offer"),
      at: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const { arena, sender, slow, quick } = scene({
          doubling: { enabled: true, quantile: 0.5, maxShare: 1 },
        });
        let agents = [slow, quick];
        let number = 200;
        let joined = 0;
        const open = (agent: TestAgent) => agent.assigned.filter((assigned) => !answered.has(assigned));
        const answered = new Set(slow.assigned.slice(0, 12));
        const offered = [100];
        for (const { kind, at } of acts) {
          const agent = agents[at % agents.length] as TestAgent;
          const assigned = open(agent)[at % Math.max(1, open(agent).length)];
          if (kind === "pass") arena.pass(at * 40);
          else if (kind === "offer") {
            sender.offer(++number, mayBeDoubled);
            offered.push(number);
          } else if (kind === "leave") {
            agent.link.terminate("it goes", arena.nowMs);
            agents = agents.filter((other) => other !== agent);
            agents.push(arena.agent(`agent-${joined++}`, { slots: 1 + (at % 3) }));
          } else if (assigned !== undefined) {
            const { token } = assigned;
            answered.add(assigned);
            if (kind === "busy")
              agent.sendFrame({
                results: [{ token, outcome: { $case: "busy", value: { retryAfterMs: 1 } } }],
              });
            else sendResult(agent, token, kind === "answer" ? good : bad);
          }
          arena.turn();
        }
        // In the end all agents answer their open tasks.
        for (let round = 0; round < 400; round++) {
          for (const agent of agents) {
            for (const assigned of open(agent)) {
              answered.add(assigned);
              sendResult(agent, assigned.token, good);
            }
          }
          arena.pass(300);
        }
        const numbers = sender.results.map(([number]) => number).filter((number) => number >= 100);
        assert.deepEqual(
          numbers.toSorted((one, other) => one - other),
          offered,
        );
        for (const view of arena.pool.agents(arena.nowMs)) assert.equal(view.attempts, 0, view.agentId);
        assert.ok(
          arena.pool.agents(arena.nowMs).every(({ state }) => state === AgentState.AGENT_STATE_READY),
        );
      }),
      { numRuns: 200 },
    );
  });
});
