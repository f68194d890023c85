import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OfferRequest, ReturnReason } from "@tutti/contracts/swarm/v1";
import { Arena, numberOf, tokenOf } from "../testing/arena.ts";
import { openOfferStream } from "./offer-stream.ts";

describe("a sender", () => {
  it("that reconnects receives its outstanding results: no task is repeated, and results go to the new stream", () => {
    const arena = new Arena();
    const first = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    first.offer([1, 2, 3]);
    arena.turn();
    agent.sendFrame({ started: [{ token: tokenOf(2), agoMs: 0 }] });
    agent.sendResult(1);
    arena.turn();
    first.stream.close(arena.nowMs);
    agent.sendResult(3);
    arena.turn();
    const second = arena.sender();
    second.offer([1, 2, 3]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
    assert.deepEqual(second.results, [
      [1, "inlineOutput"],
      [3, "inlineOutput"],
    ]);
    assert.equal(second.received.begun.length, 1);
    agent.sendResult(2);
    arena.turn();
    assert.equal(second.results.length, 3);
    second.durable(3);
    arena.turn();
    assert.equal(agent.durable, 3);
  });

  it("that cancels late does not affect a task that another sender has offered since", () => {
    const arena = new Arena();
    const original = arena.sender("stood");
    const agent = arena.agent("a", { slots: 1 });
    original.offer([1]);
    arena.turn();
    const next = arena.sender("next");
    next.offer([1]);
    arena.turn();
    original.request({ cancels: [{ token: tokenOf(1), reason: "not here any more", graceMs: 1_000 }] });
    arena.turn();
    assert.deepEqual(agent.cancelled, []);
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual([original.results, next.results], [[], [[1, "inlineOutput"]]]);
  });

  it("that releases tasks has none done twice: their next sender gets running tasks and results", () => {
    const arena = new Arena();
    const before = arena.sender("before");
    const agent = arena.agent("a", { slots: 2, credit: 2 });
    before.offer([1, 2, 3]);
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    before.request({ released: [1, 2, 3].map((number) => tokenOf(number)) });
    agent.sendFrame({ credit: 1 });
    arena.pass(5_000);
    assert.deepEqual(
      [agent.taskNumbers, agent.cancelled, agent.durable],
      [[1, 2], [], 0],
      "nothing ends or starts",
    );
    agent.sendResult(2);
    const next = arena.sender("next");
    next.offer([1, 2, 3]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
    agent.sendResult(3);
    arena.turn();
    const all = [1, 2, 3].map((number) => [number, "inlineOutput"]);
    assert.deepEqual([before.results.length, before.returned, next.results], [1, [], all]);
    next.durable(3);
    arena.turn();
    assert.equal(agent.durable, 3);
  });

  it("is asked about released tasks that no sender has offered since, until it cancels or offers them", () => {
    const arena = new Arena();
    const before = arena.sender("before");
    const agent = arena.agent("a", { slots: 2, credit: 2 });
    before.offer([1, 2, 3, 4]);
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    before.request({ released: [1, 2, 3, 4].map((number) => tokenOf(number)) });
    const next = arena.sender("next");
    next.offer([4]);
    const unclaimed = () =>
      next.received.unclaimed.map(({ token, agent: number }) => [numberOf(token), number]);
    arena.pass(1_999);
    assert.deepEqual(unclaimed(), []);
    arena.pass(1);
    assert.deepEqual(unclaimed(), [
      [1, 0],
      [2, 1],
      [3, 0],
    ]);
    next.request({ cancels: [1, 2].map((number) => ({ token: tokenOf(number), reason: "over" })) });
    arena.turn();
    assert.deepEqual([agent.cancelled, agent.durable], [[2], 1]);
    next.received.unclaimed.length = 0;
    arena.pass(4_000);
    assert.deepEqual(unclaimed(), [[3, 0]], "a task of which nothing is known is asked about again");
    next.offer([3]);
    next.received.unclaimed.length = 0;
    arena.pass(60_000);
    assert.deepEqual(unclaimed(), []);
  });

  it("that releases a task late does not take it from the sender that has offered it since", () => {
    const arena = new Arena();
    const late = arena.sender("late");
    const agent = arena.agent("a", { slots: 1 });
    late.offer([1, 2]);
    arena.turn();
    const next = arena.sender("next");
    next.offer([1, 2]);
    late.request({ released: [1, 2].map((number) => tokenOf(number)) });
    agent.sendFrame({ credit: 1 });
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual([next.results, agent.taskNumbers], [[[1, "inlineOutput"]], [1, 2]]);
  });

  it("that releases and offers a task in one request runs it once", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer([1, 2]);
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    const offers = [1, 2].map((number) => ({ token: tokenOf(number), profile: 1, attempt: 1 }));
    sender.request({ released: offers.map(({ token }) => token), offers });
    agent.sendResult(2);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    assert.deepEqual(
      sender.results.map(([number]) => number),
      [1, 1, 2],
    );
    sender.durable(3);
    arena.turn();
    assert.deepEqual([agent.durable, agent.cancelled], [2, []]);
  });

  it("that lost messages gets them again on the same stream, and only the last number counts", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer([1, 2]);
    arena.turn();
    agent.sendResult(1);
    agent.sendResult(2);
    arena.turn();
    sender.offer([1]);
    arena.turn();
    assert.deepEqual(
      sender.results.map(([number]) => number),
      [1, 2, 1],
    );
    sender.durable(2);
    arena.turn();
    assert.equal(agent.durable, 0);
    sender.durable(3);
    arena.turn();
    assert.equal(agent.durable, 2);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
  });

  it("whose task a false owner took is asked to offer it again, and the task runs", () => {
    const arena = new Arena();
    const owner = arena.sender("owner");
    owner.offer([1, 2]);
    arena.turn();
    const original = arena.sender("stood");
    original.offer([1, 2]);
    arena.turn();
    assert.deepEqual(
      owner.received.returned.map(({ reason, retryAfterMs }) => [reason, retryAfterMs]),
      Array.from({ length: 2 }, () => [ReturnReason.RETURN_REASON_PUT_BACK, 1_000]),
    );
    original.request({ cancels: [{ token: tokenOf(1), reason: "not here any more", graceMs: 1_000 }] });
    arena.pass(1_000);
    owner.offer([1, 2]);
    const agent = arena.agent("a", { slots: 2 });
    arena.turn();
    assert.deepEqual(agent.taskNumbers.toSorted(), [1, 2]);
    agent.sendResult(1);
    agent.sendResult(2);
    arena.turn();
    assert.deepEqual([owner.results.length, original.results.length], [2, 0]);
  });

  it("that is disconnected gets no tasks assigned, and its tasks are dropped after a timeout", () => {
    const arena = new Arena({ orphanMs: 60_000, leaseMs: 1_000_000, suspectMs: 900_000 });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer([1, 2, 3, 4]);
    arena.turn();
    agent.sendResult(2);
    sender.stream.close(arena.nowMs);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    arena.pass(60_001);
    assert.deepEqual(agent.cancelled, [1]);
    assert.equal(agent.durable, 1);
    arena.pass(6_000);
    const { queued, running } = arena.pool.status(arena.nowMs);
    assert.deepEqual([queued, running], [0, 0]);
    assert.equal(arena.pool.explain(tokenOf(3), arena.nowMs), undefined);
  });

  it("gets tasks back beyond its window, and tasks of an unknown capability", () => {
    const arena = new Arena({ window: 3 });
    const sender = arena.sender();
    sender.offer([1, 2, 3, 4]);
    const other = arena.sender("other");
    other.offer(5);
    sender.request({ recalls: [tokenOf(99)] });
    arena.turn();
    assert.deepEqual(
      sender.received.returned.map(({ reason }) => reason),
      [ReturnReason.RETURN_REASON_OVER_WINDOW, ReturnReason.RETURN_REASON_RECALLED],
    );
    assert.deepEqual(sender.returned, [4, 99]);
    assert.equal(sender.received.returned[0]?.error?.code, "matching.window_full");
    assert.deepEqual(other.returned, []);
  });

  it("is limited to eight windows of results that are not durable, and the pool to its maximum of waiting tasks", () => {
    const arena = new Arena({ window: 1, queuedMax: 2 });
    const sender = arena.sender();
    const agent = arena.agent("a");
    for (let number = 1; number <= 8; number++) {
      sender.offer(number);
      arena.turn();
      agent.sendResult(number);
    }
    sender.offer(9);
    arena.turn();
    assert.match(
      sender.received.returned[0]?.error?.message ?? "",
      /maximum of 8 results that are not durable/,
    );
    sender.durable(1);
    sender.offer(10);
    arena.turn();
    assert.deepEqual(agent.taskNumbers.at(-1), 10);
    const others = ["x", "y", "z"].map((name) => arena.sender(name));
    for (const [at, other] of others.entries()) other.offer(20 + at);
    arena.turn();
    assert.match(others[2]?.received.returned[0]?.error?.message ?? "", /maximum of 2 tasks waiting/);
  });

  it("receives the start of an attempt, its progress, and its output before the end", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    arena.nowMs += 50;
    const token = tokenOf(1);
    agent.sendFrame({
      started: [{ token, agoMs: 20 }],
      progress: [{ token, fraction: 0.5, message: "half" }],
      partialOutputs: [{ token, index: 0, chunk: new Uint8Array([1]) }],
    });
    arena.turn();
    const [started] = sender.received.begun;
    assert.deepEqual([started?.agent, started?.assignedAgoMs, started?.begunAgoMs], [1, 50, 20]);
    assert.equal(sender.received.progress[0]?.fraction, 0.5);
    assert.equal(sender.received.partialOutputs.length, 1);
    assert.deepEqual(
      arena.pool.work("a", arena.nowMs).map(({ progress, message }) => [progress, message]),
      [[0.5, "half"]],
    );
  });

  it("cancels waiting tasks, running tasks and tasks with a result, and a late answer is settled in silence", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 2 });
    sender.offer([1, 2, 3]);
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    const cancels = [1, 2, 3].map((number) => ({ token: tokenOf(number), reason: "over", graceMs: 1_000 }));
    sender.request({ cancels });
    arena.turn();
    assert.deepEqual(agent.cancelled, [2, 3]);
    assert.equal(agent.durable, 1);
    agent.sendResult(3);
    agent.sendResult(2, { $case: "stopped", value: { message: "" } });
    arena.turn();
    assert.equal(agent.durable, 3);
    assert.deepEqual(sender.results, [[1, "inlineOutput"]]);
    assert.equal(arena.pool.agent("a", arena.nowMs)?.freeSlots, 2);
  });

  it("keeps the slot of a cancelled attempt occupied until its grace period ends", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    sender.request({ cancels: [{ token: tokenOf(1), reason: "over", graceMs: 1_000 }] });
    sender.offer(2);
    arena.pass(998);
    assert.deepEqual(agent.taskNumbers, [1]);
    arena.pass(3);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
  });

  it("extends the time of an attempt and of its task", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1, { timeouts: { runMs: 1_000 } });
    arena.turn();
    arena.pass(900);
    sender.request({ extensions: [{ token: tokenOf(1), runMs: 5_000 }] });
    arena.pass(4_900);
    assert.deepEqual(sender.results, []);
    assert.ok(agent.frames.some(({ extensions }) => extensions[0]?.runMs === 5_000));
    arena.pass(200);
    assert.deepEqual(sender.results, [[1, "matching.run_timed_out"]]);
  });

  it("uses several pools on one stream, and its results are numbered across them", () => {
    const first = new Arena();
    const second = new Arena();
    const sender = first.sender();
    assert.equal(sender.stream.open(2, second.pool), undefined);
    assert.match(
      sender.stream.open(2, second.pool)?.message ?? "",
      /Number 2 for pool `default` is already taken/,
    );
    const [a, b] = [first.agent("a"), second.agent("b")];
    sender.offer(1);
    const profile = { capability: "work", number: 7, pool: 2 };
    sender.request({ profiles: [profile], offers: [{ token: tokenOf(2), profile: 7 }] });
    first.turn();
    second.turn();
    b.sendResult(2);
    second.turn();
    a.sendResult(1);
    first.turn();
    assert.deepEqual(
      sender.results.map(([number]) => number),
      [2, 1],
    );
    sender.durable(1);
    second.turn();
    first.turn();
    assert.deepEqual([a.durable, b.durable], [0, 1]);
    sender.stream.shut(2);
    sender.request({ offers: [{ token: tokenOf(3), profile: 7 }] });
    first.turn();
    assert.equal(sender.received.returned[0]?.reason, ReturnReason.RETURN_REASON_INVALID);
  });

  const broken: readonly (readonly [string, object, RegExp])[] = [
    [
      "a profile without a capability",
      { profiles: [{ number: 1, pool: 1 }] },
      /profile 1: expected a capability/,
    ],
    ["a pool that is not open", { profiles: [{ number: 1, pool: 4, capability: "x" }] }, /open pool, got 4/],
    [
      "a range that is none",
      { profiles: [{ number: 1, pool: 1, capability: "x", versionRange: "?" }] },
      /range/,
    ],
    [
      "too many profiles",
      { profiles: [{ number: 10_001, pool: 1, capability: "x" }] },
      /maximum of 10000 profiles/,
    ],
    [
      "a token that is too short",
      { offers: [{ token: new Uint8Array(3), profile: 1 }] },
      /expected 16 bytes, got 3/,
    ],
    [
      "a result that it was not sent",
      { resultsDurable: 1 },
      /confirmed result 1 as durable, and the last result sent is 0/,
    ],
  ];
  for (const [title, request, expected] of broken)
    it(`is refused with ${title}`, () => {
      const arena = new Arena();
      const stream = openOfferStream("x", { send() {} });
      stream.open(1, arena.pool);
      const refusal = stream.receive(OfferRequest.fromPartial(request), arena.nowMs);
      assert.match(refusal?.message ?? "", expected);
    });
});
