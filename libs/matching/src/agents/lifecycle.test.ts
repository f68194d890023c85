import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentState, Hello, Hold } from "@tutti/contracts/agent/v1";
import { isRefusal } from "@tutti/kernel";
import { Arena, tokenOf } from "../testing/arena.ts";

const stateNames: Readonly<Record<number, string>> = {
  [AgentState.AGENT_STATE_STARTING]: "starting",
  [AgentState.AGENT_STATE_READY]: "ready",
  [AgentState.AGENT_STATE_BUSY]: "busy",
  [AgentState.AGENT_STATE_DRAINING]: "draining",
  [AgentState.AGENT_STATE_ASLEEP]: "asleep",
  [AgentState.AGENT_STATE_SUSPECT]: "suspect",
  [AgentState.AGENT_STATE_GONE]: "gone",
};

const statesOf = (arena: Arena) => arena.changes.map(({ after }) => stateNames[after]);
const stateOf = (arena: Arena, agentId: string) => {
  const { state = 0 } = arena.pool.agent(agentId, arena.nowMs) ?? {};
  return stateNames[state];
};

describe("an agent that walks through all its states", () => {
  it("reports each change of state with the previous state", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.pass(1_500);
    agent.sendResult(1);
    arena.pass(1_500);
    arena.pool.sleep("a", "by hand", 0, arena.nowMs);
    arena.pool.wake("a", "by hand", arena.nowMs);
    agent.link.markDisconnected(arena.nowMs);
    agent.link.resume(arena.nowMs);
    arena.pool.drain("a", "by hand", 0, arena.nowMs);
    agent.sendFrame({ bye: { reason: "drained" } });
    const walked = [
      "starting",
      "ready",
      "busy",
      "ready",
      "asleep",
      "ready",
      "suspect",
      "ready",
      "draining",
      "gone",
    ];
    assert.deepEqual(statesOf(arena), walked);
    assert.deepEqual(
      arena.changes.slice(1).map(({ before }) => stateNames[before]),
      walked.slice(0, -1),
    );
  });

  it("is not reported as busy if it is busy for less than a second", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    arena.turn();
    for (let number = 1; number <= 50; number++) {
      sender.offer(number);
      arena.pass(10);
      agent.sendResult(number);
      arena.pass(10);
    }
    arena.pass(5_000);
    assert.ok(statesOf(arena).filter((state) => state === "busy").length <= 2);
    assert.equal(statesOf(arena).at(-1), "ready");
  });
});

describe("an idle agent", () => {
  const sleepy = () => new Arena({ sleepAfterMs: 10_000, leaseMs: 8e7, suspectMs: 3e6 });

  it("is put to sleep after the idle time of its pool, and woken by the first task that it can do", () => {
    const arena = sleepy();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.pass(8_000);
    agent.sendResult(1);
    arena.pass(9_000);
    assert.equal(stateOf(arena, "a"), "ready");
    arena.pass(1_500);
    assert.equal(stateOf(arena, "a"), "asleep");
    assert.deepEqual(agent.frames.at(-1)?.sleep, { reason: "the agent is idle", forMs: 0 });
    sender.offer(2, { capability: "other" });
    arena.turn();
    assert.equal(stateOf(arena, "a"), "asleep", "a task that it cannot do");
    sender.offer(3);
    arena.turn();
    assert.deepEqual(agent.frames.at(-1)?.wake, { reason: "there is something to do" });
    agent.sendFrame({ credit: 1 });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 3]);
  });

  it("is never put to sleep while it works, or if the pool sets no idle time", () => {
    const arena = sleepy();
    arena.sender().offer(1);
    arena.agent("a");
    const other = new Arena({ leaseMs: 8e7, suspectMs: 3e6 });
    other.agent("a");
    arena.pass(60_000);
    other.pass(60_000);
    assert.deepEqual([stateOf(arena, "a"), stateOf(other, "a")], ["busy", "ready"]);
  });

  it("is woken only if it is needed: two agents with two slots each for three tasks", () => {
    const arena = sleepy();
    const sender = arena.sender();
    const agents = ["a", "b", "c", "d"].map((name) => arena.agent(name, { slots: 2 }));
    arena.pass(11_000);
    sender.offer([1, 2, 3]);
    arena.turn();
    arena.turn();
    const awake = () => agents.filter(({ link }) => stateOf(arena, link.agentId) !== "asleep");
    assert.equal(awake().length, 2);
    for (const agent of awake()) agent.sendFrame({ credit: 2 });
    arena.turn();
    assert.equal(awake().length, 2);
    assert.equal(agents.flatMap(({ taskNumbers }) => taskNumbers).length, 3);
  });

  it("sleeps on when it sleeps of its own will, or by plan", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const own = arena.agent("own");
    arena.agent("planned");
    own.sendFrame({ sleep: { reason: "tired", forMs: 0 } });
    arena.pool.sleep("planned", "night", 0, arena.nowMs, true);
    sender.offer(1);
    arena.turn();
    assert.deepEqual([stateOf(arena, "own"), stateOf(arena, "planned")], ["asleep", "asleep"]);
    own.sendFrame({ wake: { reason: "" }, credit: 1 });
    arena.turn();
    assert.deepEqual(own.taskNumbers, [1]);
  });

  it("that the pool put to sleep is still woken when it is needed after it reconnects", () => {
    const arena = sleepy();
    const sender = arena.sender();
    arena.agent("a");
    arena.pass(11_000);
    const rejoined = arena.agent("a", { credit: 0 });
    rejoined.sendFrame({ sleep: { reason: "", forMs: 0 } });
    sender.offer(1);
    arena.turn();
    assert.deepEqual(rejoined.frames.at(-1)?.wake, { reason: "there is something to do" });
  });
});

describe("an agent that joins and leaves", () => {
  const hello = (incarnation: number) =>
    Hello.fromPartial({ agentId: "a", incarnation: String(incarnation).padStart(6, "0") });
  const outlet = { send: () => {}, close: () => {} };

  it("too often is locked out for growing times, and forgiven after a quiet period or a release", () => {
    const arena = new Arena();
    let incarnation = 0;
    /** Joins and leaves until the agent has to stay away. Returns for how long. */
    const flap = (): number => {
      for (let joins = 0; joins < 20; joins++) {
        const joined = arena.pool.join(hello(++incarnation), "swarm-1", outlet, arena.nowMs);
        if (isRefusal(joined)) {
          assert.equal(joined.code, "matching.agent_flapping");
          return joined.retryAfterMs;
        }
        joined.link.terminate("crashed", arena.nowMs);
      }
      return 0;
    };
    const first = flap();
    assert.equal(first, 1_000);
    assert.equal(flap(), 1_000, "asking again makes it no longer");
    arena.pass(first);
    const second = flap();
    assert.equal(second, 2_000);
    arena.pass(second);
    assert.equal(flap(), 4_000);
    const held = arena.changes.filter(({ hold }) => hold === Hold.HOLD_FLAPPING);
    assert.deepEqual([held.length, held[0]?.agentId], [3, "a"]);
    assert.equal(arena.pool.release("a", "it was mended", arena.nowMs), undefined);
    assert.equal(flap(), 1_000);
    arena.pass(600_000);
    assert.equal(flap(), 1_000);
  });

  it("now and then has no consequences", () => {
    const arena = new Arena();
    for (let joins = 1; joins <= 100; joins++) {
      const joined = arena.pool.join(hello(joins), "swarm-1", outlet, arena.nowMs);
      assert.ok(!isRefusal(joined));
      arena.pass(10_000);
    }
  });
});

describe("an agent that is not there", () => {
  it("can be quarantined: it is listed, gets no tasks when it joins, and can be released", () => {
    const arena = new Arena();
    const order = { hold: Hold.HOLD_QUARANTINED, reason: "it crashed 5 times", forMs: 0 };
    assert.equal(arena.pool.hold("a", order, arena.nowMs), undefined);
    const [view] = arena.pool.agents(arena.nowMs);
    assert.deepEqual(
      [view?.agentId, view?.state, view?.hold, view?.holdCause?.reason],
      ["a", AgentState.AGENT_STATE_GONE, Hold.HOLD_QUARANTINED, "it crashed 5 times"],
    );
    const agent = arena.agent("a");
    assert.equal(agent.joined?.held?.reason, "it crashed 5 times");
    arena.sender().offer(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    arena.pool.release("a", "mended", arena.nowMs);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    assert.equal(arena.pool.explain(tokenOf(1), arena.nowMs)?.waits.length, 0);
  });

  for (const hasLeft of [true, false])
    it(`is reported as gone once when its program exits, ${hasLeft ? "after it has left" : "before it has joined"}`, () => {
      const arena = new Arena();
      arena.pool.reportLaunch("s-1", true, "it was launched", arena.nowMs);
      if (hasLeft) {
        arena.agent("s-1", { launchId: "s.01" });
        assert.equal(arena.pool.remove("s-1", "it is drained", 0, arena.nowMs), undefined);
      }
      arena.pool.reportLaunch("s-1", false, "its program has ended", arena.nowMs);
      assert.deepEqual(
        statesOf(arena).filter((state) => state === "gone"),
        ["gone"],
      );
      arena.pool.reportLaunch("s-1", true, "it was launched", arena.nowMs);
      arena.pool.reportLaunch("s-1", false, "its program has ended", arena.nowMs);
      assert.equal(statesOf(arena).filter((state) => state === "gone").length, 2);
    });

  it("is shown as starting after its launch, with its scaler", () => {
    const launched = [{ agentId: "s-1", launchId: "s.01", sinceMs: 1_000 }];
    const arena = new Arena({}, 1, { crashesOf: () => 2, released: () => {}, starting: () => launched });
    const views = () =>
      arena.pool
        .agents(arena.nowMs)
        .map(({ agentId, state, scalerId, crashes }) => [agentId, stateNames[state], scalerId, crashes]);
    assert.deepEqual(views(), [["s-1", "starting", "s", 2]]);
    arena.pool.reportLaunch("s-1", true, "it was launched", arena.nowMs);
    arena.agent("s-1", { launchId: "s.01" });
    assert.deepEqual(views(), [["s-1", "ready", "s", 2]]);
    assert.deepEqual(statesOf(arena), ["starting", "ready"], "the start is reported once");
    arena.agent("other");
    assert.deepEqual(
      arena.pool.launchedFor("s").map(({ agentId }) => agentId),
      ["s-1"],
    );
  });
});
