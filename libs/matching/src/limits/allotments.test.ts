import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaitCause } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { AgentIndex } from "../agents/agent-index.ts";
import type { AllottedPart, PoolReservation } from "../api/allotments.ts";
import { Arena, type Sender, tokenOf } from "../testing/arena.ts";
import { Wheel } from "../time/wheel.ts";
import { PoolAllotments, type PoolAllotmentsParts } from "./allotments.ts";
import { InsideLimit } from "./allotted.ts";
import { Limits } from "./limit-book.ts";

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

function publish(
  arena: Arena,
  parts: readonly Partial<AllottedPart>[],
  set: Partial<PoolReservation>[] = [],
): void {
  const quota = { quotaId: "default", name: "slots", amount: 0, limit: 10, sessions: undefined };
  const reservation = {
    reservationId: "night",
    amounts: {},
    agents: undefined,
    toMs: 2_000_000,
    sessions: undefined,
  };
  const allotments = {
    parts: parts.map((part) => ({ ...quota, ...part })),
    reservations: set.map((each) => ({ ...reservation, ...each })),
  };
  arena.pool.allot("default", allotments, arena.nowMs);
}

const ofTeam = (team: string) => ({ equals: { team }, exists: [], absent: [] });

function session(
  sender: Sender,
  key: string,
  from: number,
  count: number,
  gpu = 1,
  ids: string[] = [],
): void {
  const share = { key, weight: 1, reservationIds: ids };
  sender.offer(numbers(from, count), { resources: gpu > 0 ? { gpu } : {} }, { share });
}

describe("quotas in a pool", () => {
  it("apply to earlier tasks, count running work, and release waiting tasks when they grow", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 20 });
    sender.offer([1, 2, 3]);
    arena.turn();
    sender.offer([4, 5, 6, 7]);
    publish(arena, [{ amount: 4 }]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4]);
    assert.deepEqual(arena.pool.allotted("default"), [
      { quotaId: "default", name: "slots", used: 4, wanted: 3 },
    ]);
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4, 5]);
    publish(arena, [{ amount: 5 }]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4, 5, 6]);
    publish(arena, []);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4, 5, 6, 7]);
  });

  it("are of slots or of named resources, for the work with their labels", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 20, resources: { gpu: 8 } });
    publish(arena, [{ name: "gpu", amount: 5, sessions: ofTeam("blue") }]);
    const labels = [{ name: "team", value: "blue" }];
    sender.offer(numbers(1, 4), { resources: { gpu: 2 } }, { labels });
    sender.offer(numbers(11, 2), { resources: { gpu: 2 } });
    sender.offer(numbers(21, 2), {}, { labels });
    arena.turn();
    assert.deepEqual(agent.taskNumbers.sort(), [1, 11, 12, 2, 21, 22].sort());
  });

  it("name their users", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a", { slots: 20 });
    publish(arena, [{ amount: 2, limit: 2 }]);
    session(sender, "one", 1, 1, 0);
    session(sender, "two", 11, 2, 0);
    arena.turn();
    const { waits } = arena.pool.explain(tokenOf(12), arena.nowMs) ?? assert.fail();
    assert.equal(waits[0]?.cause, WaitCause.WAIT_CAUSE_QUOTA);
    assert.match(
      waits[0]?.message ?? "",
      /^the quota default of the namespace default allows 2 slots at once. In this pool 2 are in use, by one 1, two 1$/,
    );
  });

  it("count running work through every change, as a fresh count would", () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom("offer", "offer", "answer", "answer", "tell", "cancel", "lose"),
        amount: fc.nat(4),
        gpu: fc.nat(2),
        reserved: fc.nat(3),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (operations) => playThrough(operations)),
      { numRuns: 150 },
    );
  });
});

interface Played {
  readonly kind: string;
  readonly amount: number;
  readonly gpu: number;
  readonly reserved: number;
}

function playThrough(steps: readonly Played[]): void {
  const arena = new Arena();
  const sender = arena.sender();
  let agents = 0;
  const newAgent = () => arena.agent(`a${++agents}`, { slots: 6, resources: { gpu: 4 }, credit: 1_000 });
  let agent = newAgent();
  let answered = new Set<number>();
  let next = 1;
  for (const { kind, amount, gpu, reserved } of steps) {
    const open = () => agent.taskNumbers.filter((number) => !answered.has(number));
    if (kind === "offer") session(sender, `s${amount}`, next++, 1, gpu, amount === 0 ? ["night"] : []);
    else if (kind === "answer") {
      for (const number of open().slice(0, 1)) {
        answered.add(number);
        agent.sendResult(number);
      }
    } else if (kind === "cancel") sender.request({ cancels: [{ token: tokenOf(next - 1), reason: "" }] });
    else if (kind === "lose") {
      agent.link.terminate("killed", arena.nowMs);
      agent = newAgent();
      answered = new Set();
    } else
      publish(
        arena,
        amount === 0 ? [] : [{ amount }, { name: "gpu", amount: gpu }],
        reserved === 0 ? [] : [{ amounts: { gpu: reserved } }],
      );
    arena.turn();
    const atWork = arena.pool.attendance().flatMap(({ tokens }) => tokens).length;
    for (const { name, used } of arena.pool.allotted("default"))
      if (name === "slots") assert.equal(used, atWork, `${used} count, ${atWork} are running`);
  }
  publish(arena, []);
  arena.turn();
  assert.equal(
    arena.pool.queued(100, arena.nowMs).filter(({ cause }) => cause === WaitCause.WAIT_CAUSE_QUOTA).length,
    0,
    "nothing waits for a quota that is gone",
  );
}

describe("reservations in a pool", () => {
  it("are kept free for tasks that name them, and take nothing from running tasks", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 20, resources: { gpu: 4 } });
    session(sender, "others", 1, 3);
    arena.turn();
    publish(arena, [], [{ amounts: { gpu: 2 } }]);
    session(sender, "others", 4, 3);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3], "three had started, and nothing more does");
    session(sender, "mine", 11, 3, 1, ["night"]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 11]);
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 11, 12]);
    agent.sendResult(2);
    arena.turn();
    assert.deepEqual(agent.taskNumbers.slice(5), [4], "two are reserved and in use: the third of mine waits");
    publish(arena, [], []);
    agent.sendResult(3);
    arena.turn();
    assert.equal(agent.taskNumbers.length, 7);
  });

  it("can be used by tasks with matching labels", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 20, resources: { gpu: 2 } });
    publish(arena, [], [{ amounts: { gpu: 2 }, sessions: ofTeam("blue") }]);
    session(sender, "others", 1, 1);
    const labels = [{ name: "team", value: "blue" }];
    sender.offer([11], { resources: { gpu: 1 } }, { labels });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [11]);
  });

  it("are forgotten when they end, or have no more of a resource", () => {
    const limits = new Limits(new Wheel(0), () => {});
    const identity = { namespace: "default", name: "gpu" };
    const parts = { identity, limits, agents: new AgentIndex() } as unknown as PoolAllotmentsParts;
    const allotments = new PoolAllotments(parts);
    const reserve = (reserved: Readonly<Record<string, Readonly<Record<string, number>>>>) => {
      const reservations = Object.entries(reserved).map(([reservationId, amounts]) => ({
        reservationId,
        amounts,
        agents: undefined,
        toMs: 2_000_000,
        sessions: undefined,
      }));
      allotments.set("default", { parts: [], reservations });
      return [...limits.allotted].flatMap((limit) =>
        limit instanceof InsideLimit ? [[limit.reservationId, limit.resource, limit.amount]] : [],
      );
    };
    assert.deepEqual(reserve({ a: { gpu: 2 }, b: { gpu: 1 } }), [
      ["a", "gpu", 2],
      ["b", "gpu", 1],
    ]);
    assert.deepEqual(reserve({ a: { cpu: 4 }, b: { gpu: 1 } }), [
      ["b", "gpu", 1],
      ["a", "cpu", 4],
    ]);
    assert.deepEqual(reserve({ c: { gpu: 1 } }), [["c", "gpu", 1]]);
    assert.deepEqual(reserve({}), []);
  });

  it("are named in the explanation of waiting tasks", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a", { slots: 20, resources: { gpu: 2 } });
    publish(arena, [], [{ amounts: { gpu: 2 } }]);
    session(sender, "others", 1, 1);
    arena.turn();
    const { waits } = arena.pool.explain(tokenOf(1), arena.nowMs) ?? assert.fail();
    assert.equal(waits[0]?.cause, WaitCause.WAIT_CAUSE_LOCK);
    assert.match(
      waits[0]?.message ?? "",
      /^the reservation night holds 2 gpu until 1970-01-01T00:33:20.000Z: of 2 gpu others have 0$/,
    );
  });
});
