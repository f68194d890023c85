import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GangAct } from "@tutti/contracts/swarm/v1";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { Arena, type Sender, type TestAgent, tokenOf } from "../testing/arena.ts";

const gang = (size: number, started = false) => ({ gang: { name: "build", size, started } });
const failed = { $case: "failed" as const, value: ErrorDetail.fromPartial({ code: "users.own" }) };
const start = (agent: TestAgent, ...numbers: number[]) =>
  agent.sendFrame({ started: numbers.map((number) => ({ token: tokenOf(number), agoMs: 0 })) });
const stop = (agent: TestAgent, number: number) =>
  agent.sendResult(number, { $case: "stopped", value: { message: "" } });

function scene(slots: number) {
  const arena = new Arena({ gangHoldMs: 1_000, adaptiveConcurrency: false });
  return { arena, sender: arena.sender(), agent: arena.agent("a", { slots }) };
}

describe("a gang", () => {
  it("starts in the turn in which its last member arrives and each member has a slot", () => {
    const { arena, sender, agent } = scene(2);
    sender.offer([1, 2], {}, gang(3));
    arena.turn();
    sender.offer(3, {}, gang(3));
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    const other = arena.agent("b");
    arena.turn();
    assert.deepEqual([...agent.taskNumbers, ...other.taskNumbers].sort(), [1, 2, 3]);
  });

  it("finds the only assignment that gives each member an agent", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const both = arena.agent("a", { capabilities: ["cut@1.0.0", "glue@1.0.0"] });
    const single = arena.agent("b", { capabilities: ["cut@1.0.0"] });
    sender.offer(1, { capability: "cut" }, gang(2));
    sender.offer(2, { capability: "glue" }, gang(2));
    arena.turn();
    assert.deepEqual([both.taskNumbers, single.taskNumbers], [[2], [1]]);
  });

  it("adds up the resources and limits of its members", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 4, resources: { gpu: 3 } });
    sender.offer([1, 2], { resources: { gpu: 2 } }, gang(2));
    const limits = { limits: [{ key: "k", maxConcurrent: 1 }] };
    sender.offer([3, 4], {}, { ...limits, workId: "run-2", ...gang(2) });
    sender.offer(5, {}, { ...limits, workId: "run-3" });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [5]);
  });

  it("without room holds slots for a bounded time, then yields them for as long", () => {
    const { arena, sender, agent } = scene(2);
    sender.offer(9);
    arena.turn();
    sender.offer([1, 2], {}, gang(2));
    sender.offer([10, 11, 12], {}, { workId: "run-2" });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [9]);
    arena.pass(999);
    assert.deepEqual(agent.taskNumbers, [9]);
    arena.pass(1);
    assert.deepEqual(agent.taskNumbers, [9, 10]);
    arena.pass(1_000);
    agent.sendResult(9);
    agent.sendResult(10);
    arena.turn();
    assert.deepEqual(agent.taskNumbers.slice(2).sort(), [1, 2]);
  });

  it("that is larger than the pool holds no slots, and the explanation says so", () => {
    const { arena, sender, agent } = scene(2);
    sender.offer([1, 2, 3], {}, gang(3));
    sender.offer([10, 11], {}, { workId: "run-2" });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [10, 11]);
    assert.match(
      arena.pool.explain(tokenOf(1), arena.nowMs)?.summary ?? "",
      /gang build: all workers together have room for 2 of its 3 members/,
    );
  });

  it("explains which members wait for which slots", () => {
    const { arena, sender } = scene(2);
    const other = arena.agent("b", { capabilities: ["train@1.0.0"], slots: 2 });
    sender.offer([8, 9], { capability: "train" });
    arena.turn();
    const summary = () => arena.pool.explain(tokenOf(1), arena.nowMs)?.summary ?? "";
    sender.offer([1, 2], {}, gang(4));
    arena.turn();
    assert.match(summary(), /gang build: 2 of 4 members are here/);
    sender.offer([3, 4], { capability: "train" }, gang(4));
    arena.turn();
    assert.match(
      summary(),
      /gang build: 2 of 4 members fit, t3 and t4 wait for 2 slots of train. 2 slots are held for it/,
    );
    other.sendResult(8);
    arena.turn();
    assert.match(summary(), /3 of 4 members fit, t[34] waits for 1 slot of train/);
  });

  for (const [title, ends] of [
    ["is busy", (agent: TestAgent) => agent.busy(2, 1)],
    ["fails before it", (agent: TestAgent) => agent.sendResult(2, failed)],
  ] as const)
    it(`is withdrawn as a whole if a member ${title}, and starts again as a whole`, () => {
      const { arena, sender, agent } = scene(1);
      const other = arena.agent("b", { slots: 2 });
      sender.offer([1, 2, 3], {}, gang(3));
      arena.turn();
      const [mine, yours] = agent.taskNumbers.includes(2) ? [agent, other] : [other, agent];
      const others = [1, 3].filter((number) => yours.taskNumbers.includes(number));
      for (const number of others) start(yours, number);
      ends(mine);
      arena.turn();
      assert.deepEqual(yours.cancelled.sort(), others);
      for (const agent of [mine, yours]) for (const number of agent.cancelled) stop(agent, number);
      arena.turn();
      arena.pass(1);
      if (title !== "is busy") {
        sender.offer(4, {}, { ...gang(3), attempt: 2 });
        arena.turn();
      }
      arena.pass(500);
      assert.deepEqual([...agent.taskNumbers, ...other.taskNumbers].length, 6);
      assert.deepEqual(
        sender.results.filter(([, outcome]) => outcome !== "users.own"),
        [],
      );
    });

  it("is complete when all members have started: a retried member then runs alone", () => {
    const { arena, sender, agent } = scene(3);
    sender.offer([1, 2, 3], {}, gang(3));
    arena.turn();
    start(agent, 1, 2, 3);
    arena.turn();
    agent.sendResult(2, failed);
    sender.offer(4, {}, { ...gang(3), attempt: 2 });
    arena.turn();
    assert.deepEqual(agent.cancelled, []);
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4]);
  });

  it("counts members that agents have had since before this pool as running", () => {
    const arena = new Arena({ claimMs: 1_000 });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 3, running: [tokenOf(1), tokenOf(2)] });
    sender.offer([1, 2], {}, gang(3));
    arena.turn();
    // The run already knows that the others have started.
    sender.offer(3, {}, { ...gang(3, true), attempt: 2 });
    arena.turn();
    assert.deepEqual([agent.taskNumbers, agent.cancelled], [[3], []]);
  });

  it("with members in other pools reserves slots, and starts when its sender orders it", () => {
    const { arena, sender, agent } = scene(2);
    const order = (act: GangAct) => {
      sender.request({ gangOrders: [{ token: tokenOf(1), number: act, act }] });
      arena.turn();
    };
    sender.offer([1, 2], {}, { gang: { name: "build", size: 2, elsewhere: 1 } });
    arena.turn();
    assert.equal(sender.received.gangs.at(-1)?.fits, true);
    assert.match(
      arena.pool.explain(tokenOf(1), arena.nowMs)?.summary ?? "",
      /gang build: all 2 members in this pool fit, and wait for 1 member in other pools/,
    );
    order(GangAct.GANG_ACT_RESERVE);
    assert.equal(sender.received.gangs.at(-1)?.reserved, true);
    sender.offer(10, {}, { workId: "run-2" });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    order(GangAct.GANG_ACT_START);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
  });

  it("does not wait for members that its sender cancels", () => {
    const { arena, sender, agent } = scene(3);
    sender.offer([1, 2, 3], {}, gang(4));
    sender.offer(4, {}, gang(4));
    sender.request({ cancels: [{ token: tokenOf(4), reason: "skipped", graceMs: 0 }] });
    arena.turn();
    assert.deepEqual(agent.taskNumbers.length, 3);
  });
});

describe("gangs and other tasks in one pool", () => {
  /** Steps of a pool: gangs and tasks come, and attempts end one after another. */
  const plans = fc.record({
    slots: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    works: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 }),
    ends: fc.array(fc.nat(), { maxLength: 40 }),
  });

  it("never start a gang in part, and finish everything that the pool can hold within the bound", () => {
    fc.assert(
      fc.property(plans, ({ slots, works, ends }) => {
        const arena = new Arena({ gangHoldMs: 100, adaptiveConcurrency: false });
        const sender: Sender = arena.sender();
        const agents = slots.map((count, at) => arena.agent(`a${at}`, { slots: count }));
        const total = slots.reduce((sum, count) => sum + count, 0);
        const members = works.map((size, work) =>
          Array.from({ length: size }, (_, at) => 1 + work * 10 + at),
        );
        for (const [work, numbers] of members.entries())
          for (const number of numbers)
            sender.offer(
              number,
              {},
              { workId: `run-${work}`, ...(numbers.length > 1 && gang(numbers.length)) },
            );
        const done = new Set<number>();
        const running = () =>
          agents.flatMap((agent) =>
            agent.taskNumbers.filter((number) => !done.has(number)).map((number) => ({ agent, number })),
          );
        const check = () => {
          const assigned = new Set(agents.flatMap((agent) => agent.taskNumbers));
          for (const numbers of members) {
            const count = numbers.filter((number) => assigned.has(number)).length;
            assert.ok(count === 0 || count === numbers.length, `${count} of ${numbers.length} have started`);
          }
        };
        const finishOne = (which: number) => {
          const open = running();
          const attempt = open[which % Math.max(1, open.length)];
          if (attempt === undefined) return;
          start(
            attempt.agent,
            ...open.filter(({ agent }) => agent === attempt.agent).map(({ number }) => number),
          );
          done.add(attempt.number);
          attempt.agent.sendResult(attempt.number);
        };
        arena.turn();
        for (const which of ends) {
          check();
          finishOne(which);
          arena.pass(which % 50);
        }
        // From here on each attempt causes at most one hold.
        for (let round = 0; round < 400 && running().length + done.size > 0; round++) {
          check();
          finishOne(0);
          arena.pass(10);
        }
        const possible = members.filter(({ length }) => length <= total).flat();
        assert.deepEqual(
          possible.filter((number) => !done.has(number)),
          [],
        );
      }),
      { numRuns: 150 },
    );
  });
});
