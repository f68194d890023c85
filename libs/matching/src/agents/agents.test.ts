import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentState, Hello, Hold } from "@tutti/contracts/agent/v1";
import { isRefusal } from "@tutti/kernel";
import { Arena, tokenOf } from "../testing/arena.ts";

const paused = { hold: Hold.HOLD_PAUSED, reason: "by hand", forMs: 0 };

describe("an agent", () => {
  it("that disconnects loses its tasks: the sender is notified, and a late result is ignored", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    agent.link.terminate("the process was killed", arena.nowMs);
    arena.turn();
    assert.deepEqual(sender.results, [[1, "matching.lost"]]);
    assert.deepEqual(sender.received.resultAgents, [0]);
    const [result] = sender.received.results;
    assert.ok(result?.outcome?.$case === "failed");
    assert.match(
      result.outcome.value.message,
      /Agent `a` lost the attempt of `work`: the process was killed/,
    );
    assert.equal(result.outcome.value.details["agent"], "a");
    const rejoined = arena.agent("a", { incarnation: "02", running: [tokenOf(1)] });
    assert.deepEqual(rejoined.joined?.unwanted, [tokenOf(1)]);
    rejoined.sendResult(1);
    arena.turn();
    assert.equal(rejoined.durable, 1);
    assert.equal(sender.results.length, 1);
  });

  it("that sends a result for another agent's task, twice, or for an unknown token changes nothing", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const a = arena.agent("a");
    sender.offer(1);
    arena.turn();
    const b = arena.agent("b");
    b.sendResult(1);
    b.sendResult(77);
    arena.turn();
    assert.equal(b.durable, 2);
    assert.deepEqual(sender.results, []);
    a.sendResult(1);
    a.sendResult(1);
    arena.turn();
    assert.deepEqual(sender.results, [[1, "inlineOutput"]]);
    sender.durable(1);
    arena.turn();
    assert.equal(a.durable, 2);
  });

  it("that is disconnected gets no tasks until it resumes, and is removed after the resume window", () => {
    const arena = new Arena({ resumeWindowMs: 60_000 });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer(1);
    arena.turn();
    agent.link.markDisconnected(arena.nowMs);
    sender.offer(2);
    arena.pass(59_000);
    assert.deepEqual([agent.taskNumbers, sender.results.length], [[1], 0]);
    agent.link.resume(arena.nowMs);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    agent.sendResult(1);
    agent.link.markDisconnected(arena.nowMs);
    arena.pass(60_001);
    assert.deepEqual(sender.results, [
      [1, "inlineOutput"],
      [2, "matching.lost"],
    ]);
    assert.match(agent.ended?.reason ?? "", /not resumed in time/);
    assert.equal(agent.link.open, false);
  });

  it("that is silent becomes suspect, gets no tasks, and is removed when its lease expires", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 3 });
    sender.offer(1);
    arena.turn();
    arena.pass(12_501);
    sender.offer(2);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    assert.equal(arena.pool.agent("a", arena.nowMs)?.state, AgentState.AGENT_STATE_SUSPECT);
    agent.sendFrame({});
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    arena.pass(30_001);
    assert.equal(sender.results.length, 2);
    assert.deepEqual(
      arena.changes.map(({ after }) => after),
      [1, 2, 6, 2, 6, 7],
    );
  });

  it("with even heartbeats becomes suspect earlier than an agent with uneven heartbeats", () => {
    const arena = new Arena({ heartbeatMs: 2_000 });
    const even = arena.agent("even");
    const uneven = arena.agent("uneven");
    for (let beat = 0; beat < 40; beat++) {
      even.sendFrame({ heartbeat: {} });
      if (beat % 4 !== 1) uneven.sendFrame({ heartbeat: {} });
      arena.pass(2_000);
    }
    const states = () =>
      ["even", "uneven"].map(
        (agentId) => arena.pool.agent(agentId, arena.nowMs)?.state === AgentState.AGENT_STATE_SUSPECT,
      );
    arena.pass(4_000);
    assert.deepEqual(states(), [true, false]);
    assert.ok((arena.pool.agent("even", arena.nowMs)?.suspicion ?? 0) > 8);
    arena.pass(6_000);
    assert.deepEqual(states(), [true, true]);
  });

  it("of a later incarnation replaces an earlier one, never the reverse", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const first = arena.agent("a", { incarnation: "05" });
    sender.offer(1);
    arena.turn();
    const hello = Hello.fromPartial({ agentId: "a", incarnation: "04" });
    const refused = arena.pool.join(hello, "h", first, arena.nowMs);
    assert.ok(isRefusal(refused) && refused.code === "matching.agent_superseded");
    const second = arena.agent("a", { incarnation: "06" });
    arena.turn();
    assert.match(first.ended?.reason ?? "", /has connected again/);
    assert.deepEqual(sender.results, [[1, "matching.lost"]]);
    assert.equal(second.link.open, true);
    first.link.terminate("late", arena.nowMs);
    assert.equal(arena.pool.agents(arena.nowMs).length, 1);
  });

  it("that sends `hello` again keeps its tasks, receives lost assignments again, and repeats its results", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const before = arena.agent("a", { slots: 4 });
    sender.offer([1, 2, 3, 4]);
    arena.turn();
    before.sendFrame({ started: [{ token: tokenOf(4), agoMs: 0 }] });
    before.sendResult(2);
    arena.turn();
    const after = arena.agent("a", { slots: 4, running: [tokenOf(1), tokenOf(2), tokenOf(9)] });
    assert.deepEqual(after.joined?.unwanted, [tokenOf(9)]);
    arena.turn();
    assert.deepEqual(after.taskNumbers, [3]);
    assert.deepEqual(sender.results, [
      [2, "inlineOutput"],
      [4, "matching.lost"],
    ]);
    after.sendResult(2);
    after.sendResult(1);
    sender.durable(1);
    arena.turn();
    assert.equal(after.durable, 1);
  });

  it("that returns with tasks that the sender has offered again continues them", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer([1, 2, 3, 4]);
    arena.turn();
    const rejoined = arena.agent("a", { slots: 2, running: [tokenOf(1), tokenOf(2), tokenOf(3)] });
    assert.deepEqual(rejoined.joined?.unwanted, []);
    arena.turn();
    assert.deepEqual(rejoined.taskNumbers, []);
    rejoined.sendResult(1);
    rejoined.sendResult(2);
    arena.turn();
    assert.deepEqual(sender.results, [
      [1, "inlineOutput"],
      [2, "inlineOutput"],
    ]);
    assert.deepEqual(rejoined.taskNumbers, [4]);
  });

  const returns: readonly (readonly [title: string, afterMs: number, outcome: string])[] = [
    ["keeps its attempts if it comes before its lease ends", 14_000, "inlineOutput"],
    ["loses its attempts when its lease ends", 15_000, "matching.lost"],
  ];
  for (const [title, afterMs, outcome] of returns) {
    it(`that joined without a link gets no tasks, and ${title}`, () => {
      const arena = new Arena({ claimMs: 1_000 });
      const sender = arena.sender();
      const running = [1, 2].map(tokenOf);
      const hello = Hello.fromPartial({ agentId: "away", incarnation: "01", running });
      arena.pool.join(hello, "", { send() {}, close() {} }, arena.nowMs);
      const other = arena.agent("other", { slots: 5 });
      sender.offer([1, 2, 3]);
      arena.turn();
      assert.deepEqual(other.taskNumbers, [3]);
      other.sendResult(3);
      arena.pass(afterMs);
      const rejoined = arena.agent("away", { slots: 2, running });
      for (const number of [1, 2]) rejoined.sendResult(number);
      arena.turn();
      assert.deepEqual(rejoined.taskNumbers, []);
      const results = sender.results.toSorted(([one], [other]) => one - other);
      assert.deepEqual(results, [
        [1, outcome],
        [2, outcome],
        [3, "inlineOutput"],
      ]);
    });
  }

  it("that returns keeps its results, even more than it has slots, and repeats no task", () => {
    for (const isOfferedFirst of [true, false]) {
      const arena = new Arena({ claimMs: 30_000 });
      const sender = arena.sender();
      const done = [1, 2, 3, 4, 5];
      if (isOfferedFirst) sender.offer(done);
      const agent = arena.agent("a", { slots: 2, running: done.map(tokenOf) });
      assert.deepEqual(agent.joined?.unwanted, []);
      if (!isOfferedFirst) sender.offer(done);
      arena.turn();
      for (const number of done) agent.sendResult(number);
      arena.turn();
      assert.deepEqual(
        sender.results,
        done.map((number) => [number, "inlineOutput"]),
      );
      sender.offer([6, 7, 8]);
      arena.turn();
      assert.deepEqual(agent.taskNumbers, [6, 7]);
    }
  });

  it("that is busy gets no tasks for the requested time, then fewer at once", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 10 });
    sender.offer([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    arena.turn();
    agent.busy(10, 5_000);
    arena.turn();
    for (let number = 1; number <= 9; number++) agent.sendResult(number);
    sender.offer(Array.from({ length: 30 }, (_, at) => 100 + at));
    arena.pass(4_990);
    assert.equal(agent.taskNumbers.length, 10);
    agent.sendFrame({});
    arena.pass(20);
    const reassigned = agent.taskNumbers.slice(10);
    assert.equal(reassigned[0], 10);
    assert.ok(reassigned.length >= 7 && reassigned.length < 10, String(reassigned.length));
    assert.deepEqual(sender.received.returned, []);
    const capabilities = [{ name: "work", version: "1.0.0" }];
    agent.sendFrame({ offering: { capabilities, slots: 10, contextKeys: ["new"] } });
    arena.turn();
    assert.equal(agent.taskNumbers.length, 10 + reassigned.length);
  });

  it("that is busy for some capabilities keeps the others, and accepts the paused ones after the requested time", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const capabilities = ["shop.get@1.0.0", "shop.list@1.0.0", "other@1.0.0"];
    const agent = arena.agent("a", { slots: 10, capabilities });
    sender.offer(1, { capability: "shop.get" });
    arena.turn();
    agent.busy(1, 5_000, ["shop.*"]);
    sender.offer(2, { capability: "shop.list" });
    sender.offer([3, 4], { capability: "other" });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 3, 4]);
    arena.pass(4_990);
    // The offering is the same: a pause does not change it.
    assert.deepEqual(agent.taskNumbers, [1, 3, 4]);
    agent.sendFrame({});
    arena.pass(20);
    assert.deepEqual(agent.taskNumbers, [1, 3, 4, 1, 2]);
    for (const number of [1, 2, 3, 4]) agent.sendResult(number);
    arena.turn();
    assert.equal(sender.results.length, 4);
  });

  it("that is busy for some capabilities pauses longer with each answer, until an attempt ends", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 10 });
    const pauses: number[] = [];
    sender.offer(1);
    arena.turn();
    for (let count = 1; count <= 8; count++) {
      agent.busy(1, 0, ["work"]);
      const { nowMs } = arena;
      while (agent.taskNumbers.length === count) {
        agent.sendFrame({});
        arena.pass(10);
      }
      pauses.push(arena.nowMs - nowMs);
    }
    assert.ok((pauses[7] ?? 0) > 10 * (pauses[0] ?? 0), String(pauses));
    agent.sendResult(1);
    sender.offer(2);
    arena.turn();
    agent.busy(2, 0, ["work"]);
    agent.sendFrame({});
    arena.pass(200);
    assert.equal(agent.taskNumbers.length, 11);
  });

  it("that is busy, but not for the capability of its task, is paused as a whole", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 10, capabilities: ["work@1.0.0", "other@1.0.0"] });
    sender.offer(1);
    arena.turn();
    agent.busy(1, 5_000, ["oth.*", "wor"]);
    sender.offer(2, { capability: "other" });
    arena.pass(100);
    assert.deepEqual(agent.taskNumbers, [1]);
  });

  it("that returns during a pause continues its tasks, and accepts the paused capability again", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 10 });
    sender.offer([1, 2]);
    arena.turn();
    agent.busy(1, 60_000, ["work"]);
    const rejoined = arena.agent("a", { slots: 10, running: [tokenOf(2)] });
    arena.turn();
    assert.deepEqual(rejoined.taskNumbers, [1]);
    rejoined.sendResult(2);
    arena.turn();
    assert.deepEqual(sender.results, [[2, "inlineOutput"]]);
  });

  it("that rejects several tasks as busy at once backs off once", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 10 });
    sender.offer([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    arena.turn();
    for (let number = 3; number <= 10; number++) agent.busy(number);
    // The first pause of a back-off. The back-off grows only if the agent is busy again after the pause.
    arena.pass(200);
    agent.sendFrame({});
    arena.turn();
    assert.equal(agent.taskNumbers.length, 10 + 5, "seven tenths of what it had, less the two that it kept");
  });

  it("and all others that are busy too often send a task back", () => {
    const arena = new Arena({ adaptiveConcurrency: false });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    for (let count = 0; count < 20; count++) {
      arena.turn();
      agent.busy(1, 1);
      agent.sendFrame({});
      arena.nowMs += 30_000;
      agent.sendFrame({});
    }
    arena.turn();
    assert.equal(sender.received.returned[0]?.error?.code, "matching.busy_too_often");
  });

  it("that is paused keeps its tasks and gets no new ones, even after it rejoins, until it is released", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer(1);
    arena.turn();
    assert.equal(arena.pool.hold("a", paused, arena.nowMs), undefined);
    sender.offer(2);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    assert.equal(agent.frames.at(-1)?.held?.reason, "by hand");
    const rejoined = arena.agent("a", { slots: 2, incarnation: "02" });
    assert.equal(rejoined.joined?.held?.hold, Hold.HOLD_PAUSED);
    arena.turn();
    assert.deepEqual(rejoined.taskNumbers, []);
    arena.pool.release("a", "enough", arena.nowMs);
    arena.turn();
    assert.deepEqual(rejoined.taskNumbers, [2]);
    assert.equal(rejoined.frames.at(-1)?.released?.reason, "enough");
    assert.match(arena.pool.release("b", "", arena.nowMs)?.message ?? "", /Agent `b` not found/);
  });

  it("that is quarantined loses its tasks, and is released when the given time expires", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    arena.pool.hold("a", { hold: Hold.HOLD_QUARANTINED, reason: "garbage", forMs: 3_000 }, arena.nowMs);
    arena.turn();
    assert.deepEqual(agent.cancelled, [1]);
    assert.deepEqual(sender.results, [[1, "matching.lost"]]);
    sender.offer(2);
    arena.pass(3_001);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
  });

  it("drains: finishes its tasks, gets no new ones, and loses the rest at the deadline", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer([1, 2]);
    arena.turn();
    arena.pool.drain("a", "deploy", 5_000, arena.nowMs);
    sender.offer(3);
    arena.turn();
    assert.equal(agent.frames.at(-1)?.drain?.deadlineMs, 5_000);
    agent.sendResult(1);
    arena.pass(5_001);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    assert.deepEqual(sender.results, [
      [1, "inlineOutput"],
      [2, "matching.lost"],
    ]);
    agent.sendFrame({ bye: { reason: "done" } });
    assert.equal(agent.link.open, false);
    assert.deepEqual(arena.pool.agents(arena.nowMs), []);
  });

  it("sleeps until it is woken, and grants credit again", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    agent.sendFrame({ sleep: { reason: "night" } });
    sender.offer(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    arena.pool.wake("a", "day", arena.nowMs);
    agent.sendFrame({ credit: 1 });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    arena.pool.sleep("a", "again", 1_000, arena.nowMs);
    arena.pass(1_001);
    assert.equal(
      agent.frames.some(({ wake }) => wake !== undefined),
      true,
    );
    assert.equal(arena.pool.agent("a", arena.nowMs)?.credit, 0);
  });

  it("is removed with a goodbye that says whether it may return", () => {
    const arena = new Arena();
    const agent = arena.agent("a");
    assert.equal(arena.pool.remove("a", "wrong pool", -1, arena.nowMs), undefined);
    assert.deepEqual(agent.ended, { reason: "wrong pool", returnAfterMs: -1 });
    assert.match(arena.pool.remove("a", "", 0, arena.nowMs)?.message ?? "", /Agent `a` not found/);
  });

  it("is refused when the pool is full or its offering is invalid, and gets a name if it has none", () => {
    const arena = new Arena({ agentsMax: 2 });
    const offering = { capabilities: [{ name: "x", version: "one" }] };
    const outlet = { send() {}, close() {} };
    const refused = arena.pool.join(Hello.fromPartial({ agentId: "x", offering }), "h", outlet, 0);
    assert.ok(isRefusal(refused));
    assert.match(
      refused.message,
      /Agent `x`: expected capabilities with a name and a semantic version, got "x"/,
    );
    const unnamed = ["", ""].map((agentId) =>
      arena.pool.join(Hello.fromPartial({ agentId }), "h", outlet, 0),
    );
    const ids = unnamed.map((joined) => (isRefusal(joined) ? "" : joined.agentId));
    assert.equal(new Set(ids).size, 2);
    const full = arena.pool.join(Hello.fromPartial({ agentId: "y" }), "h", outlet, 0);
    assert.ok(isRefusal(full) && full.code === "matching.agents_full");
  });
});

describe("the time limit of an attempt", () => {
  const cases = [
    { timeouts: { runMs: 1_000 }, code: "matching.run_timed_out" },
    { timeouts: { heartbeatMs: 1_000 }, code: "matching.heartbeat_missed" },
  ];
  for (const { timeouts, code } of cases)
    it(`is ${JSON.stringify(timeouts)}: then it has failed, and its agent has a grace to end it`, () => {
      const arena = new Arena({ graceMs: 2_000 });
      const sender = arena.sender();
      const agent = arena.agent("a");
      sender.offer([1, 2], { timeouts });
      arena.turn();
      arena.pass(999);
      assert.deepEqual(sender.results, []);
      arena.pass(2);
      assert.deepEqual(sender.results, [[1, code]]);
      assert.deepEqual([agent.cancelled, agent.taskNumbers], [[1], [1]]);
      sender.durable(1);
      agent.sendResult(1);
      arena.turn();
      assert.deepEqual([agent.taskNumbers, agent.durable], [[1, 2], 1]);
      arena.pass(1_001);
      arena.pass(2_001);
      assert.equal(arena.pool.agent("a", arena.nowMs)?.freeSlots, 1);
    });

  it("is renewed by each heartbeat", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1, { timeouts: { heartbeatMs: 1_000 } });
    arena.turn();
    for (let count = 0; count < 5; count++) {
      arena.pass(900);
      agent.sendFrame({ progress: [{ token: tokenOf(1) }] });
    }
    arena.pass(900);
    assert.deepEqual(sender.results, []);
    arena.pass(101);
    assert.deepEqual(sender.results, [[1, "matching.heartbeat_missed"]]);
  });

  it("is over in the queue too: by its time there, or by that of the task", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer(1, { timeouts: { queueMs: 5_000 } }, { waitedMs: 2_000 });
    sender.offer(2, {}, { totalMs: 4_000 });
    sender.offer(3, {}, { totalMs: 4_000, limits: [{ key: "k", maxConcurrent: 1 }] });
    arena.pass(2_999);
    assert.deepEqual(sender.returned, []);
    arena.pass(2);
    assert.deepEqual(sender.returned, [1]);
    assert.match(
      sender.received.returned[0]?.error?.message ?? "",
      /No agent took the task for `work` in 5 s \(maximum: 5 s\): no worker for it is connected/,
    );
    arena.pass(1_000);
    assert.deepEqual(sender.returned.toSorted(), [1, 2, 3]);
  });

  it("ends with the task's own time while it runs, and is sent to the agent", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1, {}, { totalMs: 4_000 });
    arena.nowMs += 1_000;
    arena.turn();
    assert.equal(agent.assigned[0]?.totalMs, 3_000);
    arena.pass(3_001);
    assert.deepEqual(sender.results, [[1, "matching.total_timed_out"]]);
  });
});
